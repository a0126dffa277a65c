"""Scripted gateway: a real HTTP server on loopback that answers as a test says, well or badly.

In a test: `gateway.will("stall")`, `gateway.will(Script(text="Hi", dialect="chat"))`,
`gateway.will(status=429, body={...})`; without a script it echoes the message. A message can also
name its script, for tests that reach the gateway only through a server: `[[gateway:stall]]`,
`[[gateway:{"pace": 0.2}]]`.

By itself: `python -m tests.support.gateway --port 9000 --pace 0.05 --pieces 200`.

Longer than most files because FAULTS, one function for each way in which a gateway can misbehave,
is best read as one list.
"""

import argparse
import asyncio
import contextlib
import json
import re
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace

import pytest
import uvloop

MARKER = re.compile(r"\[\[gateway:(.*?)\]\]", re.DOTALL)
USAGE = {
    "input_tokens": 11,
    "input_tokens_details": {"cached_tokens": 3},
    "output_tokens": 7,
    "output_tokens_details": {"reasoning_tokens": 2},
    "total_tokens": 18,
}
FOREVER = 3600.0


class Act(str):
    """Step of a script that acts on the connection (RESET, CLOSE, HALF_CLOSE), or waits for the
    client (HANG) or the test (WAIT). Other Steps are bytes to send and seconds to wait."""


RESET = Act("reset")  # closes the connection with a TCP reset (RST)
CLOSE = Act("close")  # closes it at this point, before the end of the body
HALF_CLOSE = Act("half_close")  # closes the sending half only, and waits
HANG = Act("hang")  # sends nothing until the client disconnects
WAIT = Act("wait")  # sends nothing until the test calls `gateway.go.set()`

Step = bytes | float | Act


@dataclass
class Script:
    """Script for one request: the answer's text, speed, dialect and usage, or status and body of an
    error, or one of the FAULTS."""

    text: str | None = None  # None: an echo of the last user message
    pieces: int | None = None  # that many words instead of `text`
    pace: float = 0.0  # seconds between two deltas (pieces of the text)
    first: float = 0.0  # seconds before the first delta
    dialect: str = "responses"  # or "chat"
    stream: bool | None = None  # None: as `stream` of the request says
    usage: dict | None = field(default_factory=lambda: dict(USAGE))
    model: str | None = None  # that answers; None: the one asked for
    reasoning: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: object = None  # sent as it is (a dict as JSON) instead of an answer
    chunks: list[Step] | None = None  # the body step by step instead of an answer
    fault: str = ""  # one of FAULTS


@dataclass
class Request:
    """Request that the gateway received. `at` and `ended_at` are seconds of the monotonic clock,
    `connection` numbers the TCP connections, `body` is the parsed JSON; `closed_early` says that
    the client disconnected before the end of the answer."""

    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    at: float
    connection: int
    body: object = None
    closed_early: bool = False
    ended_at: float | None = None

    @property
    def said(self) -> str:
        """Text of the last user message in the request; "" without one."""
        sent = self.body.get("input") if isinstance(self.body, dict) else None
        if isinstance(sent, str):
            return sent
        turns = [turn for turn in sent or [] if turn.get("role") == "user"]
        content = turns[-1]["content"] if turns else ""
        if isinstance(content, list):
            content = "".join(part.get("text", "") for part in content)
        return content


