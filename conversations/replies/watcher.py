"""A watcher: one open event stream of one browser."""

import asyncio
import time


class Watcher:
    """Wakes when its reply has changed, and knows when it last got through to its browser.

    `viewer` is the event stream's Viewer. `gone` is set when the stream is to end.
    """

    def __init__(self, viewer):
        self.viewer = viewer
        self._task = None
        # time.monotonic() since when a piece is on its way; None while nothing is.
        self.sending_since = None
        self.sent_at = time.monotonic()
        self.gone = False
        self._future = None
        self._woken = False
        self._reminded = False

    def begin(self):
        """To be called in the task that sends and waits."""
        self._task = asyncio.current_task()

    def begin_to_send(self):
        """Note that a piece is being sent; it takes as long as the browser takes to read."""
        self.sending_since = time.monotonic()

    def has_sent(self):
        """Note that the piece was sent."""
        self.sending_since = None
        self.sent_at = time.monotonic()

    def wake(self):
        """End the `wait` that is under way, or the next one."""
        self._woken = True
        if self._future is not None and not self._future.done():
            self._future.set_result(None)

    def remind(self):
        """Wake it to send a comment: proxies cut a stream that is silent."""
        self._reminded = True
        self.wake()

    def reminded(self):
        """Whether there was a `remind` since the last call."""
        reminded, self._reminded = self._reminded, False
        return reminded

    async def wait(self):
        """Until the next `wake`, at once if there was one since the last `wait`."""
        if not self._woken:
            self._future = self._task.get_loop().create_future()
            try:
                await self._future
            finally:
                self._future = None
        self._woken = False

    def dismiss(self):
        """End the stream: its person may no longer read it, or the browser stopped reading."""
        self.gone = True
        if self.sending_since is None:
            self.wake()
        else:
            self._task.cancel()
