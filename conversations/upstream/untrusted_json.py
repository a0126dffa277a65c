"""JSON from a gateway, with limits on depth, on members and on the digits of an integer."""

import json
import re

# Python refuses integers of more than 4,300 digits, and with them the whole text.
LONGEST_INTEGER = 30
# Values and keys in one text. As Python objects a member takes up to 200 bytes, its text as few
# as three: `[[],[],…]` of 16 MB would become 1 GB.
MOST_MEMBERS = 250_000

# A shorter text cannot have as many.
_LONG = 2 * MOST_MEMBERS

_string = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)


def parse(data: bytes) -> object:
    """Parse `data` as JSON in UTF-8, whatever charset was declared; bad bytes become U+FFFD.

    An integer of more than 30 digits becomes None, control characters in strings are let pass.
    Raises ValueError for what is no JSON, is nested too deeply (some hundreds of levels, Python's
    own limit) or has more than 250,000 members.
    """
    if len(data) > _LONG and _has_too_many_members(data):
        raise ValueError("too many members")
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


def _has_too_many_members(data: bytes) -> bool:
    if _separators(data) <= MOST_MEMBERS:
        return False
    # A long answer has commas of its own.
    return _separators(_string.sub(b"", data)) > MOST_MEMBERS


def _separators(data: bytes) -> int:
    return sum(data.count(each) for each in (b",", b"[", b"{", b":"))


def _parse_leniently(text: str) -> object:
    try:
        return _lenient.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= LONGEST_INTEGER else None


_strict = json.JSONDecoder().raw_decode
_lenient = json.JSONDecoder(strict=False, parse_int=_integer)