class Gateway:
    """HTTP server of the scripted gateway, with an event loop in a thread of its own. All public
    methods and attributes may be used from any thread."""

    def __init__(self, port: int = 0, default: Script | None = None) -> None:
        """Set up a gateway for `port` of 127.0.0.1 (0: a free one); `start` makes it listen.
        `default` is the Script for requests for which none is queued (None: an echo)."""
        self.default = default or Script()
        self.port = port
        self.models = ["gateway-large", "gateway-small"]
        self.models_script: Script | None = None  # answers /models instead of `models`
        # Scripts for files in the gateway's containers, by their path after /v1.
        self.files: dict[str, Script] = {}
        self.key = ""  # the only API key that is accepted; "" accepts all
        self.knows_all_models = True  # False: only those in `models`
        self.go = threading.Event()
        self._lock = threading.Lock()
        self._scripts: deque[Script] = deque()
        self._requests: list[Request] = []
        self._connections: set[asyncio.StreamWriter] = set()
        self._count = 0
        self._server: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Base URL for clients, with the path /v1."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def requests(self) -> list[Request]:
        """List of all Requests so far, in the order of their arrival; a copy."""
        with self._lock:
            return list(self._requests)

    @property
    def responses(self) -> list[Request]:
        """List of the Requests so far that asked for a reply: `POST …/responses`."""
        return [each for each in self.requests if each.path.endswith("/responses")]

    @property
    def open_connections(self) -> int:
        """Number of client connections that are open now, idle ones included."""
        with self._lock:
            return len(self._connections)

    def will(self, *scripts: Script | str | dict, **options: object) -> None:
        """Queue Scripts for the next requests for a reply, one for each request; without `scripts`
        a single Script of `options`. A str is the name of a fault (a key of FAULTS), a dict has
        fields of a Script; `options` replace fields in each of the Scripts."""
        with self._lock:
            for script in scripts or ({},):
                self._scripts.append(replace(_script(script), **options))

    def forget(self) -> None:
        """Forget all queued Scripts, recorded Requests and `files`, and clear the event `go`."""
        with self._lock:
            self._scripts.clear()
            self._requests.clear()
            self.files = {}
        self.go.clear()

    def wait_for(self, count: int, timeout: float = 5.0) -> list[Request]:
        """Wait until `count` requests for a reply have arrived; return the first `count` Requests.
        Raise AssertionError after `timeout` seconds."""
        return self.wait_until(lambda: self.responses[: max(count, 1)], count, timeout)

    def wait_until(self, found, count: int = 1, timeout: float = 5.0):
        """Wait until the function `found` returns at least `count` elements; return its result.
        Raise AssertionError after `timeout` seconds."""
        end = time.monotonic() + timeout
        while len(result := found()) < count:
            if time.monotonic() > end:
                raise AssertionError(f"the gateway waited {timeout} s for {count}, got {result}")
            time.sleep(0.005)
        return result

    def start(self) -> "Gateway":
        """Start the server's thread and return the Gateway once it listens."""
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        assert started.wait(5), "the gateway does not listen"
        return self

    def stop(self) -> None:
        """Close the port and all connections, and end the thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def refuse_connections(self) -> None:
        """Close the port, so that new connections are refused; open ones stay."""
        asyncio.run_coroutine_threadsafe(self._close_port(), self._loop).result(5)

    def accept_connections(self) -> None:
        """Open the port again that `refuse_connections` closed."""
        asyncio.run_coroutine_threadsafe(self._open_port(), self._loop).result(5)

    def serve_forever(self) -> None:
        """Run the server in the calling thread until KeyboardInterrupt."""
        with contextlib.suppress(KeyboardInterrupt):
            self._run(threading.Event())

    def _run(self, started: threading.Event) -> None:
        self._loop = uvloop.new_event_loop()
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._open_port())
        started.set()
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._hang_up())
            self._loop.close()

    async def _open_port(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, limit=2**26, backlog=2048
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close_port(self) -> None:
        self._server.close()
        await asyncio.sleep(0)

    async def _hang_up(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with self._lock:
            self._connections.add(writer)
            self._count += 1
            number = self._count
        try:
            while (request := await _read_request(reader, number)) is not None:
                if not await self._answer(request, reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            with self._lock:
                self._connections.discard(writer)
            writer.close()

    async def _answer(self, request: Request, reader, writer) -> bool:
        """Record `request` and send what its Script says; `reader` and `writer` are asyncio's
        streams. Return True if the connection can be used again."""
        with self._lock:
            self._requests.append(request)
            script = self._script_for(request)
        play = asyncio.ensure_future(_play(writer, self._steps(request, script), self.go))
        gone = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({play, gone}, return_when=asyncio.FIRST_COMPLETED)
            request.closed_early = not play.done() or isinstance(play.exception(), ConnectionError)
            return play.done() and not request.closed_early and play.result()
        finally:
            request.ended_at = time.monotonic()
            for task in (play, gone):
                task.cancel()
            await asyncio.wait({play, gone})
            # Exceptions of tasks that nobody retrieves are logged by asyncio.
            for task in (play, gone):
                fault = None if task.cancelled() else task.exception()
                if fault and not isinstance(fault, ConnectionError):
                    raise fault

    def _script_for(self, request: Request) -> Script:
        """Return the Script for `request`: an error for a wrong key or an unknown model, the one
        that its message names, the next one in the queue, or the default."""
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            error = {"message": "Incorrect API key provided.", "code": "invalid_api_key"}
            return Script(status=401, body={"error": error})
        model = request.body.get("model") if isinstance(request.body, dict) else None
        if model not in self.models and not self.knows_all_models:
            error = {"message": f"The model `{model}` does not exist", "code": "model_not_found"}
            return Script(status=404, body={"error": error})
        if marked := MARKER.search(request.said):
            wish = marked[1].strip()
            return _script(json.loads(wish) if wish.startswith("{") else wish)
        if request.path.endswith("/responses") and self._scripts:
            return self._scripts.popleft()
        return self.default

    def _steps(self, request: Request, script: Script) -> Iterator[Step]:
        """Return the Steps of the answer to `request`, chosen by its path: the list of models, one
        of `files`, a reply as `script` says, or status 404."""
        if request.path.endswith("/models"):
            data = [{"id": each, "object": "model"} for each in self.models]
            return _whole(self.models_script or Script(body={"object": "list", "data": data}))
        if (file := self.files.get(request.path.removeprefix("/v1"))) is not None:
            return _steps(request, file)
        if not request.path.endswith("/responses"):
            return _whole(Script(status=404, body={"error": {"message": "no such path"}}))
        return _steps(request, script)


def _script(wish: Script | str | dict) -> Script:
    """Return `wish` as a Script: itself, a fault's name, or a dict of a Script's fields. Raise
    ValueError for an unknown field."""
    if isinstance(wish, Script):
        return wish
    if isinstance(wish, str):
        return Script(fault=wish)
    unknown = set(wish) - {each.name for each in fields(Script)}
    if unknown:
        raise ValueError(f"a script has no {unknown}")
    return Script(**wish)


async def _read_request(reader: asyncio.StreamReader, connection: int) -> Request | None:
    """Read and return the next Request of a connection; None if the client closed it."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    headers = {key.strip().lower(): value.strip() for key, value in pairs}
    raw = await reader.readexactly(int(headers.get("content-length", 0)))
    request = Request(method, path.partition("?")[0], headers, raw, time.monotonic(), connection)
    with contextlib.suppress(ValueError):
        request.body = json.loads(raw)
    return request


