"""A database that takes questions and answers none: others are told in time, replies go on."""

import re
import time

import pytest
from django.db import connection, transaction

from conversations.models import Message, Response
from tests.support.polling import until
from tests.support.server import database_url
from tests.support.shared_servers import wish
from tests.support.stream_reader import words

pytestmark = [
    pytest.mark.stress,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="is about PostgreSQL"),
]

# Seconds in which a page has to say so; twice that is for hanging, on a busy machine.
IN_TIME = 5


@pytest.fixture
def server(make_stage_server, cable):
    """A server at the other end of the cable."""
    url = re.sub(r":\d+/", f":{cable.port}/", database_url())
    return make_stage_server(DATABASE_URL=url)


def crowd_of(stage, server, people, each=5):
    return [stage.visit(server, person) for person in people for _ in range(each)]


def test_a_frozen_database_is_told_in_time_and_cuts_no_reply(stage, server, cable, alice, bob):
    visitor = stage.visit(server, alice)
    crowd = crowd_of(stage, server, (alice, bob))
    for each in crowd:
        each.get("/")
    reply = visitor.ask(wish(pieces=200, pace=0.05))
    cable.freeze()
    asked = time.monotonic()
    pages = [stage.aside(each.get, "/") for each in crowd]
    ready = stage.aside(visitor.get, "/readyz")
    alive = [stage.aside(visitor.get, "/healthz") for _ in range(5)]
    assert {each.result().status_code for each in alive} == {200}
    assert time.monotonic() - asked < IN_TIME / 2
    assert {page.result().status_code for page in pages} == {503}
    assert ready.result().status_code == 503
    assert time.monotonic() - asked < 2 * IN_TIME
    cable.thaw()
    until(lambda: visitor.get("/").status_code == 200)
    assert visitor.watch(reply.pk)[-1].name == "done"
    reply.refresh_from_db()
    assert reply.status == "completed"


def test_a_locked_table_is_told_in_time_and_is_used_again_afterwards(stage, server, alice, bob):
    crowd = crowd_of(stage, server, (alice, bob))
    for each in crowd:
        each.get("/")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE django_session IN ACCESS EXCLUSIVE MODE")
        asked = time.monotonic()
        pages = [stage.aside(each.get, "/") for each in crowd]
        assert crowd[0].get("/healthz").status_code == 200
        assert crowd[0].get("/readyz").status_code == 200
        assert {page.result().status_code for page in pages} == {503}
        assert time.monotonic() - asked < 2 * IN_TIME
    until(lambda: crowd[0].get("/").status_code == 200)
    assert all(each.get("/").status_code == 200 for each in crowd)


def test_replies_leave_connections_that_never_answer_again(stage, server, cable, alice):
    """Of a proxy whose database moved: old connections stay open, and only new ones are served."""
    visitor = stage.visit(server, alice)
    reply = visitor.ask(wish(pieces=100, pace=0.05))
    until(lambda: Response.objects.get(pk=reply.pk).partial)
    cable.strand()
    until(lambda: Response.objects.get(pk=reply.pk).status == "completed", 30)
    assert Message.objects.get(pk=reply.message_id).text.strip() == words(100)
    assert len(stage.gateway.responses) == 1
