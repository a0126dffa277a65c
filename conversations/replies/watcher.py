"""Watcher: the state of one open event stream of one browser."""

import asyncio
import time


class Watcher:
    """Wake-up signal for the task of one event stream: when its reply changes or it must end.

    `viewer` is the Viewer that the stream is for. `gone` is True once the stream is to end. Times
    of time.monotonic(): `sending_since` is when the browser was sent a piece that it has not taken
    yet (None: there is none), `sent_at` when it took the last one.
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
        """Remember the current asyncio task as the one that sends the event stream, to wake or
        cancel it; call it in that task before `wait`."""
        self._task = asyncio.current_task()

    def begin_to_send(self):
        """Record the time at which sending to the browser began, by which a stalled stream is
        recognized; `has_sent` ends it."""
        self.sending_since = time.monotonic()

    def has_sent(self):
        """Record that the browser has read what was sent since `begin_to_send`, so that the stream
        is not stalled."""
        self.sending_since = None
        self.sent_at = time.monotonic()

    def wake(self):
        """End the `wait` of the stream's task, or its next one if it is not waiting."""
        self._woken = True
        if self._future is not None and not self._future.done():
            self._future.set_result(None)

    def remind(self):
        """Wake the stream's task and have it send a comment, since proxies cut the connection of an
        event stream that is silent."""
        self._reminded = True
        self.wake()

    def reminded(self):
        """Return True if a comment is due on the stream: `remind` was called since the last call of
        this."""
        reminded, self._reminded = self._reminded, False
        return reminded

    async def wait(self):
        """Wait for the next `wake`; return at once if there was one since the last `wait`."""
        if not self._woken:
            self._future = self._task.get_loop().create_future()
            try:
                await self._future
            finally:
                self._future = None
        self._woken = False

    def dismiss(self):
        """End the stream: its person may no longer read it, its browser stopped reading, or the
        process exits. Cancels the task if it is just sending."""
        self.gone = True
        if self.sending_since is None:
            self.wake()
        else:
            self._task.cancel()
