"""An outage of the database takes no reply: who writes one goes on, and stores it afterwards."""

import time
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from conversations.models import Message, Response
from tests.support.ledger_rows import balanced
from tests.support.polling import until
from tests.support.settings.quick import REPLY_DEAD
from tests.support.shared_servers import wish
from tests.support.stream_reader import words

pytestmark = pytest.mark.stress

PIECES = 260  # of a reply, 0.05 s apart: it is under way for longer than the outage


@contextmanager
def nothing_can_be_stored():
    """On SQLite reading goes on meanwhile, as on a full disk; on PostgreSQL it waits too."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE conversations_response IN ACCESS EXCLUSIVE MODE")
        yield


def test_a_database_that_takes_nothing_for_longer_than_a_heartbeat_may_rest(
    stage, here, there, alice
):
    visitors = [stage.visit(server, alice) for server in (here, there)]
    responses = [visitors[n % 2].ask(wish(pieces=PIECES, pace=0.05)) for n in range(6)]
    rows = Response.objects.filter(pk__in=[response.pk for response in responses])
    until(lambda: all(row.partial for row in rows.all()), 30)
    assert len(set(rows.values_list("lease", flat=True))) == 2
    with nothing_can_be_stored():
        time.sleep(2 * REPLY_DEAD + 2)
    until(lambda: not rows.open().exists(), 60)
    assert set(rows.values_list("status", "attempts")) == {("completed", 1)}
    texts = Message.objects.filter(pk__in=[response.message_id for response in responses])
    assert {text.strip() for text in texts.values_list("text", flat=True)} == {words(PIECES)}
    assert len(stage.gateway.responses) == len(responses)
    assert balanced()
