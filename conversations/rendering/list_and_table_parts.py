"""Rendering a list by its items and a table by its rows, while more of them come.

The pieces are rendered each as a list or table of their own and put together again. Only what is
shown of the open block is made so; when it is complete it is rendered whole.
"""

import re
from typing import NamedTuple

from .block_splitter import Kind, Splitter
from .line_syntax import BULLET_OR_NUMBER, columns, is_rule, item

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

    def end_in(self, html: str) -> int:
        """Where in the HTML of pieces the end of their block begins, -1 if it has another shape."""
        end = self.end.search(html, max(0, len(html) - 40))
        return end.start() if end and self.opening.match(html) else -1

    def inner(self, html: str) -> str | None:
        """The HTML of a piece without the beginning of its block, None if it has another shape."""
        if self.end_in(html) < 0:
            return None
        return html[self.opening.match(html).end() :]

    def without_after(self, html: str) -> str:
        """The HTML of a piece without what `after` added."""
        before, found, end = html.rpartition(EMPTY_ITEM)
        return before + end if self.after and found and LIST_END.match(end) else html


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
            first = len(head) + len(rule) + 2
            last = source.rfind("\n", 0, len(source) - 1) + 1
            return Pieces(last if last > first else 0, _empty_head(rule), "", TABLE, TABLE_END)
    return None


def _empty_head(rule: str) -> str:
    """The shortest head of a table with the columns that rule has."""
    cells = rule.strip(" \t|").replace(" ", "").replace("\t", "").split("|")
    short = "|".join(re.sub("-+", "-", cell) for cell in cells)
    return f"|{' |' * len(cells)}\n|{short}|\n"


def _last_item(source: str, splitter: Splitter) -> int:
    partial = splitter.partial
    text = partial.lstrip(" \t")
    indent = columns(partial)
    if BULLET_OR_NUMBER.match(text) and indent < min(4, splitter.item.content):
        found = item(text, indent)
        if found.marker == splitter.item.marker and not is_rule(text + text[0] * 2):
            return len(source) - len(partial)
    return splitter.piece
