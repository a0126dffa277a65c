"""JSON parser for what a gateway sends, with limits on depth, members and digits of an integer."""

import json

# Python refuses integers of more than 4,300 digits, and with them the whole text.
LONGEST_INTEGER = 30
# Commas, colons and opening brackets in one text, those within strings too: a long answer in JSON
# or code has fewer. Each may become a Python object of a hundred bytes where the text has
# three: `[[],[],…]` of 16 MB would take 1 GB.
MOST_SEPARATORS = 400_000


def parse(data: bytes) -> object:
    """Parse `data`, JSON in UTF-8 whatever charset was declared, and return its value.

    Bad bytes become U+FFFD, an integer of more than 30 digits may become None, control characters
    in strings are accepted. Raises ValueError for what is no JSON, is nested too deeply (some
    hundreds of levels, Python's own limit) or has more than MOST_SEPARATORS commas, colons and
    brackets.
    """
    if len(data) > MOST_SEPARATORS and sum(map(data.count, b",:[{")) > MOST_SEPARATORS:
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


def _parse_leniently(text: str) -> object:
    try:
        return _lenient.decode(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) <= LONGEST_INTEGER else None


_strict = json.JSONDecoder().raw_decode
_lenient = json.JSONDecoder(strict=False, parse_int=_integer)
