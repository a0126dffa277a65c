"""Priority of requests over ends of replies: an end waits while requests are being answered.

Fifty people who press Send within a second need more of a processor than there is. The text of a
reply is on the screen when it ends; its books, its index and its finished article can wait a moment
for those who do not see a first word yet.
"""

import asyncio
import contextlib
from contextlib import asynccontextmanager, contextmanager

PATIENCE = 0.5  # seconds that an end waits at most


class RequestPriority:
    """Counts the requests that a process is answering; on its event loop."""

    def __init__(self):
        self._answering = 0
        self._over = asyncio.Event()
        self._over.set()
        self._turn = asyncio.Lock()

    @contextmanager
    def answering(self):
        """Around the answering of one request, or the making of a piece of its answer."""
        self._answering += 1
        self._over.clear()
        try:
            yield
        finally:
            self._answering -= 1
            if not self._answering:
                self._over.set()

    @asynccontextmanager
    async def lull(self):
        """Around an end: wait until no request is being answered and no other end is under way,
        for at most PATIENCE."""
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
