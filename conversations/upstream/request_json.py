"""JSON of a request's body, made without holding up the event loop.

The json module holds the GIL (the lock of Python's interpreter) until a whole value is serialised,
also in a thread. So each text of a long input is serialised by itself.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator

# Levels of JSON of which each value is serialised by itself: down to the content parts of an item.
DEPTH = 5
SLICE = 500_000  # characters of a text, or bytes of the body, that are written at a time
SHORT = 200_000  # characters of input; what has no more is written at once


async def encoded(body: dict) -> bytes:
    """Return `body`, a request's body, as JSON in UTF-8; in a thread if its input is long."""
    if _is_short(body.get("input")):
        return _json(body).encode("utf-8", "replace")
    return await asyncio.to_thread(_joined, body)


async def slices(content: bytes) -> AsyncGenerator[bytes, None]:
    """Yield `content`, a request's body, in slices of at most SLICE bytes, so that the connection
    is handed, and TLS encrypts, no more than that at a time."""
    for start in range(0, len(content), SLICE):
        yield content[start : start + SLICE]


def _is_short(value: object) -> bool:
    """Return True if the texts in `value`, the `input` of a request, have at most SHORT characters
    in all, looking no deeper than the parts of its items."""
    left = SHORT
    for item in value if isinstance(value, list) else [value]:
        content = item.get("content") if isinstance(item, dict) else item
        for part in content if isinstance(content, list) else [content]:
            texts = part.values() if isinstance(part, dict) else [part]
            left -= sum(len(text) for text in texts if isinstance(text, str))
            if left < 0:
                return False
    return True


def _joined(body: dict) -> bytes:
    return b"".join([piece.encode("utf-8", "replace") for piece in _pieces(body, DEPTH)])


def _pieces(value: object, depth: int) -> Iterator[str]:
    """Yield the JSON of `value` in pieces (str): lists and objects down to `depth` levels value by
    value, long texts in slices of SLICE characters."""
    if depth and isinstance(value, dict):
        for at, (name, each) in enumerate(value.items()):
            yield f"{',' if at else '{'}{_json(name)}:"
            yield from _pieces(each, depth - 1)
        yield "}" if value else "{}"
    elif depth and isinstance(value, list):
        for at, each in enumerate(value):
            yield "," if at else "["
            yield from _pieces(each, depth - 1)
        yield "]" if value else "[]"
    elif isinstance(value, str):
        yield '"'
        for start in range(0, len(value), SLICE):
            yield _json(value[start : start + SLICE])[1:-1]
        yield '"'
    else:
        yield _json(value)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
