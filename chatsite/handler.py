"""Django's ASGI handler with a few lasting threads instead of a new one for every request.

Django gives each request a thread of its own, and so a new database connection: on SQLite that
cost more than the queries, and fifty requests in fifty threads take the interpreter from each
other, and from the event loop that carries the streams, at every query. Here a request borrows one
of AT_ONCE threads, each with a connection that lasts, until its response begins; the others wait
on the event loop. An open event stream holds none.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from asgiref.sync import ThreadSensitiveContext
from django.core.handlers.asgi import ASGIHandler

AT_ONCE = 6


class Handler(ASGIHandler):
    """Serves HTTP; the body must have been read already (chatsite/body_limit.py), or a slow
    upload would hold a thread."""

    def __init__(self):
        super().__init__()
        self._threads = [
            ThreadPoolExecutor(1, thread_name_prefix=f"request-{number}")
            for number in range(AT_ONCE)
        ]
        self._free = None

    async def __call__(self, scope, receive, send):
        thread, leave = await self._borrow()

        async def send_and_leave(message):
            leave()
            await send(message)

        try:
            async with ThreadSensitiveContext(executor=thread):
                await self.handle(scope, receive, send_and_leave)
        finally:
            leave()

    async def _borrow(self):
        """A thread and the function that gives it back, once."""
        if self._free is None:
            self._free = asyncio.LifoQueue()
            for thread in self._threads:
                self._free.put_nowait(thread)
        thread = await self._free.get()
        borrowed = True

        def leave():
            nonlocal borrowed
            if borrowed:
                borrowed = False
                self._free.put_nowait(thread)

        return thread, leave

    def close(self):
        """End the threads; their connections end with them."""
        for thread in self._threads:
            thread.shutdown(wait=False)
