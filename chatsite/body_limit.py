"""Limit of a request's body: one of more than MAX_BODY bytes is refused before it is stored, unless
it may carry files (chatsite/upload_spool.py).

Django under ASGI spools a body of any size to disk before the first middleware sees it; an
anonymous 300 MB were measured to leave 312 MB there.
"""

import asyncio
import math

from django.conf import settings

from chatsite import upload_spool
from chatsite.requester import requester_of
from chatsite.sending_rate import SendingRate
from chatsite.upload_memory import NoMemory, UploadMemory

# A browser shows our 413 page only once its body was taken; so this much is read and dropped.
DROPPED = 16  # times MAX_BODY
PATIENCE = 20  # seconds


class BodyLimit:
    """ASGI middleware that reads a request's body whole, then calls `application` with it.

    For a body over the limit the scope is marked instead, and the site answers with its page 413.
    Read before Django is called, a slow upload holds no thread (chatsite/asgi_handler.py). The
    method makes no difference: GET, HEAD and OPTIONS may carry bodies too (RFC 9110, section
    9.3.1).
    """

    def __init__(self, application):
        self._application = application
        self._memory = UploadMemory()

    async def __call__(self, scope, receive, send):
        if scope["type"] == "websocket":
            # The site has none: the handshake is answered with 403.
            return await send({"type": "websocket.close"})
        if scope["type"] != "http":
            return await self._application(scope, receive, send)
        if scope.get("chatsite.too_many_connections"):
            return await self._application(scope, _replay(b"", _deaf(receive)), send)
        length = _content_length(scope)
        refused = {**scope, "chatsite.body_too_large": True}
        if length is None or length <= settings.MAX_BODY:
            try:
                body, whole = await self._read(scope, receive, settings.MAX_BODY)
            except NoMemory as error:
                busy = {**scope, "chatsite.no_upload_memory": error}
                return await self._application(busy, _replay(b"", _deaf(receive)), _last(send))
            except TimeoutError:
                return await _too_slow(_last(send))
            if body is None:
                return None
            if whole:
                return await self._application(scope, _replay(body, receive), send)
        elif upload_spool.may_be_larger(scope, length):
            try:
                body = await upload_spool.spool(scope, receive, length)
            except upload_spool.NoImportSpace as error:
                refused = {**scope, "chatsite.no_import_space": error}
            else:
                if body is not None:
                    spooled = {**scope, "chatsite.spooled_body": body}
                    return await self._application(spooled, _deaf(receive), send)
                refused["chatsite.may_be_larger"] = True
        bound = settings.MAX_BODY * DROPPED
        if (length or 0) > bound or not await _drop(receive, bound):
            send = _last(send)
        return await self._application(refused, _replay(b"", _deaf(receive)), send)

    async def _read(self, scope, receive, limit):
        """Read the request's body from `receive`. Return `(body, True)`; `(None, True)` if the
        client left before its end; `(b"", False)` as soon as more than `limit` bytes came.

        Raise NoMemory if the unfinished bodies in memory, of the process or of this client, would
        have too many bytes, TimeoutError if the client sends too slowly.
        """
        requester = requester_of(scope)
        parts, length, held, rate = [], 0, 0, SendingRate()
        try:
            while True:
                message = await rate.receive(receive)
                if message["type"] != "http.request":
                    return None, True
                part = message.get("body", b"")
                if message.get("more_body"):
                    self._memory.take(requester, len(part))
                    held += len(part)
                parts.append(part)
                length += len(part)
                if length > limit:
                    return b"", False
                if not message.get("more_body"):
                    return b"".join(parts), True
        finally:
            self._memory.give_back(requester, held)


def _content_length(scope):
    """Return the length of the body in bytes as the client states it; None if it states none.

    A number of more digits than any length has counts as infinite: Python refuses to convert one of
    more than 4,300 digits.
    """
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value) if len(value.lstrip(b"0")) < 20 else math.inf
    return None


async def _drop(receive, limit):
    """Read the rest of a request's body from `receive` and discard it, for at most PATIENCE seconds
    and about `limit` bytes. Return True if its end was reached, so that the connection can be used
    again."""
    size = 0
    try:
        async with asyncio.timeout(PATIENCE):
            while size <= limit:
                message = await receive()
                size += len(message.get("body", b""))
                if message["type"] != "http.request" or not message.get("more_body"):
                    return True
    except TimeoutError:
        pass
    return False


async def _too_slow(send):
    """Answer 408 (Request Timeout) by ASGI's `send`, without a page: nobody waits for one."""
    await send({"type": "http.response.start", "status": 408, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def _last(send):
    """Return an ASGI `send` that passes messages on to `send` and adds "Connection: close" to the
    response: what the client still sends is not read."""

    async def send_and_close(message):
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], (b"Connection", b"close")]}
        await send(message)

    return send_and_close


def _deaf(receive):
    """Return an ASGI `receive` that skips what is left of the request's body, and returns the next
    message of another type: Django fails at body messages after the body's end."""

    async def wait():
        while (message := await receive())["type"] == "http.request":
            pass
        return message

    return wait


def _replay(body, receive):
    """Return an ASGI `receive` that returns the whole `body` first, then what `receive` does."""
    handed = False

    async def replay():
        nonlocal handed
        if handed:
            return await receive()
        handed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
