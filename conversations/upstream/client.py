"""The HTTP side: one request a call, its repeats, its time limits."""

import asyncio
import json
import random
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace

import aiohttp
import certifi
import httpx
from httpx_aiohttp import AiohttpTransport
from httpx_aiohttp.transport import AiohttpResponseStream

from .deadline import Deadline
from .decoder import LONGEST_LINE, LONGEST_REPLY, Decoder
from .events import Attempt, Event, Failed, Headers
from .failures import LARGEST_ERROR, refusal, request_id_in, summary
from .faults import failure_of
from .jsontext import parse
from .words import Words, name

ATTEMPTS = 3
REPEATED_STATUSES = {429, 502, 503, 504}
# A gateway that wants us to wait longer is not waited for.
LONGEST_PAUSE = 20.0
FIRST_PAUSE = 0.5
# What the body of a refusal may take to arrive.
REFUSAL_SECONDS = 10.0
# In the chat shape only usage follows the last word, or nothing does and the line stays open.
TAIL_SECONDS = 2.0
# Left of a stream after its last event, so that the connection can be used again.
LEFTOVER_SECONDS = 0.05
MODELS_SECONDS = 30.0
LARGEST_LIST = 4 * 1024 * 1024
MOST_MODELS = 1000
# Less than the 5 s after which uvicorn, Node and others hang up on an idle connection.
KEEP_IDLE_SECONDS = 4.5
HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": f"python-httpx/{httpx.__version__}",
}
# Compression makes proxies hold back what should be shown at once.
STREAM_HEADERS = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}


class UpstreamError(Exception):
    """A question other than for an answer failed; carries what a Failed does."""

    def __init__(self, failed: Failed) -> None:
        super().__init__(failed.code, failed.message)
        self.code = failed.code
        self.message = failed.message
        self.http_status = failed.http_status
        self.request_id = failed.request_id
        self.retry_after = failed.retry_after


def build_client(
    base_url: str,
    api_key: str = "",
    headers: Mapping[str, str] | None = None,
    connect_timeout: float = 10,
    read_timeout: float = 600,
    longest_line: int = LONGEST_LINE,
    longest_reply: int = LONGEST_REPLY,
    transport: httpx.AsyncBaseTransport | None = None,
) -> "Upstream":
    """Make the client of one gateway; nothing is opened before the first request.

    `base_url` is with or without `/v1`, `headers` go with every request, times are in seconds:
    until a connection stands, and of silence before and within an answer. An answer is cut at
    `longest_line` bytes of a line and at `longest_reply` characters. `transport` takes the place
    of the network. Raises ValueError for an address, key or header that cannot be used.
    """
    root = _root(base_url)
    return Upstream(
        root=root,
        headers=_headers(api_key, headers or {}),
        words=Words(api_key, root.host),
        # Silence is the Deadline's: aiohttp would set its own timer anew for every token.
        timeout={"connect": connect_timeout, "pool": connect_timeout},
        silence=read_timeout,
        limits={"longest_line": longest_line, "longest_reply": longest_reply},
        transport=transport,
    )


def _root(base_url: str) -> httpx.URL:
    try:
        url = httpx.URL(base_url.strip())
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise ValueError(f"not an address: {error}") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("the address must begin with http:// or https:// and name a host")
    try:
        # Else it would only show when the first answer is asked for.
        url.host.encode("idna")
    except UnicodeError:
        raise ValueError("the address does not name a host") from None
    if b"%" in url.raw_host:
        raise ValueError("the address does not name a host")
    if url.userinfo:
        raise ValueError("the address must not contain a user or a password")
    path = url.path.rstrip("/").removesuffix("/responses") or "/v1"
    return url.copy_with(path=path, fragment=None)


def _headers(api_key: str, headers: Mapping[str, str]) -> httpx.Headers:
    all_headers = dict(headers)
    # An empty `Bearer ` is not a legal header.
    if api_key:
        all_headers["Authorization"] = f"Bearer {api_key}"
    for key, value in all_headers.items():
        if not (f"{key}{value}".isascii() and f"{key}{value}".isprintable()) or not key.strip():
            raise ValueError("the key and the headers must be printable ASCII")
    # What is configured takes the place of ours, in whatever case it is written.
    sent = httpx.Headers(HEADERS)
    sent.update(all_headers)
    return sent


