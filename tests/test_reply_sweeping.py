"""What a process finds that others left behind, without a server: an engine alone."""

import asyncio

import pytest
import uvloop
from django.db import connection

from conversations.models import Response
from conversations.replies.engine import Engine
from tests.support.books import dead_replies


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
def test_a_reply_that_cannot_be_ended_keeps_no_other_open(broken, alice, caplog):
    others = dead_replies(alice, 2)

    async def main():
        engine = Engine.here()
        await asyncio.sleep(2.5)  # two sweeps
        await engine.close()

    uvloop.run(main())
    assert statuses(others) == {"interrupted"}
    assert statuses([broken]) == {"in_progress"}
    assert f"bury of {broken.pk} failed." in caplog.text


def test_a_reader_finds_a_dead_reply_before_the_sweep_comes(transactional_db, alice):
    [row] = dead_replies(alice, 1)

    async def main():
        engine = Engine.here()
        joined = await engine.join(row.pk)
        await engine.close()
        return joined

    assert uvloop.run(main()) is None
    assert statuses([row]) == {"interrupted"}
