"""Rendering a list by its items and a table by its rows, while more of them come.

The pieces are rendered each as a list or table of their own and put together again. Only what is
shown of the open block is made so; when it is complete it is rendered whole.
"""

import re
from typing import NamedTuple

from .blocks import BULLET_OR_NUMBER, Kind, Splitter, columns, is_rule, item

DELIMITERS = re.compile(r"[ \t]*+\|?[ \t]*+:?-++:?[ \t]*+(?:\|[ \t]*+:?-++:?[ \t]*+)*+\|?[ \t]*+$")
LIST = re.compile(r"<[ou]l(?: start=\"\d+\")?>\n")
LIST_END = re.compile(r"</[ou]l>\n$")
TABLE = re.compile(r".*?<tbody>\n", re.S)
TABLE_END = re.compile(r"</tbody>\n</table></div>\n$")
EMPTY_ITEM = "<li></li>\n"


class Pieces(NamedTuple):
    """How an open block falls into pieces, and how their HTML is put together."""

    # Where the last piece begins in the source.
    last: int
    # What stands before a piece, or after it, to make it a block like the whole.
    before: str
    after: str
    opening: re.Pattern
    end: re.Pattern

    def body(self, html: str) -> str | None:
        """The HTML of a piece without the end of the block, None if it has another shape."""
        end = self.end.search(html, max(0, len(html) - 40))
        if not end or not self.opening.match(html):
            return None
        body = html[: end.start()]
        if self.after:
            if not body.endswith(EMPTY_ITEM):
                return None
            body = body.removesuffix(EMPTY_ITEM)
        return body

    def inner(self, html: str) -> str | None:
        """The HTML of a piece without the beginning of the block."""
        opening = self.opening.match(html)
        return html[opening.end() :] if opening else None


def pieces(source: str, splitter: Splitter) -> Pieces | None:
    """The pieces of the open block's source, None if it is rendered whole."""
    if splitter.kind is Kind.LIST:
        # An empty item after a blank line makes a list loose, as the whole will be.
        mark = splitter.item.marker
        empty = f"\n\n{mark if mark in '-+*' else '1' + mark}\n"
        last = _last_item(source, splitter)
        loose = splitter.loose or (splitter.blank and last > splitter.piece)
        return Pieces(last, "", empty if loose else "", LIST, LIST_END)
    if splitter.kind is Kind.TEXT and source[:1] == "|":
        head, rule, rows = [*source.split("\n", 2), "", ""][:3]
        if rows and DELIMITERS.match(rule):
            before = f"{head}\n{rule}\n"
            last = source.rfind("\n", 0, len(source) - 1) + 1
            return Pieces(max(last, len(before)), before, "", TABLE, TABLE_END)
    return None


def _last_item(source: str, splitter: Splitter) -> int:
    partial = splitter.partial
    text = partial.lstrip(" \t")
    indent = columns(partial)
    if BULLET_OR_NUMBER.match(text) and indent < min(4, splitter.item.content):
        found = item(text, indent)
        if found.marker == splitter.item.marker and not is_rule(text + text[0] * 2):
            return len(source) - len(partial)
    return splitter.piece
