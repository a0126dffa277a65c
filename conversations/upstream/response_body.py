"""Reading of the body of an HTTP response as bytes, decompressed, with errors as Failed events."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx
from httpx_aiohttp.transport import AiohttpResponseStream

from .connection_errors import failure_of, timeout_of
from .content_encoding import Unpacker
from .deadline import Deadline
from .events import Failed

# Left of a stream after its last event, so that the connection can be used again.
LEFTOVER_SECONDS = 0.05


async def chunks(http_response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """Yield the body of `http_response` as bytes in the pieces it arrives in, decompressed.

    From the network each piece is all that has arrived since the one before, so that a slow reader
    keeps up; what is left unread stops the sender (back-pressure: aiohttp's flow control). A
    compressed body comes in pieces of at most PIECE bytes. Raises the exceptions of aiohttp and
    httpx, httpx.DecodingError for an encoding that was not asked for, and UnpackedTooLarge.
    """
    if _is_plain(http_response):
        async for data in _arriving(http_response):
            yield data
        return
    unpacker = Unpacker(_encoding(http_response))
    async for data in _arriving(http_response):
        for piece in unpacker.pieces(data):
            yield piece
            # A small piece may become a thousand times as much; others come in between.
            await asyncio.sleep(0)


async def _arriving(http_response: httpx.Response) -> AsyncGenerator[bytes, None]:
    stream = http_response.stream
    if isinstance(stream, AiohttpResponseStream):
        # httpx-aiohttp's own iterator hands out 16 KiB at a time.
        content = stream._aiohttp_response.content
        while data := await content.readany():
            yield data
    elif isinstance(stream, httpx.AsyncByteStream):
        async for data in stream:
            yield data


class ReadingPaused:
    """Context manager in which nothing is read from the connection that the body of `http_response`
    comes on. What the gateway sends meanwhile is read as one afterwards: a read for each token,
    which nobody would look at yet, took an eighth of all that a reply costs."""

    def __init__(self, http_response: httpx.Response) -> None:
        stream = http_response.stream
        self._transport: asyncio.ReadTransport | None = None
        # None if all of the body has come; other streams come from no network.
        if isinstance(stream, AiohttpResponseStream) and stream._aiohttp_response.connection:
            self._transport = stream._aiohttp_response.connection.transport

    def __enter__(self) -> None:
        # uvloop refuses either for a connection that is closed.
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def __exit__(self, *error: object) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()


async def next_chunk(
    body: AsyncGenerator[bytes, None], deadline: Deadline
) -> tuple[bytes | None, Failed | None]:
    """Return the next piece of a response body as (bytes, None).

    Returns (None, None) at its end and (None, Failed) if it broke off or took longer than
    `deadline` allows. `body` is a generator that `chunks` returned.
    """
    try:
        return await deadline.guard(anext, body), None
    except StopAsyncIteration:
        return None, None
    except TimeoutError:
        return None, timeout_of(deadline)
    # Not only httpx's: aiohttp raises its own for broken HTTP.
    except Exception as error:
        return None, failure_of(error)


def unread(http_response: httpx.Response) -> bytes:
    """Return the bytes of the body that had arrived, unread, when the connection broke; else b"".

    aiohttp keeps them, but raises the error first: the last words, or a whole response that came
    while this process was busy, would be lost. Compressed bodies always give b"".
    """
    stream = http_response.stream
    if not isinstance(stream, AiohttpResponseStream) or not _is_plain(http_response):
        return b""
    content = stream._aiohttp_response.content
    content.set_exception(None)  # type: ignore[arg-type]
    return content.read_nowait()


async def finish_reading(body: AsyncGenerator[bytes, None], deadline: Deadline) -> None:
    """Read and drop the rest of `body`, for at most 0.05 s, so that the connection can be reused.

    `body` is a generator of `chunks`; `deadline` is shortened to that time.
    """
    deadline.shorten(LEFTOVER_SECONDS)
    data: bytes | None = b""
    while data is not None:
        data, _ = await next_chunk(body, deadline)


async def read_into(buffer: bytearray, http_response: httpx.Response, limit: int) -> None:
    """Append the body of `http_response` to `buffer`, at most `limit` bytes of it.

    Raises the same exceptions as `chunks`.
    """
    async with aclosing(chunks(http_response)) as body:
        async for data in body:
            buffer += data
            if len(buffer) >= limit:
                del buffer[limit:]
                return


def _is_plain(http_response: httpx.Response) -> bool:
    return _encoding(http_response) in ("", "identity")


def _encoding(http_response: httpx.Response) -> str:
    return str(http_response.headers.get("content-encoding", "")).strip().lower()
