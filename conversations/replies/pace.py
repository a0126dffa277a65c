"""How often what came is rendered and sent: all replies together get a share of the process.

Measured with 50 replies of 20 tokens/s, rendering and, still more, the system call that sends it
are most of what a token costs; one of each for several tokens halves it.
"""

import asyncio
import math
import time

SHARE = 0.12  # of the process's time
# What sending one change costs, besides rendering it: measured, and not seen from here.
SENDING = 0.00015  # seconds
QUICKEST = 0.075  # seconds between two changes of one reply
# Five changes a second while text comes are promised (design.md, event stream).
SLOWEST = 0.18
# Pauses end together, at whole multiples of it: a turn of the event loop and a timer for each
# reply cost as much as what they wait for.
TICK = 0.01


class Pace:
    """Gives each reply the same pause between changes, longer the more they cost together."""

    def __init__(self):
        self.interval = QUICKEST
        self._spent = 0.0
        self._since = time.monotonic()
        self._loop = asyncio.get_running_loop()
        self._pauses = {}

    def pause(self):
        """A future that is done when a reply that was shown now may be shown again."""
        tick = math.ceil((self._loop.time() + self.interval) / TICK)
        pauses = self._pauses.get(tick)
        if pauses is None:
            pauses = self._pauses[tick] = []
            self._loop.call_at(tick * TICK, self._end, tick)
        pauses.append(self._loop.create_future())
        return pauses[-1]

    def _end(self, tick):
        for pause in self._pauses.pop(tick):
            if not pause.done():
                pause.set_result(None)

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
