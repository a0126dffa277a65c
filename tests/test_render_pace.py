"""The common beat at which replies are rendered, and their last rendering."""

import asyncio
import time
import uuid
from itertools import groupby

import pytest

from conversations import upstream
from conversations.models import Response
from conversations.replies.live_reply import LiveReply
from conversations.replies.render_pace import TOGETHER, Pace, Renderer


def test_no_beat_comes_early_when_the_interval_changes():
    intervals = [0.02, 0.03, 0.025, 0.035] * 4

    async def seconds():
        pace = Pace()
        await pace.beat()
        began = time.monotonic()
        for pace.interval in intervals:
            await pace.beat()
        return time.monotonic() - began

    # Not all of it, since the first beat may have been late, and those after it are not.
    assert asyncio.run(seconds()) > 0.75 * sum(intervals)


def test_all_replies_wait_for_the_same_beat():
    async def beat():
        pace = Pace()
        first, second = pace.beat(), pace.beat()
        await first
        await asyncio.sleep(0)
        return second.done()

    assert asyncio.run(beat())


def test_others_have_their_turn_between_two_replies_of_one_beat():
    async def order():
        pace, turns = Pace(), []

        async def write():
            await pace.beat()
            turns.append("reply")

        async def look():
            while turns.count("reply") < 2 * TOGETHER:
                turns.append("other")
                await asyncio.sleep(0)

        await asyncio.gather(*(write() for _ in range(2 * TOGETHER)), look())
        return turns

    turns = asyncio.run(order())
    assert max(len(list(same)) for turn, same in groupby(turns) if turn == "reply") == TOGETHER


def live_reply(text):
    """A reply of `text`, of which only the end is not rendered yet."""
    live = LiveReply(Response(pk=uuid.uuid4(), person_id=1))
    live.take(upstream.ItemOpened(0, {"type": "message"}))
    for at in range(0, len(text), 4_000):
        live.take(upstream.Text(text[at : at + 4_000], 0))
        live.refresh()
    return live


def test_blocks_that_are_rendered_again_at_the_end_do_not_hold_the_event_loop():
    live = live_reply("".join(f"[{number}]: http://x.y/{number}\n\n" for number in range(3_000)))

    async def seconds_of_the_loop():
        renderer = Renderer(asyncio.get_running_loop().create_task)
        began = time.thread_time()
        stored = await renderer.complete(live)
        taken = time.thread_time() - began
        renderer.close()
        return taken, stored

    taken, stored = asyncio.run(seconds_of_the_loop())
    # It was 0.3 s.
    assert taken < 0.1
    assert stored["html"].count("]: <a ") == 3_000
    assert not live_reply("Some text without any reference. " * 900).waits_for_long_end()


@pytest.mark.parametrize(("text", "is_long"), [("x\n\n" * 600, True), ("some words " * 600, False)])
def test_many_small_blocks_are_rendered_in_a_thread(text, is_long):
    live = live_reply("")
    live.take(upstream.Text(text, 0))
    assert live.waits_for_long_parse() is is_long