async def _play(writer: asyncio.StreamWriter, steps: Iterator[Step], go: threading.Event) -> bool:
    """Execute `steps` on the connection of `writer`: send bytes, sleep for floats (seconds), do
    Acts, for WAIT until `go` is set. Return True if the body was sent to its end, False if an Act
    closes the connection. Raise ConnectionError if the client is gone."""
    for step in steps:
        if isinstance(step, bytes):
            if writer.is_closing():
                raise ConnectionResetError  # uvloop calls it a RuntimeError
            writer.write(step)
            await writer.drain()
        elif isinstance(step, float | int):
            await asyncio.sleep(step)
        elif step == WAIT:
            while not go.is_set():
                await asyncio.sleep(0.02)
        elif step == HANG:
            await asyncio.sleep(FOREVER)
        elif step == HALF_CLOSE:
            writer.write_eof()
            await asyncio.sleep(FOREVER)
        elif step == RESET:
            # SO_LINGER of zero seconds turns a close into a reset.
            peer = writer.get_extra_info("socket")
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return False
        else:
            return False
    return True


def _head(script: Script, **headers: str) -> bytes:
    """Return the bytes of an HTTP response's status line and headers: the status of `script`, and
    `headers`, of which `script.headers` replace those with the same name."""
    lines = {**headers, **script.headers}
    joined = "".join(f"{key}: {value}\r\n" for key, value in lines.items())
    return f"HTTP/1.1 {script.status} Scripted\r\n{joined}\r\n".encode("latin-1")


def _whole(script: Script) -> Iterator[Step]:
    """Yield one piece of bytes: the whole HTTP response for a `script` that has a `body`."""
    body = script.body
    if isinstance(body, str):
        body = body.encode()
    kind = "text/html" if isinstance(body, bytes) and body[:1] == b"<" else "application/json"
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    yield _head(script, **{"Content-Type": kind, "Content-Length": str(len(body))}) + body


