"""JSON from a stranger: whatever it is, it is parsed or it is a ValueError."""

import json

# Python refuses integers of more than 4,300 digits, and with them the whole text.
LONGEST_INTEGER = 30


def parse(data: bytes) -> object:
    """Parse JSON text, as UTF-8 whatever was declared; bad bytes become U+FFFD.

    A number too long to be meant becomes None, control characters in strings are let pass.
    Raises ValueError, also for text nested too deeply.
    """
    text = data.decode("utf-8", "replace").strip()
    try:
        # What `json.loads` does besides this costs as much as the parsing of a short text.
        value, end = _strict(text)
    except ValueError:
        return _parse_leniently(text.lstrip("\ufeff"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if end != len(text):
        raise ValueError("something follows the end")
    return value


def _parse_leniently(text: str) -> object:
    try:
        return _lenient.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= LONGEST_INTEGER else None


_strict = json.JSONDecoder().raw_decode
_lenient = json.JSONDecoder(strict=False, parse_int=_integer)
