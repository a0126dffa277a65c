"""Least rate at which a client has to send the body of its request.

gunicorn ends a body that stalls, but not one that comes a byte a second: a few addresses could have
held all connections of a process with such bodies for days.
"""

import asyncio
import time

SILENCE = 30  # seconds without a byte
BEGINNING = 30  # seconds in which any rate will do
LEAST = 500  # bytes a second after that, on average


class SendingRate:
    """Timer for the body of one request: no pause of more than SILENCE seconds and, after BEGINNING
    seconds, at least LEAST bytes a second on average. `clock()` returns seconds, as
    time.monotonic."""

    def __init__(self, clock=time.monotonic):
        self._clock = clock
        self._began = clock()
        self._size = 0

    @property
    def left(self):
        """The number of seconds that the next part of the body may take; 0 or less if the body was
        too slow so far."""
        since = self._clock() - self._began
        return min(SILENCE, BEGINNING + self._size / LEAST - since)

    async def receive(self, receive):
        """Return the next message of ASGI's `receive`. Raise TimeoutError if it does not come in
        time."""
        if self.left <= 0:
            raise TimeoutError
        async with asyncio.timeout(self.left):
            message = await receive()
        self._size += len(message.get("body", b""))
        return message
