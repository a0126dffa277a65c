"""Joined HTML of the items of a message, as it is stored: a marker before the HTML of each item.

`<!--item 2-->` is followed by the HTML of the third item. No text can contain a marker, for in HTML
made of text `<` is escaped, and the sanitizer removes comments.
"""

import re
from collections.abc import Mapping

_MARKER = re.compile("<!--item ([0-9]{1,6})-->")


def join_segments(by_index: Mapping[int, str]) -> str:
    """Return the HTML of several items, `{index in the list of items: HTML}`, as one text; items
    without HTML are left out."""
    found = sorted(by_index.items())
    return "".join(f"<!--item {index}-->{html}" for index, html in found if html)


def split_segments(html: str) -> dict[int, str]:
    """Return `{index in the list of items: HTML}` for a text made by `join_segments`; what stands
    before the first marker, or all of a text without one, is left out."""
    parts = _MARKER.split(html)
    return {int(index): part for index, part in zip(parts[1::2], parts[2::2], strict=True)}
