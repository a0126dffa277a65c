"""Joining replies that other processes write, while the engine looks after those it follows."""

import asyncio
import time
import uuid

import uvloop
from django.utils import timezone

from conversations.models import Response
from conversations.replies.engine import Engine
from conversations.replies.watcher import Watcher
from tests.support.ledger_rows import ask


def written_elsewhere(person, text):
    """A Response in progress under another process's lease."""
    response = ask(person, "Hello")
    fields = {"status": "in_progress", "lease": uuid.uuid4(), "heartbeat_at": timezone.now()}
    Response.objects.filter(pk=response.pk).update(partial=text, attempts=1, **fields)
    return response.pk


def test_joining_while_the_engine_looks_ends_no_stream(transactional_db, alice):
    watched, *others = (written_elsewhere(alice, "Some text.") for _ in range(3))

    async def main():
        engine = Engine.here()
        (await engine.join(watched)).watchers.add(Watcher(None))
        joined = []
        end = time.monotonic() + 1.5  # four looks
        while time.monotonic() < end:
            joined.append(await engine.join(others[0]))
            engine.follower.drop(others[1])
            others.reverse()
        ended = [live for live in joined if live.ended]
        await engine.close()
        return ended

    assert uvloop.run(main()) == []


def test_joining_a_long_reply_is_not_dropped_while_it_is_rendered(transactional_db, alice):
    """Long ones are rendered in a thread, and meanwhile the engine looks."""
    paragraph = "Some *longer* text with `code` and a [link](https://example.org/). " * 10
    row = written_elsewhere(alice, f"{paragraph}\n\n" * 60)

    async def main():
        engine = Engine.here()
        dropped = 0
        for _try in range(30):
            live = await engine.join(row)
            dropped += engine.follower.drop(row) is not live
        await engine.close()
        return dropped

    assert uvloop.run(main()) == 0


def test_a_reply_that_begins_is_counted_once(transactional_db, alice, settings):
    """Counted twice for a moment, the last one that fits would be refused."""
    settings.DEMO = True
    row = ask(alice, "Hello").pk

    async def main():
        engine = Engine.here()
        engine.offer(row)
        most = 0
        while not engine.live:
            most = max(most, engine.load)
            await asyncio.sleep(0)
        for _step in range(5):
            most = max(most, engine.load)
            await asyncio.sleep(0)
        await engine.close()
        return most

    assert uvloop.run(main()) == 1
