"""Division of an incomplete list or table into parts, its items or rows, which are rendered one by
one as they arrive.

Each part is rendered as a list or table of its own, and their HTML is joined. Only incomplete
blocks are rendered this way; a complete one is rendered as a whole.
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


class Parts(NamedTuple):
    """Division of an incomplete list or table into its items or rows, and how their HTML is joined.

    last: the index in the source where the last part begins. before, after: Markdown to put around
    a part so that it renders as in the whole block. opening, end: patterns of the start tags and
    end tags around the parts in HTML.
    """

    last: int
    before: str
    after: str
    opening: re.Pattern
    end: re.Pattern

    def end_in(self, html: str) -> int:
        """Return the index in `html` where the end tags of the list or table begin; -1 if `html` is
        not such a list or table."""
        end = self.end.search(html, max(0, len(html) - 40))
        return end.start() if end and self.opening.match(html) else -1

    def inner(self, html: str) -> str | None:
        """Return `html`, that of one part, without the start tags of its list or table; None if
        `html` is not such a list or table."""
        if self.end_in(html) < 0:
            return None
        return html[self.opening.match(html).end() :]

    def without_after(self, html: str) -> str:
        """Return `html`, that of one part, without the empty item that `after` added."""
        before, found, end = html.rpartition(EMPTY_ITEM)
        return before + end if self.after and found and LIST_END.match(end) else html


def parts_of(source: str, splitter: Splitter) -> Parts | None:
    """Return the Parts of `source`, the open (incomplete) block of the Splitter `splitter`: how it
    is divided into items or rows; None if it is neither a list nor a table and is rendered as a
    whole."""
    if splitter.kind is Kind.LIST:
        # An empty item after a blank line makes a list loose, as the whole will be.
        mark = splitter.item.marker
        empty = f"\n\n{mark if mark in '-+*' else '1' + mark}\n"
        last = _last_item(source, splitter)
        loose = splitter.loose or (splitter.blank and last > splitter.last_item)
        return Parts(last, "", empty if loose else "", LIST, LIST_END)
    if splitter.kind is Kind.TEXT and source[:1] == "|":
        head, rule, rows = [*source.split("\n", 2), "", ""][:3]
        if rows and DELIMITERS.match(rule):
            first = len(head) + len(rule) + 2
            last = source.rfind("\n", 0, len(source) - 1) + 1
            return Parts(last if last > first else 0, _empty_head(rule), "", TABLE, TABLE_END)
    return None


def _empty_head(rule: str) -> str:
    """Return the Markdown of the shortest head of a table that has the columns and the alignments
    of the delimiter row `rule`."""
    cells = rule.strip(" \t|").replace(" ", "").replace("\t", "").split("|")
    short = "|".join(re.sub("-+", "-", cell) for cell in cells)
    return f"|{' |' * len(cells)}\n|{short}|\n"


def _last_item(source: str, splitter: Splitter) -> int:
    """Return the index in `source`, the open list of the Splitter `splitter`, where its last item
    begins."""
    partial = splitter.partial
    text = partial.lstrip(" \t")
    indent = columns(partial)
    if BULLET_OR_NUMBER.match(text) and indent < min(4, splitter.item.content):
        found = item(text, indent)
        if found.marker == splitter.item.marker and not is_rule(text + text[0] * 2):
            return len(source) - len(partial)
    return splitter.last_item
