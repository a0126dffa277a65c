"""How often new text is rendered and sent: all replies together get a share of the process.

Measured with 50 replies of 20 tokens/s, rendering and, still more, the system call that sends it
are most of what a token costs; one of each for several tokens halves it.
"""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from conversations.replies import colouring

SHARE = 0.15  # of the process's time
# What sending one change costs, besides rendering it: measured, and not seen from here.
SENDING = 0.0001  # seconds
QUICKEST = 0.075  # seconds between two changes of one reply
SLOWEST = 0.18  # so that while text comes a page changes at least five times a second


class Pace:
    """The beat at which all replies of a process change, slower the more they cost together.

    Together, since to wake up for each one, here and in the kernel, was measured to cost as much
    as half of what they are woken for.
    """

    def __init__(self):
        self.interval = QUICKEST
        self._spent = 0.0
        self._since = time.monotonic()
        self._loop = asyncio.get_running_loop()
        self._waiting = []

    def beat(self):
        """A future that is done at the next beat."""
        if not self._waiting:
            now = self._loop.time()
            self._loop.call_at(now + self.interval - now % self.interval, self._beat)
        future = self._loop.create_future()
        self._waiting.append(future)
        return future

    def _beat(self):
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def spent(self, seconds):
        """Note what rendering one change took."""
        self._spent += seconds + SENDING

    def adjust(self):
        """Choose the pause for the next while from what the last while cost."""
        now = time.monotonic()
        share = self._spent / max(now - self._since, 1e-3)
        self._spent, self._since = 0.0, now
        wanted = self.interval * share / SHARE
        self.interval = min(max((self.interval + wanted) / 2, QUICKEST), SLOWEST)


class Renderer:
    """Renders the LiveReplies of a process: on the event loop, or in a thread where it takes long.

    Whoever shows changes one after the other awaits `beat` between them. `spawn` makes a task of a
    coroutine.
    """

    def __init__(self, spawn):
        self._spawn = spawn
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="replies-render")
        self._pace = Pace()
        self.beat = self._pace.beat
        self.adjust = self._pace.adjust

    async def show(self, live):
        """Render the text that came since the last time, and wake the watchers."""
        if live.waits_for_long_parse():
            live.refreshing = self._loop.run_in_executor(self._thread, live.refresh)
            await asyncio.shield(live.refreshing)
            live.refreshing = None
        else:
            began = time.perf_counter()
            live.refresh()
            self._pace.spent(time.perf_counter() - began)
        live.refreshed()
        colouring.begin(live, self._spawn)

    async def complete(self, live):
        """Render the rest of a reply that has ended, colours included; its HTML is final then."""
        if live.refreshing is not None:
            # It was stopped while a thread was rendering.
            await asyncio.wait({live.refreshing})
        if live.waits_for_long_parse():
            await self._loop.run_in_executor(self._thread, live.complete)
        else:
            live.complete()
        await colouring.finish(live, self._spawn)

    def close(self):
        """End the thread, after what is under way."""
        self._thread.shutdown(wait=False)
