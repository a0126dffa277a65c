"""A reply as far as it has been understood; where both dialects meet."""

from .events import Event, Failed, Finished, Reasoning, Started, Status, Text
from .failures import Complaint, code_for
from .usage import Usage
from .words import Words, healed, name


class Channel:
    """Text that arrives in pieces and is handed on once per read, whole and clean."""

    def __init__(self, limit: int) -> None:
        """`limit` is in characters; what goes beyond it is cut off and sets `overflown`."""
        self.limit = limit
        self.incoming = 0
        self.overflown = False
        self.skip_newlines = False
        self._pieces: list[str] = []
        self._size = 0
        self._ready: list[str] = []

    def __bool__(self) -> bool:
        """Say whether anything was ever written to it."""
        return self.incoming > 0

    def add(self, piece: str) -> None:
        """Take the next piece. `incoming` is an upper bound of the characters so far."""
        # An empty piece is no text: what the final object says still counts.
        if piece:
            self._pieces.append(piece)
            self.incoming += len(piece)

    def settle(self, *, last: bool = False) -> None:
        """Clean what has come in; half a character is kept for the other half, unless `last`."""
        text = "".join(self._pieces)
        self._pieces.clear()
        if not last and "\ud800" <= text[-1:] <= "\udbff":
            self._pieces.append(text[-1])
            text = text[:-1]
        if not text.isascii() or "\0" in text:
            text = healed(text)
        if self.skip_newlines and not self._size:
            text = text.lstrip("\r\n")
        if len(text) > self.limit - self._size:
            text = text[: self.limit - self._size]
            self.overflown = True
        if text:
            self._size += len(text)
            self._ready.append(text)
        self.incoming = max(1, self._size + len(self._pieces))

    def take(self, *, last: bool = False) -> str:
        """Give what is ready to be handed on."""
        if self._pieces:
            self.settle(last=last)
        elif not self._ready:
            return ""
        text = "".join(self._ready)
        self._ready.clear()
        return text


class Answer:
    """Collects what the dialects find and gives it as events, at most one of a kind at a time."""

    def __init__(self, words: Words, max_characters: int, max_output_tokens: int | None) -> None:
        """`max_output_tokens` is the limit that was asked for, if any."""
        self.words = words
        self.text = Channel(max_characters)
        self.reasoning = Channel(max_characters)
        self.refusal = Channel(max_characters)
        self.max_output_tokens = max_output_tokens
        self.usage: Usage | None = None
        self.tool_note = False
        self.phase = ""
        self.dialect = "responses"
        self.streamed = False
        self.end: Finished | Failed | None = None
        # Something of an answer has come, even if it is no text yet.
        self.began = False
        # A part of the stream could not be read, and nothing since has shown the text to be whole.
        self.gap = False
        self._upstream_id = ""
        self._model = ""
        self._identified = False

    def identify(self, upstream_id: object, model: object) -> None:
        """Note who answers: the first id and the latest model count."""
        self.began = True
        upstream_id = self._upstream_id or name(upstream_id, 2000)
        model = name(model) or self._model
        if (upstream_id, model) != (self._upstream_id, self._model):
            self._upstream_id, self._model = upstream_id, model
            self._identified = True

    def is_overlong(self) -> bool:
        """Say whether it is longer than it may be; then it has been ended."""
        for channel in (self.text, self.reasoning, self.refusal):
            if channel.incoming > channel.limit:
                channel.settle()
                if channel.overflown:
                    self.end = Finished("incomplete", "too_long")
                    return True
        return False

    def finish(self, status: Status, reason: str = "", complaint: Complaint | None = None) -> None:
        """End the answer; the first end counts. A failure with nothing to show is a Failed."""
        if self.end:
            return
        code = ""
        message = ""
        if complaint or status == "failed":
            complaint = complaint or Complaint()
            code = code_for(complaint)
            message = self.words.sentence(complaint.message)
            reason = reason or complaint.code or complaint.kind
            if not (self.text or self.reasoning or self.refusal or self.usage):
                self.end = Failed(code, message)
                return
        if self.gap and status in ("completed", "incomplete"):
            status, reason = "interrupted", "malformed"
        if status == "completed" and not reason and self._limit_was_reached():
            reason = "max_output_tokens"
        self.end = self._finished(status, name(self.words.sentence(reason)), code, message)

    def cut(self, reason: str, fault: Failed | None = None) -> None:
        """End the answer where it broke off; with nothing of an answer yet, `fault` is the end."""
        if self.end:
            return
        if self.began or fault is None:
            self.end = self._finished("interrupted", reason, fault.code if fault else "")
        else:
            self.end = fault

    def _finished(self, status: Status, reason: str, code: str, message: str = "") -> Finished:
        return Finished(
            status=status,
            reason=reason,
            usage=self.usage,
            error_code=code,
            error_message=message,
            refusal=self.refusal.take(last=True),
            tool_note=self.tool_note,
            phase=self.phase,
            shape=f"{self.dialect}-{'stream' if self.streamed else 'body'}",
        )

    def take(self) -> list[Event]:
        """Give what is new since the last time."""
        events: list[Event] = []
        last = self.end is not None
        if self._identified:
            self._identified = False
            events.append(Started(self._upstream_id, self._model))
        if reasoning := self.reasoning.take(last=last):
            events.append(Reasoning(reasoning))
        if text := self.text.take(last=last):
            events.append(Text(text))
        return events

    def _limit_was_reached(self) -> bool:
        # llama.cpp and Ollama call an answer cut by the limit "completed".
        used = self.usage.output_tokens if self.usage else None
        limit = self.max_output_tokens
        return used is not None and limit is not None and used >= limit
