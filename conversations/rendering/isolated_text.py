"""Isolation of text from elsewhere: names, titles and error messages within sentences of this site.

A text with letters that run from right to left, or with characters that turn the order around,
would otherwise reorder the words and numbers beside it (Unicode Standard Annex 9). It is enclosed
in isolates, and its own embeddings, overrides and isolates are made visible. Any other text is
unchanged.
"""

import re

from django.utils.html import escape
from django.utils.safestring import mark_safe

from .text_direction import RIGHT_TO_LEFT
from .unsafe_characters import DIRECTION, tidy

FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"
# The marks that act as a letter of one direction: left-to-right, right-to-left, Arabic letter.
MARK = re.compile("[\u200e\u200f\u061c]")


def turns_order(text: str) -> bool:
    """Return True if `text` could change the order of the text beside it."""
    found = not text.isascii() and any(
        each.search(text) for each in (DIRECTION, MARK, RIGHT_TO_LEFT)
    )
    return bool(found)


def isolated(text) -> str:
    """Return str(text) to insert into a plain sentence, an attribute, a `<title>` or an e-mail:
    between U+2068 and U+2069 if it could change the order of what stands beside it. It is not
    escaped."""
    text = str(text)
    if turns_order(text):
        return f"{FIRST_STRONG_ISOLATE}{tidy(text)}{POP_ISOLATE}"
    return text


def isolated_html(text) -> str:
    """Return str(text) escaped as safe HTML, in a `<bdi>` if it could change the order of what
    stands beside it."""
    text = str(text)
    if turns_order(text):
        return mark_safe(f"<bdi>{escape(tidy(text))}</bdi>")  # noqa: S308 (escaped)
    return escape(text)


def has_order_control(text: str) -> bool:
    """Return True if `text` has an invisible character that changes the order of letters."""
    return bool(DIRECTION.search(text) or MARK.search(text))
