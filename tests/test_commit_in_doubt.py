"""A connection that is lost exactly at a commit: what was stored is carried out, once."""

import re
import uuid

import pytest
from django.db import connection

from conversations.models import Message, Response
from conversations.replies import titles
from tests.support.ledger_rows import balanced, call
from tests.support.polling import until
from tests.support.server import database_url
from tests.support.settings.quick import REPLY_DEAD
from tests.support.shared_servers import wish
from tests.support.stream_reader import words

# SQLite has no connection to lose.
ON_POSTGRESQL = pytest.mark.skipif(connection.vendor != "postgresql", reason="is about PostgreSQL")
SUBMISSION = (b"INSERT INTO conversations_response", b"COMMIT")


@pytest.fixture
def server(nobody_else, make_stage_server, cable):
    url = re.sub(r":\d+/", f":{cable.port}/", database_url())
    return make_stage_server(DATABASE_URL=url)


@ON_POSTGRESQL
@pytest.mark.stress
@pytest.mark.parametrize("fault", ["cut_at", "freeze_at"])
def test_a_message_whose_commit_was_not_answered_gets_its_reply(stage, server, cable, alice, fault):
    """The person is told that the database does not answer, and gets the text back; sent again, it
    is the same message."""
    visitor = stage.visit(server, alice)
    form = {
        "text": wish(pieces=3),
        "submission": str(uuid.uuid4()),
        "csrfmiddlewaretoken": visitor.token(),
    }
    getattr(cable, fault)(*SUBMISSION)
    answer = visitor.http.post("/", data=form)
    assert answer.status_code == 503
    assert "marmalade" in answer.text
    assert form["submission"] in answer.text
    cable.thaw()
    # Long before anybody would declare it dead.
    until(lambda: Response.objects.filter(status="completed").exists(), REPLY_DEAD + 10)
    again = until(lambda: accepted(visitor, form))
    message = Message.objects.get(role="assistant")
    assert again.headers["Location"] == f"/conversations/{message.conversation_id}/"
    assert message.text.strip() == words(3)
    assert len(stage.gateway.responses) == Response.objects.get().attempts == 1
    assert balanced()


def accepted(visitor, form):
    answer = visitor.http.post("/", data=form)
    return answer if answer.status_code == 303 else None


def test_a_title_whose_commit_was_not_answered_is_written_when_it_is_ordered_again(alice):
    reply, lease, title_id = call(alice), uuid.uuid4(), uuid.uuid4()
    first = titles.order(reply.pk, lease, title_id)
    again = titles.order(reply.pk, lease, title_id)
    assert again[0].pk == first[0].pk == title_id
    assert again[1] == first[1]
    assert Response.objects.filter(purpose="title").count() == 1
    assert titles.order(reply.pk, lease, uuid.uuid4()) is None
    assert balanced()
