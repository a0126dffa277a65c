"""How often replies are rendered: all of them together get a share of the process's time.

Rendering on every token was measured to cost as much as all else together (runtime.md, 8).
"""

import time

# Of the process's time. What follows each rendering, sending it to those who watch, costs about
# three times as much again and grows with it.
SHARE = 0.045
QUICKEST = 0.05  # seconds between two renderings of one reply
SLOWEST = 0.2  # at least five changes a second while text comes (design.md, event stream)


class Pace:
    """Gives each reply the same pause between renderings, longer the more they cost."""

    def __init__(self):
        self.interval = QUICKEST
        self._spent = 0.0
        self._since = time.monotonic()

    def spent(self, seconds):
        """Note what a rendering took."""
        self._spent += seconds

    def adjust(self):
        """Choose the pause for the next while from what the last while cost."""
        now = time.monotonic()
        share = self._spent / max(now - self._since, 1e-3)
        self._spent, self._since = 0.0, now
        wanted = self.interval * share / SHARE
        self.interval = min(max((self.interval + wanted) / 2, QUICKEST), SLOWEST)
