"""What a process finds that others left behind, without a server: an engine alone."""

import asyncio

import pytest
import uvloop
from django.db import connection

from conversations.models import Response
from conversations.replies.engine import Engine
from tests.support.ledger_rows import dead_replies


def statuses(rows):
    found = Response.objects.filter(pk__in=[row.pk for row in rows])
    return set(found.values_list("status", flat=True))


@pytest.fixture
def broken(transactional_db, alice):
    """The oldest of dead replies: the database refuses to end it."""
    [row] = dead_replies(alice, 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TRIGGER broken BEFORE UPDATE ON conversations_response"
            f" WHEN NEW.id = '{row.pk.hex}' BEGIN SELECT RAISE(ABORT, 'broken'); END"
        )
    yield row
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER broken")


@pytest.mark.skipif(connection.vendor != "sqlite", reason="breaks a row by a trigger of SQLite's")
def test_a_reply_that_cannot_be_ended_keeps_no_other_open(broken, alice, caplog, settings):
    settings.REPLY_DEAD = 1
    others = dead_replies(alice, 2)

    async def main():
        engine = Engine.here()
        await asyncio.sleep(4.5)  # four sweeps
        await engine.close()

    uvloop.run(main())
    assert statuses(others) == {"interrupted"}
    assert statuses([broken]) == {"in_progress"}
    assert f"bury of {broken.pk} failed." in caplog.text


def test_a_reader_ends_nothing(transactional_db, alice):
    """That is for the sweep, which has seen for how long the heartbeat stood still."""
    [row] = dead_replies(alice, 1)

    async def main():
        engine = Engine.here()
        joined = await engine.join(row.pk)
        await engine.close()
        return joined.response.status

    assert uvloop.run(main()) == "in_progress"
    assert statuses([row]) == {"in_progress"}
