"""What a gateway sends, as events: bytes in, events out, no input or output of its own."""

from .answer import Answer
from .chat_dialect import ChatDialect
from .events import Event, Failed
from .failures import complaint_in
from .jsontext import parse
from .responses_dialect import ResponsesDialect
from .sse import Frames
from .words import Words

LONGEST_LINE = 16 * 1024 * 1024
LONGEST_REPLY = 2_000_000

# Byte order mark and white space, which may come before anything.
_BLANK = b"\xef\xbb\xbf \t\r\n"


class Decoder:
    """The body of one answer, an event stream or one JSON object, decided by what it looks like.

    However the bytes are cut, the events are the same once texts are joined. The last event is
    a Finished or a Failed; then `done` is true and the rest of the body does not matter.
    """

    def __init__(
        self,
        *,
        words: Words | None = None,
        about: str = "",
        max_output_tokens: int | None = None,
        longest_line: int = LONGEST_LINE,
        longest_reply: int = LONGEST_REPLY,
    ) -> None:
        """`about` is said of a body that is no answer; limits are in bytes and characters."""
        self._about = about
        self._longest_line = longest_line
        self._answer = Answer(words or Words(), longest_reply, max_output_tokens)
        self._responses = ResponsesDialect(self._answer)
        self._chat = ChatDialect(self._answer)
        self._longest_reply = longest_reply
        self._size = 0
        self._frames: Frames | None = None
        self._body: list[bytes] | None = None
        self.done = False

    @property
    def closing(self) -> bool:
        """Whether the answer is whole and only usage may follow, if anything."""
        return self._chat.finishing

    def feed(self, data: bytes) -> list[Event]:
        """Take what has been read and give what it says; nothing once `done`."""
        if self.done or not data:
            return []
        self._size += len(data)
        if self._frames is None and self._body is None:
            data = self._begin(data)
        if self._frames is not None:
            self._take_frames(self._frames.feed(data))
        elif self._body is not None:
            self._body.append(data)
            if self._size > self._longest_line:
                self._too_long()
        return self._events()

    def finish(self, fault: Failed | None = None) -> list[Event]:
        """Say that no more will come, because of `fault` or because the body is over."""
        if self.done:
            return []
        if self._frames is not None:
            self._take_frames(self._frames.flush())
        if self._body is not None and not self._answer.end:
            self._end_of_body()
        self._end_of_stream(fault)
        return self._events()

    def _begin(self, data: bytes) -> bytes:
        data = data.lstrip(_BLANK)
        first = data[:1]
        if first in (b"{", b"["):
            self._body = []
        elif first == b"<":
            self._answer.end = Failed("not_api", self._about)
        elif first:
            self._frames = Frames(self._longest_line)
            self._answer.streamed = True
        return data

    def _events(self) -> list[Event]:
        answer = self._answer
        events = answer.take()
        if answer.end:
            self.done = True
            events.append(answer.end)
        return events

    def _take_frames(self, frames: list[tuple[bytes, bytes]]) -> None:
        answer = self._answer
        # No text has more characters than it had bytes, so most replies need not be measured.
        may_be_overlong = self._size > self._longest_reply
        for name, data in frames:
            self._frame(name, data)
            if answer.end or (may_be_overlong and answer.is_overlong()):
                return
        if self._frames.too_long:
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
            self._answer.began = True
            self._responses.text_delta(frame)
        elif self._responses.handle(kind, frame):
            self._answer.began = True
        elif isinstance(frame.get("choices"), list):
            self._chat.chunk(frame)
        elif kind is None and self._responses.handle(name.decode("latin-1"), frame):
            self._answer.began = True
        else:
            self._shapeless(frame)

    def _no_json(self, data: bytes) -> None:
        if data == b"[DONE]":
            self._end_of_stream(None)
        elif data[:1] in (b"{", b"[") and not self.closing:
            self._answer.gap = True

    def _shapeless(self, frame: dict) -> None:
        # An event of a type unknown to us says nothing, unless it is an error.
        if frame.get("type") is not None:
            if frame.get("error"):
                self._answer.finish("failed", complaint=complaint_in(frame))
            return
        inner = frame["response"] if isinstance(frame.get("response"), dict) else frame
        if inner.get("status") in ("queued", "in_progress"):
            self._answer.identify(inner.get("id"), inner.get("model"))
        else:
            self._whole(frame)

    def _end_of_stream(self, fault: Failed | None) -> None:
        if self._chat.finishing:
            self._chat.finish()
        self._answer.cut(fault.code if fault else "cut", fault or self._nothing())

    def _nothing(self) -> Failed | None:
        return None if self._answer.began else Failed("not_api", self._about)

    def _too_long(self) -> None:
        self._answer.cut("line_too_long", Failed("line_too_long", self._about))

    def _end_of_body(self) -> None:
        try:
            body = parse(b"".join(self._body))
        except ValueError:
            return
        if isinstance(body, dict) and not self._whole(body) and (found := complaint_in(body)):
            self._answer.finish("failed", complaint=found)
        self._answer.is_overlong()

    def _whole(self, body: dict, depth: int = 0) -> bool:
        """Take a whole answer in any of its shapes; False if it has none of them."""
        if isinstance(body.get("output"), list):
            self._responses.whole(body)
        elif isinstance(body.get("choices"), list):
            self._chat.whole(body)
        elif body.get("error"):
            self._answer.finish("failed", complaint=complaint_in(body))
        elif isinstance(body.get("output_text"), str):
            self._responses.whole(body)
        elif depth < 3 and isinstance(body.get("response"), dict):
            return self._whole(body["response"], depth + 1)
        elif depth < 3 and isinstance(body.get("data"), dict):
            return self._whole(body["data"], depth + 1)
        else:
            return False
        return True
