"""The common beat at which replies are rendered."""

import asyncio
import time

from conversations.replies.render_pace import Pace


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
        return second.done()

    assert asyncio.run(beat())
