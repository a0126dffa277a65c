"""Decoder of response bodies: takes bytes, returns events, and does no input or output itself."""

from pathlib import Path

from .chat_completions import ChatCompletionsReader
from .events import Event, Failed
from .gateway_errors import error_in
from .gateway_text import Redactor
from .pictures import PictureFilter
from .response_builder import ResponseBuilder
from .responses_events import ResponsesReader
from .sse import Frames
from .untrusted_json import parse

LONGEST_LINE = 16 * 1024 * 1024  # bytes of a line, an event or a body that is no stream
LONGEST_REPLY = 2_000_000  # characters

# Byte order mark and white space, which may come before anything.
_BLANK = b"\xef\xbb\xbf \t\r\n"


class Decoder:
    """Decoder of the body of one HTTP response, of the Responses or the chat-completions API.

    Whether it is an event stream or one JSON object is told from its first bytes, not from headers.
    The text that the events add up to does not depend on how the bytes are cut. The last event is a
    Finished or a Failed; then `done` is True and the rest of the body may be left unread.

    Pictures wait in memory until `pictures`, a PictureFilter, writes them: see its `is_waiting`.
    """

    def __init__(
        self,
        *,
        redactor: Redactor | None = None,
        summary: str = "",
        max_output_tokens: int | None = None,
        longest_line: int = LONGEST_LINE,
        longest_reply: int = LONGEST_REPLY,
        picture_folder: Path | None = None,
    ) -> None:
        """Prepare for one body; all parameters are optional.

        `redactor` removes secrets from the gateway's sentences. `summary`, such as "status 200,
        text/html", is the message of the Failed event for a body that is no response.
        `max_output_tokens` is the limit that the request set (None: none), by which an answer that
        was cut off is recognised. `longest_line` (bytes) limits a line, an event or a whole JSON
        body, `longest_reply` (characters) the text. `picture_folder` is the folder of temporary
        files for pictures (None: they are not kept); pictures in base64 have limits of their own.
        """
        self._summary = summary
        self.pictures = PictureFilter(picture_folder)
        self._longest_line = longest_line
        self._builder = ResponseBuilder(
            redactor or Redactor(), longest_reply, max_output_tokens, self.pictures
        )
        self._responses = ResponsesReader(self._builder)
        self._chat = ChatCompletionsReader(self._builder)
        self._longest_reply = longest_reply
        self._size = 0
        self._frames: Frames | None = None
        self._body: list[bytes] | None = None
        self.done = False

    @property
    def closing(self) -> bool:
        """True if the text is complete and only token counts may follow (chat completions only)."""
        return self._chat.finishing

    def feed(self, data: bytes) -> list[Event]:
        """Decode `data`, the next bytes of the body, and return the new events; [] once `done`."""
        if self.done or not data:
            return []
        data = self.pictures.feed(data)
        if self.pictures.too_long:
            self._too_long()
            return self._events()
        return self._decoded(data) if data else []

    def _decoded(self, data: bytes) -> list[Event]:
        """Decode `data`, bytes without pictures, and return the new events."""
        self._size += len(data)
        if self._frames is None and self._body is None:
            data = self._begin(data)
        if self._frames is not None:
            self._take_frames(self._frames, self._frames.feed(data))
        elif self._body is not None:
            self._body.append(data)
            if self._size > self._longest_line:
                self._too_long()
        return self._events()

    def finish(self, fault: Failed | None = None) -> list[Event]:
        """Return the last events after the end of the body; [] if `done` already.

        `fault` is the Failed event for the error that broke the body off, None after a regular end.
        """
        if self.done:
            return []
        before: list[Event] = []
        if held := self.pictures.finish():
            before = self._decoded(held)
            if self.done:
                return before
        if self._frames is not None:
            self._take_frames(self._frames, self._frames.flush())
        if self._body is not None and not self._builder.end:
            self._end_of_body(b"".join(self._body))
        self._end_of_stream(fault)
        return before + self._events()

    def _begin(self, data: bytes) -> bytes:
        data = data.lstrip(_BLANK)
        first = data[:1]
        if first in (b"{", b"["):
            self._body = []
        elif first == b"<":
            self._builder.end = Failed("not_api", self._summary)
        elif first:
            self._frames = Frames(self._longest_line)
            self._builder.streamed = True
        return data

    def _events(self) -> list[Event]:
        builder = self._builder
        events = builder.take()
        if builder.end:
            self.done = True
            events.append(builder.end)
        return events

    def _take_frames(self, source: Frames, frames: list[tuple[bytes, bytes]]) -> None:
        builder = self._builder
        # No text has more characters than it had bytes, so most replies need not be measured.
        may_be_overlong = self._size > self._longest_reply
        for name, data in frames:
            self._frame(name, data)
            if builder.end or (may_be_overlong and builder.is_overlong()):
                return
        if source.too_long:
            self._too_long()

    def _frame(self, name: bytes, data: bytes) -> None:
        try:
            frame = parse(data)
        except ValueError:
            self._no_json(data.strip())
            return
        if not isinstance(frame, dict):
            return
        kind = frame.get("type")
        if kind == "response.output_text.delta":
            self._builder.began = True
            self._responses.text_delta(frame)
        elif self._responses.handle(kind, frame):
            self._builder.began = True
        elif isinstance(frame.get("choices"), list):
            self._chat.chunk(frame)
        elif kind is None and self._responses.handle(name.decode("latin-1"), frame):
            self._builder.began = True
        else:
            self._shapeless(frame)

    def _no_json(self, data: bytes) -> None:
        if data == b"[DONE]":
            self._end_of_stream(None)
        elif data[:1] in (b"{", b"[") and not self.closing:
            self._builder.gap = True

    def _shapeless(self, frame: dict) -> None:
        # An event of a type unknown to us says nothing, unless it is an error.
        if frame.get("type") is not None:
            if frame.get("error"):
                self._builder.finish("failed", error=error_in(frame))
            return
        inner = frame["response"] if isinstance(frame.get("response"), dict) else frame
        if inner.get("status") in ("queued", "in_progress"):
            self._builder.identify(inner.get("id"), inner.get("model"))
        else:
            self._whole(frame)

    def _end_of_stream(self, fault: Failed | None) -> None:
        if self._chat.finishing:
            self._chat.finish()
        self._builder.cut(fault.code if fault else "cut", fault or self._nothing())

    def _nothing(self) -> Failed | None:
        return None if self._builder.began else Failed("not_api", self._summary)

    def _too_long(self) -> None:
        self._builder.cut("line_too_long", Failed("line_too_long", self._summary))

    def _end_of_body(self, data: bytes) -> None:
        try:
            body = parse(data)
        except ValueError:
            return
        if isinstance(body, dict) and not self._whole(body) and (found := error_in(body)):
            self._builder.finish("failed", error=found)
        self._builder.is_overlong()

    def _whole(self, body: dict, depth: int = 0) -> bool:
        """Read `body`, a whole response in any known shape; return False if it has none of them.

        `depth` counts how often `response` or `data` has been unwrapped, at most three times.
        """
        if isinstance(body.get("output"), list):
            self._responses.whole(body)
        elif isinstance(body.get("choices"), list):
            self._chat.whole(body)
        elif body.get("error"):
            self._builder.finish("failed", error=error_in(body))
        elif isinstance(body.get("output_text"), str):
            self._responses.whole(body)
        elif depth < 3 and isinstance(body.get("response"), dict):
            return self._whole(body["response"], depth + 1)
        elif depth < 3 and isinstance(body.get("data"), dict):
            return self._whole(body["data"], depth + 1)
        else:
            return False
        return True