class Upstream:
    """The client of one gateway. Safe to share by all tasks of a process, and by event loops."""

    def __init__(
        self,
        *,
        root: httpx.URL,
        headers: httpx.Headers,
        words: Words,
        timeout: dict[str, float],
        silence: float,
        limits: dict[str, int],
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        """See `build_client`."""
        self._root = root
        self._headers = headers
        self._words = words
        self._timeout = timeout
        self._silence = silence
        self._limits = limits
        self._given_transport = transport
        self._ssl_context: ssl.SSLContext | None = None
        self._opened: dict[asyncio.AbstractEventLoop, _Opened] = {}

    async def respond(
        self, body: dict, total_timeout: float = 3600, attempts: int = ATTEMPTS
    ) -> AsyncIterator[list[Event]]:
        """Ask for an answer and give its events, a list for each read; never an empty one.

        `body` is the JSON of the request; a stream is asked for unless it says otherwise.
        `total_timeout`, in seconds, is for all attempts together, of which there are at most
        `attempts`. The last event is one Finished
        or Failed; nothing the gateway does raises. Closing or cancelling closes the connection.
        """
        body = {"stream": True, **body}
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "replace"
        )
        accepted = STREAM_HEADERS if body["stream"] else {}
        with Deadline(total_timeout, self._silence) as deadline:
            for number in range(1, attempts + 1):
                yield [Attempt(number)]
                opened = await self._send("POST", "/responses", deadline, content, **accepted)
                if isinstance(opened, Failed):
                    failed = opened
                else:
                    status = opened.status_code
                    try:
                        yield [Headers(status, self._request_id(opened))]
                        if 200 <= status < 300:
                            async with aclosing(self._read(opened, body, deadline)) as batches:
                                async for events in batches:
                                    yield events
                            return
                        failed = await self._refusal(opened, deadline)
                    finally:
                        await opened.aclose()
                pause = _pause(failed, number) if number < attempts else None
                if pause is None or pause >= deadline.remaining:
                    yield [failed]
                    return
                await asyncio.sleep(pause)

    async def models(self) -> list[str]:
        """Ask which models there are; sorted, at most 1,000. Raises UpstreamError."""
        body = bytearray()
        with Deadline(MODELS_SECONDS, self._silence) as deadline:
            http_response = await self._send("GET", "/models", deadline)
            if isinstance(http_response, Failed):
                raise UpstreamError(http_response)
            try:
                await deadline.guard(_read_into, body, http_response, LARGEST_LIST)
            except TimeoutError:
                raise UpstreamError(_timed_out(deadline)) from None
            except Exception as error:
                raise UpstreamError(failure_of(error)) from None
            finally:
                await http_response.aclose()
        headers, status = http_response.headers, http_response.status_code
        if status != 200:
            raise UpstreamError(refusal(status, headers, bytes(body), self._words))
        try:
            listed = parse(bytes(body))
        except ValueError:
            listed = None
        data = listed.get("data") if isinstance(listed, dict) else None
        if not isinstance(data, list):
            raise UpstreamError(Failed("not_api", summary(status, headers), status))
        names = {name(each.get("id")) for each in data if isinstance(each, dict)} - {""}
        return sorted(names)[:MOST_MODELS]

    async def close(self) -> None:
        """Close the connections of this event loop. Used again, it opens new ones."""
        if opened := self._opened.get(asyncio.get_running_loop()):
            await opened.keeper.aclose()

    async def _transport(self) -> httpx.AsyncBaseTransport:
        # Opened by the first request, and for each loop, since sockets belong to one: Django's
        # test client runs every request in a loop of its own.
        loop = asyncio.get_running_loop()
        opened = self._opened.get(loop)
        if opened is None:
            transport = self._given_transport or AiohttpTransport(
                verify=self._tls() or False, trust_env=False, client=self._open_session()
            )
            opened = self._opened[loop] = _Opened(transport, self._keep(transport, loop))
            await anext(opened.keeper)
        return opened.transport

    async def _keep(
        self, transport: httpx.AsyncBaseTransport, loop: asyncio.AbstractEventLoop
    ) -> AsyncGenerator[None, None]:
        # A loop that ends closes its generators first, and thereby the connections.
        try:
            yield
        finally:
            self._opened.pop(loop, None)
            await transport.aclose()

    def _tls(self) -> ssl.SSLContext | None:
        if self._ssl_context is None and self._root.scheme == "https":
            self._ssl_context = _ssl_context()
        return self._ssl_context

    def _open_session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            # Unlimited; how many replies there may be at once is decided elsewhere.
            limit=0,
            ssl=self._tls() or False,
            keepalive_timeout=KEEP_IDLE_SECONDS,
        )
        return aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
        )

    async def _send(
        self,
        method: str,
        path: str,
        deadline: Deadline,
        content: bytes | None = None,
        **headers: str,
    ) -> httpx.Response | Failed:
        # Without httpx's client around the transport: it took half the time of a request, and none
        # of what it adds is wanted. It follows redirects, and its cookies, by which a gateway
        # would remember something of one person, would go along with the next.
        transport = await self._transport()
        all_headers = self._headers.copy()
        all_headers.update(headers)
        request = httpx.Request(
            method,
            self._root.copy_with(path=self._root.path + path),
            content=content,
            headers=all_headers,
            extensions={"timeout": self._timeout},
        )
        try:
            return await deadline.guard(transport.handle_async_request, request)
        except TimeoutError:
            return _timed_out(deadline)
        # Not only httpx's: aiohttp raises its own for broken HTTP.
        except Exception as error:
            return failure_of(error)

    async def _refusal(self, http_response: httpx.Response, deadline: Deadline) -> Failed:
        status, headers = http_response.status_code, http_response.headers
        deadline.shorten(REFUSAL_SECONDS)
        body = bytearray()
        # The status says enough where the body breaks off.
        with suppress(Exception):
            await deadline.guard(_read_into, body, http_response, LARGEST_ERROR)
        deadline.restore()
        return refusal(status, headers, bytes(body), self._words)

    async def _read(
        self, http_response: httpx.Response, body: dict, deadline: Deadline
    ) -> AsyncIterator[list[Event]]:
        limit = body.get("max_output_tokens")
        decoder = Decoder(
            words=self._words,
            about=summary(http_response.status_code, http_response.headers),
            max_output_tokens=limit if isinstance(limit, int) else None,
            **self._limits,
        )
        closing = False
        async with aclosing(_chunks(http_response)) as chunks:
            while not decoder.done:
                data, fault = await _next(chunks, deadline)
                events = decoder.feed(_unread(http_response) if data is None else data)
                if data is None:
                    events += decoder.finish(fault)
                if decoder.done:
                    events[-1] = self._placed(events[-1], http_response)
                if events:
                    yield events
                if decoder.closing and not closing:
                    closing = True
                    deadline.shorten(TAIL_SECONDS)
            await _finish_reading(chunks, deadline)

    def _request_id(self, http_response: httpx.Response) -> str:
        return self._words.sentence(request_id_in(http_response.headers))

    def _placed(self, last: Event, http_response: httpx.Response) -> Event:
        if not isinstance(last, Failed):
            return last
        return replace(
            last,
            http_status=http_response.status_code,
            request_id=self._request_id(http_response),
            message=last.message or summary(http_response.status_code, http_response.headers)
            if last.code == "not_api"
            else last.message,
        )


