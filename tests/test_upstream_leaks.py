"""A call may be cancelled at any moment, twice even, and leaves no connection behind."""

import asyncio
import os
import random

import pytest
import uvloop

from conversations.upstream import Finished, build_client
from tests.support.event_folding import ASKED
from tests.support.gateway import Script

SCRIPTS = [
    Script(pieces=20, pace=0.005),
    Script(fault="stall"),
    Script(fault="hang_before_headers"),
    Script(fault="hang_after_headers"),
    Script(fault="open_end"),
    Script(fault="open_end", dialect="chat"),
    Script(status=503, body={"error": {"message": "Busy."}}),
    Script(fault="reset"),
    Script(),
]


async def read(upstream):
    async for _ in upstream.respond(ASKED):
        pass


async def nobody_left(upstream, gateway, timeout=5.0):
    """Wait until no connection is in use at our end and none is open at the other."""
    [opened] = upstream._pool._opened.values()
    async with asyncio.timeout(timeout):
        for transport in (opened.pooled, opened.fresh):
            while transport.client.connector._acquired:
                await asyncio.sleep(0.01)
        await upstream.close()
        while gateway.open_connections:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_two_hundred_cancellations_leave_nothing_open(gateway, run):
    chance = random.Random(7)

    async def main():
        upstream = build_client(gateway.url)
        await read(upstream)
        tasks_before = len(asyncio.all_tasks())
        files_before = len(os.listdir("/proc/self/fd"))

        async def cancelled():
            gateway.will(chance.choice(SCRIPTS))
            task = asyncio.ensure_future(read(upstream))
            await asyncio.sleep(chance.uniform(0, 0.06))
            task.cancel()
            pause = chance.choice([None, 0, 0, 0.001])
            if pause is not None:
                await asyncio.sleep(pause)
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        for _ in range(10):
            await asyncio.gather(*(cancelled() for _ in range(20)))
        await asyncio.sleep(0.05)
        assert len(asyncio.all_tasks()) == tasks_before
        await nobody_left(upstream, gateway)
        assert len(os.listdir("/proc/self/fd")) <= files_before + 2

    run(main())


def test_closing_the_events_closes_the_connection_at_once(gateway):
    async def main():
        upstream = build_client(gateway.url)
        events = upstream.respond(ASKED)
        async for batch in events:
            if len(batch) > 1 or "Text" in repr(batch):
                break
        await events.aclose()
        await nobody_left(upstream, gateway, timeout=1.0)

    gateway.will("stall")
    asyncio.run(main())
    [request] = gateway.wait_until(lambda: [each for each in gateway.responses if each.ended_at])
    assert request.closed_early


def test_a_cancellation_is_not_mistaken_for_a_time_limit(gateway):
    async def main():
        upstream = build_client(gateway.url)
        task = asyncio.ensure_future(read(upstream))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await upstream.close()

    gateway.will("stall")
    asyncio.run(main())


def test_a_time_limit_is_not_mistaken_for_a_cancellation(gateway):
    async def main():
        upstream = build_client(gateway.url)
        async for batch in upstream.respond(ASKED, total_timeout=0.2):
            last = batch[-1]
        # Nothing of the limit's own cancelling is left on the task.
        assert asyncio.current_task().cancelling() == 0
        await asyncio.sleep(0)
        await nobody_left(upstream, gateway)
        return last

    gateway.will("stall")
    assert asyncio.run(main()) == Finished(
        "interrupted", "timeout_total", error_code="timeout_total"
    )


def test_the_time_limit_cancels_nothing_of_the_reader(gateway):
    async def main():
        upstream = build_client(gateway.url)
        async for _ in upstream.respond(ASKED, total_timeout=0.2):
            await asyncio.sleep(0.15)
        await upstream.close()

    asyncio.run(main())
