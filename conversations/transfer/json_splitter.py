"""Splitter of a JSON file into the bytes of the objects in it, in bounded memory. Pure.

A file is one object, or a list of objects, each of which the caller parses by itself: its bytes are
cut out by counting brackets outside of strings. So a file may be larger than memory, and an error
in one conversation affects only that one. ijson was tried: its C parser rejects the whole file at
half a surrogate pair, `NaN` or a large number, all of which exports have; its Python parser takes
thirteen times the processor time.
"""

import re
from dataclasses import dataclass

CHUNK = 262_144  # bytes read at a time
# Limits of one object: `json` parses it in one step, in which no other thread runs, and takes at
# most 100 ms of processor time for it. A conversation of a thousand long messages has some 5 MB.
MOST_BYTES = 8_000_000
MOST_TOKENS = 170_000  # brackets, commas and strings
MOST_DEPTH = 100
HEAD = 20_000  # bytes kept of an object beyond the limits
# Of a file: lists and objects that are no conversations, and tokens in those beyond the limits.
MOST_OTHERS = 100_000
MOST_SKIPPED = 5_000_000
# An object with less cannot be a conversation.
LEAST_BYTES = 14

_TOKEN = re.compile(
    rb'"(?:[^"\\]++|\\.)*+(?:"|(?P<open>\\?\Z))|[\[{]|[\]}]|,',
    re.DOTALL,
)
_REST_OF_TEXT = re.compile(rb'(?:[^"\\]++|\\.)*+("?)', re.DOTALL)
_OPENING, _CLOSING = b"[{", b"]}"
_SPACE = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


class NotJson(ValueError):
    """Exception: a file is no JSON object or list, or has too much in it that cannot be a
    conversation."""


class CutOff(NotJson):
    """Exception: a file ends in the middle of its JSON: a bracket was not closed."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of one JSON object in a file. For an object larger than the limits of this module
    `is_whole` is False, and `content` has only its first HEAD bytes."""

    content: bytes
    is_whole: bool = True


def split(file):
    """Yield a Piece for each object of the JSON `file` (binary, at its beginning), which is one
    object or a list of objects, and None after each read of the file, so that the caller can pause.
    Raises NotJson, or its subclass CutOff if the file ends too early."""
    splitter = _Splitter()
    # At least as much as is buffered, so that a long string is not searched again for each chunk.
    while data := file.read(max(CHUNK, splitter.waiting)):
        yield from splitter.feed(data)
        yield None
    splitter.end()


class _Splitter:
    """State of `split` between two reads: buffered bytes, counts of brackets and tokens."""

    def __init__(self):
        self._buffer = b""
        self._at = 0  # where in the buffer the next token is looked for
        self._start = None  # where in the buffer the object begins
        self._depth = 0
        self._outer = None  # the depth of the list around the objects; 0 where there is none
        self._tokens = 0
        self._skips = False  # the object is beyond the limits
        self._head = b""
        self._in_text = False  # of which the beginning was dropped
        self._others = 0
        self._skipped = 0

    @property
    def waiting(self):
        """Return the number of bytes in the buffer that were not searched for tokens yet."""
        return len(self._buffer) - self._at

    def feed(self, data):
        """Take `data`, the next bytes of the file, and yield the Pieces that are complete."""
        if self._start is None and not self.waiting and data.isspace():
            return
        self._buffer += data
        if self._outer is None and not self._begin():
            return
        if self._in_text and not self._leave_text():
            return
        for token in _TOKEN.finditer(self._buffer, self._at):
            if token.lastgroup:
                # A string that goes on in the next chunk is looked at again then.
                self._at = token.start()
                break
            piece = self._take(token)
            if piece is not None:
                yield piece
        else:
            self._at = len(self._buffer)
        self._forget()

    def end(self):
        """Check the state at the end of the file: raise NotJson if the file was empty, CutOff if a
        bracket is still open."""
        if self._outer is None:
            raise NotJson("it is empty")
        if self._depth > 0:
            raise CutOff("it ends too early")

    def _begin(self):
        """Return True if the buffer has the file's first bracket, which tells a list from an
        object; False if only white space was read. Raises NotJson for anything else."""
        if len(self._buffer) < len(_BOM) and _BOM.startswith(self._buffer):
            return False
        first = self._buffer.removeprefix(_BOM).lstrip(_SPACE)[:1]
        if first not in (b"", b"[", b"{"):
            raise NotJson("it begins with something else")
        if first:
            self._outer = 1 if first == b"[" else 0
        else:
            self._buffer = self._buffer[:3]
        return bool(first)

    def _leave_text(self):
        """Drop the rest of a long string, whose beginning was dropped before, from the buffer;
        return True if the end of the string was in it."""
        rest = _REST_OF_TEXT.match(self._buffer)
        self._in_text = not rest[1]
        self._buffer, self._at = self._buffer[rest.end() :], 0
        return not self._in_text

    def _take(self, token):
        """Count a bracket, comma or string (a match of _TOKEN); return the Piece that it completes,
        else None. Raise NotJson if more than MOST_SKIPPED tokens were skipped."""
        self._tokens += 1
        kind = self._buffer[token.start()]
        if kind in _OPENING:
            if self._depth == self._outer:
                self._start, self._tokens, self._skips = token.start(), 0, False
            self._depth += 1
        elif kind in _CLOSING:
            self._depth -= 1
            if self._depth == self._outer and self._start is not None:
                return self._end_object(token.end())
        if self._tokens > MOST_TOKENS or self._depth > MOST_DEPTH:
            self._check(token.end(), is_too_much=True)
            self._skipped += 1
            if self._skipped > MOST_SKIPPED:
                raise NotJson("there is too much in it that is no conversation")
        return None

    def _check(self, end, is_too_much=False):
        """Skip the rest of the current object if `is_too_much` is True, or if its bytes up to the
        offset `end` in the buffer are more than MOST_BYTES; its first HEAD bytes are kept."""
        if self._start is None or self._skips:
            return
        if is_too_much or end - self._start > MOST_BYTES:
            self._skips = True
            self._head = self._buffer[self._start : min(end, self._start + HEAD)]

    def _end_object(self, end):
        start, self._start = self._start, None
        if self._skips:
            return Piece(self._head, is_whole=False)
        if self._buffer[start : start + 1] == b"{" and end - start >= LEAST_BYTES:
            return Piece(self._buffer[start:end])
        self._others += 1
        if self._others > MOST_OTHERS:
            raise NotJson("there is too much in it that is no conversation")
        return None

    def _forget(self):
        """Drop from the buffer all bytes but those of the current, incomplete object (unless it is
        skipped) and those that were not searched for tokens yet."""
        self._check(len(self._buffer))
        kept = self._at
        if self._start is not None and not self._skips:
            kept = min(kept, self._start)
        elif self.waiting > CHUNK:
            # A long string outside of any object, or in one that is skipped.
            kept, self._in_text = self._at + 1, True
            self._at = kept
        self._buffer = self._buffer[kept:]
        self._at -= kept
        if self._start is not None:
            self._start = max(self._start - kept, 0)