def _steps(request: Request, script: Script) -> Iterator[Step]:
    """Yield the Steps of the HTTP response by which `script` answers `request`, a request for a
    reply, headers included, in the order in which they are to be done."""
    if script.fault == "hang_before_headers":
        yield HANG
    if script.fault == "reset_before_headers":
        yield RESET
    if script.fault == "close_before_headers":
        yield CLOSE
    if script.fault == "close_within_headers":
        yield b"HTTP/1.1 200 OK\r\nContent-"
        yield CLOSE
    if script.fault == "close_late":
        yield 1.5
        yield CLOSE
    if script.body is not None:
        yield from _whole(script)
        return
    answer = _Answer(request, script)
    asked = request.body if isinstance(request.body, dict) else {}
    stream = bool(asked.get("stream")) if script.stream is None else script.stream
    if script.chunks is None and not stream:
        yield from _whole(replace(script, body=answer.whole()))
        return
    yield _head(script, **{"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"})
    steps = script.chunks if script.chunks is not None else FAULTS[script.fault](answer)
    for step in steps:
        yield _chunk(step) if isinstance(step, bytes) else step
    yield b"0\r\n\r\n"


def _chunk(data: bytes) -> bytes:
    """Return `data` as one chunk of a body with Transfer-Encoding chunked."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def sse(event: dict | str, name: str | None = None) -> bytes:
    """Return a server-sent event as bytes. `event` is its data: a dict for JSON, or text, sent
    without a name. `name` is the event's name (None: `type` of the dict; "": no name)."""
    if isinstance(event, str):
        return f"data: {event}\n\n".encode()
    name = event.get("type") if name is None else name
    data = json.dumps(event)
    return (f"event: {name}\ndata: {data}\n\n" if name else f"data: {data}\n\n").encode()


