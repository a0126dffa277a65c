"""Priority of HTTP requests over ends of replies: storing an end waits while requests are answered.
Background jobs, too, go slower while a process answers requests.

Fifty people who press Send within a second need more of a processor than there is. The text of a
reply is on the screen when it ends; storing it, its usage and its finished article can wait a
moment for those who do not see a first word yet.
"""

import asyncio
import contextlib
import time
from contextlib import asynccontextmanager, contextmanager

PATIENCE = 0.5  # seconds that an end waits at most


class RequestPriority:
    """Counter of the HTTP requests that a process is answering; used on its event loop only."""

    def __init__(self):
        self._answering = 0
        self._over = asyncio.Event()
        self._over.set()
        self._over_at = float("-inf")
        self._turn = asyncio.Lock()

    def answered_within(self, seconds):
        """Return True if a request is being answered, or was in the last `seconds`."""
        return bool(self._answering) or time.monotonic() - self._over_at < seconds

    @contextmanager
    def answering(self):
        """Return a context manager that counts one request, for as long as it is being answered."""
        self._answering += 1
        self._over.clear()
        try:
            yield
        finally:
            self._answering -= 1
            if not self._answering:
                self._over_at = time.monotonic()
                self._over.set()

    @asynccontextmanager
    async def lull(self):
        """Return an async context manager in which to store the end of a reply: entering it waits
        until no request is being answered and no other end is being stored, for at most PATIENCE
        seconds."""
        mine = False
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    mine = await self._turn.acquire()
                    await self._over.wait()
            yield
        finally:
            if mine:
                self._turn.release()
