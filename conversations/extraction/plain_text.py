"""Plain text of any kind (source code, CSV, JSON, Markdown, logs, HTML, SVG) in UTF-8 or UTF-16:
recognizes and reads it."""

import codecs
from typing import BinaryIO

from .finding import TEXT, Finding, Refusal
from .limits import MOST_CHARACTERS

# Control characters that texts have: tab, line ends, form feed, and the escapes of terminals.
_USUAL_CONTROLS = frozenset("\t\n\r\f\b\x1b")
_BLOCK = 1 << 16


def read(file: BinaryIO) -> Finding:
    """Return the Finding with the text of `file` (binary, at its beginning), cut at
    MOST_CHARACTERS, with "\\n" as line ends. Raise Refusal ("unknown") if it is no text: not valid
    in its encoding, with NUL characters, or full of control characters."""
    decoder = codecs.getincrementaldecoder(_encoding_of(file))("strict")
    pieces: list[str] = []
    length = controls = 0
    while True:
        block = file.read(_BLOCK)
        try:
            piece = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            raise Refusal("unknown") from error
        if "\0" in piece:
            raise Refusal("unknown")
        # All of the file is decoded, for a program may begin like a text; not all of it is kept.
        if length < MOST_CHARACTERS:
            controls += sum(each < " " and each not in _USUAL_CONTROLS for each in piece)
            pieces.append(piece)
        length += len(piece)
        if not block:
            break
    text = "".join(pieces).replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    if controls * 20 > min(length, MOST_CHARACTERS):
        raise Refusal("unknown")
    return Finding(
        TEXT, "text/plain", text=text[:MOST_CHARACTERS], is_cut=len(text) > MOST_CHARACTERS
    )


def _encoding_of(file: BinaryIO) -> str:
    """Guess the encoding of `file` from its first bytes and return its name ("utf-8", "utf-16" …).
    The file has to be at its beginning, and is again afterwards."""
    head = file.read(4_096)
    file.seek(0)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Without a byte order mark: of what is mostly ASCII every second byte is 0.
    pairs = len(head) // 2
    if pairs and not len(head) % 2:
        low, high = head[0::2].count(0), head[1::2].count(0)
        if high * 2 > pairs and not low:
            return "utf-16-le"
        if low * 2 > pairs and not high:
            return "utf-16-be"
    return "utf-8"
