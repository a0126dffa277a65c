"""HTTP client of one LLM gateway: asks for responses and models, with retries and time limits.

Over 300 lines since a call's attempts, time limits and ends are one class; parsing is elsewhere.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import httpx

from .configured_secrets import configured_secrets
from .connection_errors import closed_without_a_byte, failure_of, timeout_of
from .connections import ConnectionPool, Reuse
from .content_encoding import PIECE
from .deadline import Deadline
from .decoder import LONGEST_LINE, LONGEST_REPLY, Decoder
from .events import Attempt, Event, Failed, Finished, Headers
from .file_download import path_of, write_body
from .gateway_address import headers_with, root_of
from .gateway_errors import LARGEST_ERROR, refusal
from .gateway_text import Redactor, one_line
from .listed_model import ListedModel
from .request_json import SLICE, encoded, slices
from .response_body import (
    ReadingPaused,
    chunks,
    finish_reading,
    next_chunk,
    read_into,
    unread,
)
from .response_headers import request_id_in, retry_after_in, summary
from .retry_policy import ATTEMPTS, pause_before_retry
from .untrusted_json import parse

# Seconds that the body of a response with an error status may take to arrive.
REFUSAL_SECONDS = 10.0
# In the chat shape only usage follows the last word, or nothing does and the line stays open.
TAIL_SECONDS = 2.0
MODELS_SECONDS = 30.0
LARGEST_LIST = 4 * 1024 * 1024
MOST_MODELS = 1000
# A pooled connection that is closed within this time, before anything has come, was closed
# already when the request was sent.
STALE_SECONDS = 1.0
FILE_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity"}
# Compression makes proxies hold back what should be shown at once.
STREAM_HEADERS = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}


class UpstreamError(Exception):
    """Error raised by `Upstream.models` and `listed_models` when the list of models could not be
    fetched.

    Its attributes are those of a Failed event: `code` is a key of CODES, `message` the gateway's
    sentence; `http_status` and `retry_after` (seconds) may be None, `request_id` "".
    """

    def __init__(self, failed: Failed) -> None:
        """`failed` is the Failed event that the attributes are copied from."""
        super().__init__(failed.code, failed.message)
        self.code = failed.code
        self.message = failed.message
        self.http_status = failed.http_status
        self.request_id = failed.request_id
        self.retry_after = failed.retry_after


class _StaleConnection(Exception):
    """Error for a request sent on a pooled connection that the gateway had already closed."""


def build_client(
    base_url: str,
    api_key: str = "",
    headers: Mapping[str, str] | None = None,
    connect_timeout: float = 10,
    read_timeout: float = 600,
    longest_line: int = LONGEST_LINE,
    longest_reply: int = LONGEST_REPLY,
    picture_folder: Path | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> "Upstream":
    """Return an Upstream, the client of one gateway; connections are opened by its first request.

    `base_url` is the gateway's address, with or without `/v1`; `api_key` "" sends no key; `headers`
    are added to every request. A call fails if a connection takes more than `connect_timeout`
    seconds to open, or no byte comes for `read_timeout` seconds. A response is cut off at a line of
    more than `longest_line` bytes or a text of more than `longest_reply` characters. Pictures that
    come with a response are kept in temporary files in `picture_folder` (None: not at all).
    `transport` replaces the network, for tests and the demo. Raises ValueError for an address, key
    or header that cannot be used.
    """
    root = root_of(base_url)
    return Upstream(
        root=root,
        headers=headers_with(api_key, headers or {}),
        redactor=Redactor(configured_secrets(api_key, headers or {}), root.host),
        # Silence is the Deadline's: aiohttp would set its own timer anew for every token.
        timeout={"connect": connect_timeout, "pool": connect_timeout},
        silence=read_timeout,
        limits={
            "longest_line": longest_line,
            "longest_reply": longest_reply,
            "picture_folder": picture_folder,
        },
        pool=ConnectionPool(tls=root.scheme == "https", transport=transport),
    )


class Upstream:
    """HTTP client of one gateway, made by `build_client`.

    One instance may be shared by all tasks and event loops of a process.
    """

    def __init__(
        self,
        *,
        root: httpx.URL,
        headers: httpx.Headers,
        redactor: Redactor,
        timeout: dict[str, float],
        silence: float,
        limits: dict[str, Any],
        pool: ConnectionPool,
    ) -> None:
        """Store what `build_client` prepared.

        `root` is the address before `/responses`; `headers` are sent with every request; `redactor`
        removes secrets from the gateway's sentences; `timeout` is httpx's, in seconds; `silence` is
        the seconds without a byte after which a call fails; `limits` are the Decoder's
        `longest_line`, `longest_reply` and `picture_folder`; `pool` opens and keeps the
        connections.
        """
        self._root = root
        self._headers = headers
        self._redactor = redactor
        self._timeout = timeout
        self._silence = silence
        self._limits = limits
        self._pool = pool

    async def respond(
        self,
        body: dict,
        total_timeout: float = 3600,
        attempts: int = ATTEMPTS,
        secrets: Sequence[str] = (),
    ) -> AsyncGenerator[list[Event], None]:
        """Send `POST /responses` and yield lists of events as they arrive, never an empty list.

        `body` is the request as a dict; `stream` is true unless it says otherwise. `total_timeout`,
        in seconds, is for all attempts together; there are at most `attempts` requests, and one
        more if a pooled connection turned out to be closed. `secrets` are texts in `body` that no
        event may repeat, besides the key. The last event is one Finished or Failed: no error of the
        gateway or the network is raised. Closing the generator or cancelling its task closes the
        connection, upon which gateways stop the model.
        """
        body = {"stream": True, **body}
        redactor = self._redactor.extended(secrets)
        content = await encoded(body)
        accepted = STREAM_HEADERS if body["stream"] else {}
        number = 0
        fresh = False
        with Deadline(total_timeout, self._silence) as deadline:
            while True:
                number += 1
                yield [Attempt(number)]
                try:
                    opened = await self._send(
                        "POST", "/responses", deadline, content, fresh=fresh, **accepted
                    )
                except _StaleConnection:
                    fresh = True
                    attempts += 1
                    continue
                if isinstance(opened, Failed):
                    failed = opened
                else:
                    try:
                        yield [Headers(opened.status_code, self._request_id(opened))]
                        if 200 <= opened.status_code < 300:
                            async with aclosing(
                                self._read(opened, body, deadline, redactor)
                            ) as batches:
                                async for events in batches:
                                    last = events[-1]
                                    if isinstance(last, Failed):
                                        failed = last
                                        events.pop()
                                    if events:
                                        yield events
                            if not isinstance(last, Failed):
                                return
                        else:
                            failed = await self._refusal(opened, deadline, redactor)
                    finally:
                        await opened.aclose()
                    deadline.restore()
                pause = pause_before_retry(failed, number) if number < attempts else None
                if pause is None or pause >= deadline.remaining:
                    yield [failed]
                    return
                await asyncio.sleep(pause)

    async def models(self) -> list[str]:
        """Fetch `GET /models` and return the sorted names of the models, at most 1,000. Names that
        contain a configured secret are left out. Raises UpstreamError."""
        return [each.name for each in await self.listed_models()]

    async def listed_models(self) -> list[ListedModel]:
        """Fetch `GET /models` and return a ListedModel for each entry, sorted by name, at most
        1,000.

        Names that contain a configured secret are left out. Raises UpstreamError.
        """
        body = bytearray()
        with Deadline(MODELS_SECONDS, self._silence) as deadline:
            # A GET on a stale connection is repeated by aiohttp itself.
            http_response = await self._send("GET", "/models", deadline, fresh=True)
            if isinstance(http_response, Failed):
                raise UpstreamError(http_response)
            try:
                await deadline.guard(read_into, body, http_response, LARGEST_LIST)
            except TimeoutError:
                raise UpstreamError(timeout_of(deadline)) from None
            except Exception as error:
                raise UpstreamError(failure_of(error)) from None
            finally:
                await http_response.aclose()
        headers, status = http_response.headers, http_response.status_code
        if status != 200:
            raise UpstreamError(refusal(status, headers, bytes(body), self._redactor))
        try:
            listed = parse(bytes(body))
        except ValueError:
            listed = None
        data = listed.get("data") if isinstance(listed, dict) else None
        if not isinstance(data, list):
            raise UpstreamError(Failed("not_api", self._summary(http_response), status))
        found = {one_line(each.get("id")): each for each in data if isinstance(each, dict)}
        # A name with a secret in it is no model's, and the names are stored and shown.
        names = {name for name in found if name and not self._redactor.holds_secret(name)}
        return [ListedModel.read(name, found[name]) for name in sorted(names)[:MOST_MODELS]]

    async def download(
        self,
        container: str,
        file: str,
        into: IO[bytes],
        *,
        most: int,
        seconds: float,
        is_page: bool = False,
    ) -> Failed | None:
        """Fetch a file that a model's code made, and append its content to the open file `into`.
        `container` and `file` are the gateway's ids of the container and of the file in it.

        Only the gateway's own address is asked, and no redirect is followed. Returns None if all of
        it came; else a Failed with the code "not_api" for an HTML page in place of the file,
        "too_large" for more than `most` bytes, "timeout_total" after `seconds`, or another that
        says why it could not be had. `is_page` is True if the file itself is HTML. Raises
        ValueError for ids that cannot be asked for, OSError if `into` cannot be written.
        """
        path = path_of(container, file)
        with Deadline(seconds, self._silence) as deadline:
            # A GET on a stale connection is repeated by aiohttp itself.
            http_response = await self._send(
                "GET", path, deadline, None, fresh=True, **FILE_HEADERS
            )
            if isinstance(http_response, Failed):
                return http_response
            try:
                if http_response.status_code != 200:
                    return await self._refusal(http_response, deadline, self._redactor)
                kind = http_response.headers.get("content-type", "").partition(";")[0].strip()
                if kind.lower() == "text/html" and not is_page:
                    return Failed("not_api", self._summary(http_response), 200)
                return await write_body(http_response, into, most, deadline)
            finally:
                await http_response.aclose()

    def with_key(self, api_key: str) -> "Upstream":
        """Return another Upstream for the same gateway, with the same connections, that sends
        `api_key` in place of the configured key; used to see whether a wrong key is refused."""
        headers = self._headers.copy()
        headers["Authorization"] = f"Bearer {api_key}"
        return Upstream(
            root=self._root,
            headers=headers,
            redactor=Redactor(api_key, self._root.host),
            timeout=self._timeout,
            silence=self._silence,
            limits=self._limits,
            pool=self._pool,
        )

    async def close(self) -> None:
        """Close the connections of the running event loop; a later request opens new ones."""
        await self._pool.close()

    async def _send(
        self,
        method: str,
        path: str,
        deadline: Deadline,
        content: bytes | None = None,
        *,
        fresh: bool,
        **headers: str,
    ) -> httpx.Response | Failed:
        """Send a request and return its response, with an unread body, once the headers have
        arrived; a Failed event if none came.

        `path` is appended to the gateway's address; `deadline` is the running Deadline of the whole
        call, which limits the wait; `content` is the body (None: none); `headers` are sent besides
        those of every request; `fresh` forces a new connection. Raises _StaleConnection when a
        reused connection was closed within a second without a byte of a response: the gateway
        cannot have read the request.
        """
        all_headers = self._headers.copy()
        all_headers.update(headers)
        sent: bytes | AsyncGenerator[bytes, None] | None = content
        if content is not None and len(content) > SLICE:
            all_headers["Content-Length"] = str(len(content))
            sent = slices(content)
        request = httpx.Request(
            method,
            self._root.copy_with(path=self._root.path + path),
            content=sent,
            headers=all_headers,
            extensions={"timeout": self._timeout},
        )
        reuse = Reuse()
        began = time.monotonic()
        try:
            return await deadline.guard(self._pool.send, request, reuse, fresh=fresh)
        except TimeoutError:
            return timeout_of(deadline)
        # Not only httpx's: aiohttp raises its own for broken HTTP.
        except Exception as error:
            if (
                reuse.happened
                and closed_without_a_byte(error)
                and time.monotonic() - began < STALE_SECONDS
            ):
                raise _StaleConnection from None
            return failure_of(error)

    async def _refusal(
        self, http_response: httpx.Response, deadline: Deadline, redactor: Redactor
    ) -> Failed:
        """Read the body of a response with an error status and return the Failed event for it,
        without the secrets that `redactor` removes."""
        status, headers = http_response.status_code, http_response.headers
        deadline.shorten(REFUSAL_SECONDS)
        body = bytearray()
        # If the body breaks off, the HTTP status alone is classified.
        with suppress(Exception):
            await deadline.guard(read_into, body, http_response, LARGEST_ERROR)
        return refusal(status, headers, bytes(body), redactor)

    async def _read(
        self, http_response: httpx.Response, body: dict, deadline: Deadline, redactor: Redactor
    ) -> AsyncGenerator[list[Event], None]:
        """Yield lists of the events of a response with a success status, read within `deadline`,
        without the secrets that `redactor` removes. `body` is the request's, as a dict."""
        limit = body.get("max_output_tokens")
        decoder = Decoder(
            redactor=redactor,
            summary=self._summary(http_response),
            max_output_tokens=limit if isinstance(limit, int) else None,
            **self._limits,
        )
        is_tail = False
        with closing(decoder.pictures):
            async with aclosing(chunks(http_response)) as arriving:
                while not decoder.done:
                    data, fault = await next_chunk(arriving, deadline)
                    events = await _decoded(
                        decoder, unread(http_response) if data is None else data
                    )
                    if data is None:
                        events += decoder.finish(fault)
                    if decoder.pictures.is_waiting:
                        await asyncio.to_thread(decoder.pictures.write)
                    if decoder.done:
                        events[-1] = self._with_headers(events[-1], http_response)
                    if events:
                        with ReadingPaused(http_response):
                            yield events
                    if decoder.closing and not is_tail:
                        is_tail = True
                        deadline.shorten(TAIL_SECONDS)
                await finish_reading(arriving, deadline)

    def _summary(self, http_response: httpx.Response) -> str:
        what = summary(http_response.status_code, http_response.headers)
        return self._redactor.sentence(what)

    def _request_id(self, http_response: httpx.Response) -> str:
        return self._redactor.sentence(request_id_in(http_response.headers))

    def _with_headers(self, last: Event, http_response: httpx.Response) -> Event:
        """Return `last`, the last event of a response, with what HTTP status and headers add: to a
        Finished that was not streamed, the cost; to a Failed, the status, request id and retry
        time."""
        if isinstance(last, Finished) and last.shape.endswith("-body"):
            return replace(last, billing=last.billing.with_header(http_response.headers))
        if not isinstance(last, Failed):
            return last
        status, headers = http_response.status_code, http_response.headers
        message = last.message
        if last.code == "not_api":
            message = message or self._summary(http_response)
        return replace(
            last,
            http_status=status,
            request_id=self._request_id(http_response),
            message=message,
            retry_after=retry_after_in(headers),
        )


async def _decoded(decoder: Decoder, data: bytes) -> list[Event]:
    """Feed `data`, the bytes of one read, to `decoder`, and return all its events as one list.

    Other tasks of the event loop run after each PIECE bytes. It is one list however long `data` is,
    since the consumer may pause after each list, and must keep up with a fast model all the same.
    """
    events = decoder.feed(data[:PIECE])
    for start in range(PIECE, len(data), PIECE):
        await asyncio.sleep(0)
        events += decoder.feed(data[start : start + PIECE])
    return events