@dataclass(frozen=True, slots=True)
class _Opened:
    transport: httpx.AsyncBaseTransport
    keeper: AsyncGenerator[None, None]


def _pause(failed: Failed, number: int) -> float | None:
    """Give the seconds to wait before the next attempt; None if there must be none."""
    if number == ATTEMPTS:
        return None
    if failed.http_status is None:
        repeated = not failed.sent and failed.code in ("connect", "timeout_connect")
    else:
        repeated = failed.http_status in REPEATED_STATUSES and failed.code != "quota"
    if not repeated:
        return None
    pause = failed.retry_after
    if pause is None:
        pause = FIRST_PAUSE * 2 ** (number - 1) * random.uniform(0.5, 1)  # noqa: S311
    elif pause > LONGEST_PAUSE:
        return None
    # So that those refused together do not come back together.
    return pause + random.uniform(0, 0.25)  # noqa: S311


def _ssl_context() -> ssl.SSLContext:
    # The machine's own authorities, where a company's is, and certifi's, where it has none.
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _chunks(http_response: httpx.Response) -> AsyncGenerator[bytes, None]:
    if _is_plain(http_response) and not http_response.is_stream_consumed:
        # As `aiter_raw`, without counting and cutting to size again.
        return aiter(http_response.stream)
    return http_response.aiter_bytes()


def _is_plain(http_response: httpx.Response) -> bool:
    return http_response.headers.get("content-encoding", "identity") == "identity"


async def _next(
    chunks: AsyncGenerator[bytes, None], deadline: Deadline
) -> tuple[bytes | None, Failed | None]:
    try:
        return await deadline.guard(anext, chunks), None
    except StopAsyncIteration:
        return None, None
    except TimeoutError:
        return None, _timed_out(deadline)
    # Not only httpx's: aiohttp raises its own for broken HTTP.
    except Exception as error:
        return None, failure_of(error)


def _unread(http_response: httpx.Response) -> bytes:
    """Give what had come when the connection broke, and was not read yet; nothing after an end.

    aiohttp keeps it, but from then on raises the error first: the last words, or a whole answer
    that came while this process was busy, would be lost.
    """
    stream = http_response.stream
    if not isinstance(stream, AiohttpResponseStream) or not _is_plain(http_response):
        return b""
    content = stream._aiohttp_response.content
    content.set_exception(None)
    return content.read_nowait()


def _timed_out(deadline: Deadline) -> Failed:
    return Failed("timeout_silence", sent=True) if deadline.silent else Failed("timeout_total")


async def _finish_reading(chunks: AsyncGenerator[bytes, None], deadline: Deadline) -> None:
    # A connection whose body was read to its end can be used again; most end at once.
    deadline.shorten(LEFTOVER_SECONDS)
    data: bytes | None = b""
    while data is not None:
        data, _ = await _next(chunks, deadline)


async def _read_into(body: bytearray, http_response: httpx.Response, limit: int) -> None:
    async with aclosing(_chunks(http_response)) as chunks:
        async for data in chunks:
            body += data
            if len(body) >= limit:
                del body[limit:]
                return