class _Answer:
    """Reply to a request, as events of the Responses API or of chat completions
    (`script.dialect`)."""

    def __init__(self, request: Request, script: Script) -> None:
        self.script = script
        asked = request.body if isinstance(request.body, dict) else {}
        self.model = script.model or asked.get("model") or "gateway"
        self.id = f"resp_{time.monotonic_ns():x}"
        self.place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
        if script.pieces is not None:
            self.deltas = [f"word{number} " for number in range(script.pieces)]
        else:
            text = script.text
            if text is None:
                text = f"You said: {MARKER.sub('', request.said).strip()}"
            self.deltas = re.findall(r"\s*\S+|\s+$", text) or [text]
        self.text = "".join(self.deltas)

    def delta(self, text: str) -> bytes:
        """Return the event with `text` as the next piece of the reply."""
        if self.script.dialect == "chat":
            return self.chunk({"content": text})
        return sse({"type": "response.output_text.delta", **self.place, "delta": text})

    def chunk(self, delta: dict, finish_reason: str | None = None, **more: object) -> bytes:
        """Return a chunk of a streamed chat completion as the bytes of an event: `delta` and
        `finish_reason` of its one choice, and `more` as further fields."""
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return sse(
            {
                "id": self.id,
                "object": "chat.completion.chunk",
                "created": 1,
                "model": self.model,
                "choices": [choice],
                **more,
            }
        )

    def begin(self) -> Iterator[Step]:
        """Yield the events before the text, as bytes, those of the reasoning included."""
        if self.script.dialect == "chat":
            yield self.chunk({"role": "assistant", "content": ""})
            if self.script.reasoning:
                yield self.chunk({"reasoning_content": self.script.reasoning})
            return
        started = self.response("in_progress", [])
        yield sse({"type": "response.created", "response": started})
        yield sse({"type": "response.in_progress", "response": started})
        if self.script.reasoning:
            thought = {"item_id": "rs_1", "output_index": 0, "summary_index": 0}
            kind = "response.reasoning_summary_text"
            yield sse({"type": f"{kind}.delta", **thought, "delta": self.script.reasoning})
            yield sse({"type": f"{kind}.done", **thought, "text": self.script.reasoning})

    def middle(self, deltas: list[str] | None = None) -> Iterator[Step]:
        """Yield the events (bytes) with `deltas`, the pieces of text to send (None: the whole
        text), and the pauses (seconds) before and between them."""
        pace = self.script.pace
        if self.script.first:
            yield self.script.first
        for number, delta in enumerate(self.deltas if deltas is None else deltas):
            if pace and number:
                yield pace
            yield self.delta(delta)

    def end(self) -> Iterator[Step]:
        """Yield the events after the pieces of text, as bytes: one that repeats the whole text, and
        the one that ends the reply, with the usage."""
        if self.script.dialect == "chat":
            yield self.chunk({}, "stop")
            if self.script.usage:
                yield sse({"id": self.id, "choices": [], "usage": _chat_usage(self.script.usage)})
            yield sse("[DONE]")
            return
        yield sse({"type": "response.output_text.done", **self.place, "text": self.text})
        response = self.response("completed", [self.item()], usage=self.script.usage)
        yield sse({"type": "response.completed", "response": response})

    def item(self) -> dict:
        """Return the output item (JSON) of the type message that has the whole text."""
        part = {"type": "output_text", "text": self.text, "annotations": []}
        return {
            "type": "message",
            "id": "msg_1",
            "status": "completed",
            "role": "assistant",
            "content": [part],
        }

    def response(self, status: str, output: list, usage: dict | None = None) -> dict:
        """Return a response object of the Responses API (JSON) with the fields `status`, `output`
        (a list of items) and `usage`."""
        return {
            "id": self.id,
            "object": "response",
            "created_at": 1,
            "status": status,
            "model": self.model,
            "output": output,
            "usage": usage,
        }

    def whole(self) -> dict:
        """Return the JSON of the reply for a request without streaming."""
        if self.script.dialect != "chat":
            return self.response("completed", [self.item()], usage=self.script.usage)
        message = {"role": "assistant", "content": self.text}
        return {
            "id": self.id,
            "object": "chat.completion",
            "created": 1,
            "model": self.model,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": _chat_usage(self.script.usage),
        }

    def half(self) -> list[str]:
        """Return the first half of `deltas`, the pieces of the text; at least one piece."""
        return self.deltas[: max(1, len(self.deltas) // 2)]

    def rest(self) -> list[str]:
        """Return the pieces of the text (of `deltas`) that `half` does not return."""
        return self.deltas[len(self.half()) :]


def _chat_usage(usage: dict | None) -> dict | None:
    if usage is None:
        return None
    return {
        "prompt_tokens": usage.get("input_tokens"),
        "completion_tokens": usage.get("output_tokens"),
        "total_tokens": usage.get("total_tokens"),
    }


def _well(answer: _Answer) -> Iterator[Step]:
    yield from answer.begin()
    yield from answer.middle()
    yield from answer.end()


def _cut_by(*acts: Step):
    def fault(answer: _Answer) -> Iterator[Step]:
        yield from answer.begin()
        yield from answer.middle(answer.half())
        yield from acts

    return fault


def _hang_after_headers(answer: _Answer) -> Iterator[Step]:
    yield HANG


def _stall(answer: _Answer) -> Iterator[Step]:
    yield from answer.begin()
    yield from answer.middle(answer.half())
    yield HANG


def _wait(answer: _Answer) -> Iterator[Step]:
    yield from answer.begin()
    yield from answer.middle(answer.half())
    yield WAIT
    yield from answer.middle(answer.rest())
    yield from answer.end()


def _drip(answer: _Answer) -> Iterator[Step]:
    for step in _well(answer):
        data = step if isinstance(step, bytes) else b""
        for start in range(0, len(data), 3):
            yield data[start : start + 3]
            yield 0.0005


def _unicorn(answer: _Answer) -> tuple[bytes, bytes]:
    """Return a text event that ends in 🦄 as two pieces of bytes, cut within the character's four
    bytes of UTF-8."""
    event = {"type": "response.output_text.delta", **answer.place, "delta": " 🦄"}
    frame = f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode()
    middle = frame.index("🦄".encode()) + 2
    return frame[:middle], frame[middle:]


def _cut_character(answer: _Answer) -> Iterator[Step]:
    yield from answer.begin()
    yield from answer.middle()
    yield _unicorn(answer)[0]
    yield CLOSE


def _split_character(answer: _Answer) -> Iterator[Step]:
    yield from answer.begin()
    yield from answer.middle()
    first, second = _unicorn(answer)
    yield first
    yield 0.02
    yield second
    answer.text += " 🦄"
    yield from answer.end()


def _long_line(answer: _Answer) -> Iterator[Step]:
    yield from answer.begin()
    yield b": " + b"x" * (5 * 1024 * 1024) + b"\n\n"
    yield from answer.middle()
    yield from answer.end()


def _too_long_line(answer: _Answer) -> Iterator[Step]:
    yield from answer.begin()
    yield from answer.middle()
    for _ in range(7):
        yield b"x" * (1024 * 1024)
    yield from answer.end()


def _surrogates(answer: _Answer) -> Iterator[Step]:
    yield from answer.begin()
    for delta in ("\ud83e", "\udd84 and ", "\ude00", " and \ud83d", " stray"):
        yield answer.delta(delta)
    answer.text = ""
    yield from answer.end()


def _odd_usage(answer: _Answer) -> Iterator[Step]:
    yield from answer.begin()
    yield from answer.middle()
    usage = '{"input_tokens": NaN, "output_tokens": 1%s, "total_tokens": "9"}' % ("0" * 5000)
    response = json.dumps(answer.response("completed", [])).replace("null", usage)
    yield f'data: {{"type": "response.completed", "response": {response}}}\n\n'.encode()


def _brackets(answer: _Answer) -> Iterator[Step]:
    yield from answer.begin()
    yield b"data: " + b"[" * 100_000 + b"\n\n"
    yield from answer.middle()
    yield from answer.end()


def _invalid_utf8(answer: _Answer) -> Iterator[Step]:
    yield from answer.begin()
    yield answer.delta("bad: ").replace(b"bad", b"b\xff\xfed")
    answer.text = ""
    yield from answer.end()


def _two_ends(answer: _Answer) -> Iterator[Step]:
    yield from _well(answer)
    yield from answer.end()
    yield sse({"type": "response.failed", "response": {"status": "failed"}})


def _text_after_end(answer: _Answer) -> Iterator[Step]:
    yield from _well(answer)
    yield from answer.middle(["never", " shown"])


def _malformed(answer: _Answer) -> Iterator[Step]:
    yield from answer.begin()
    yield from answer.middle(answer.half())
    yield b'data: {"type":"response.output_text.delta","delta":"lo\n\n'
    yield from answer.middle(answer.rest()[1:])
    yield from answer.end()


def _malformed_aside(answer: _Answer) -> Iterator[Step]:
    yield from answer.begin()
    yield b'data: {"type":"response.something.else","del\n\n'
    yield from answer.middle()
    yield from answer.end()


def _error_after_text(answer: _Answer) -> Iterator[Step]:
    yield from answer.begin()
    yield from answer.middle(answer.half())
    yield sse({"error": {"code": 500, "message": "The model crashed.", "type": "server_error"}}, "")


def _error_at_once(answer: _Answer) -> Iterator[Step]:
    yield sse({"type": "response.created", "response": answer.response("in_progress", [])})
    error = {"code": "rate_limit_exceeded", "message": "Slow down, please."}
    failed = {**answer.response("failed", []), "error": error}
    yield sse({"type": "response.failed", "response": failed})


def _reset_after_end(answer: _Answer) -> Iterator[Step]:
    yield from _well(answer)
    yield 0.02
    yield RESET


def _open_end(answer: _Answer) -> Iterator[Step]:
    yield from _well(answer)
    yield HANG


FAULTS = {
    "": _well,
    "hang_after_headers": _hang_after_headers,
    "stall": _stall,
    "wait": _wait,
    "drip": _drip,
    "cut": _cut_by(),
    "close": _cut_by(0.02, CLOSE),
    "reset": _cut_by(0.02, RESET),
    "half_close": _cut_by(HALF_CLOSE),
    "cut_character": _cut_character,
    "split_character": _split_character,
    "long_line": _long_line,
    "too_long_line": _too_long_line,
    "surrogates": _surrogates,
    "odd_usage": _odd_usage,
    "brackets": _brackets,
    "invalid_utf8": _invalid_utf8,
    "two_ends": _two_ends,
    "text_after_end": _text_after_end,
    "malformed": _malformed,
    "malformed_aside": _malformed_aside,
    "error_after_text": _error_after_text,
    "error_at_once": _error_at_once,
    "open_end": _open_end,
    "reset_after_end": _reset_after_end,
}


@pytest.fixture
def gateway(request: pytest.FixtureRequest) -> Iterator[Gateway]:
    """Return a Gateway that echoes unless scripted otherwise: one for this test, or the shared one
    if the test uses `stage`."""
    if "stage" in request.fixturenames:
        yield request.getfixturevalue("stage").gateway
        return
    server = Gateway().start()
    yield server
    server.stop()


def main() -> None:
    """Run the gateway in the foreground with the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--pace", type=float, default=0.05, help="seconds between two pieces")
    parser.add_argument("--first", type=float, default=0.0, help="seconds before the first")
    parser.add_argument("--pieces", type=int, help="how many, instead of an echo")
    parser.add_argument("--dialect", choices=["responses", "chat"], default="responses")
    options = parser.parse_args()
    server = Gateway(
        options.port, Script(**{k: v for k, v in vars(options).items() if k != "port"})
    )
    print(f"listening on {server.url}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
