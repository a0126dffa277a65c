"""Cuts Markdown into its top-level blocks, line by line, from the top.

Where a block ends depends on the lines before it and on the line that ends it, never on how the
text arrived, so a reply cut anywhere gives the same blocks as the whole text. Only the block
structure that can reach past a line is followed here; what a block contains is the parser's. Where
it takes following text to tell, a block is kept longer: a paragraph that follows a list or a quote
without a blank line stays in one block with it.
"""

import enum
import re
from typing import NamedTuple

from .line_syntax import (
    BULLET_OR_NUMBER,
    FENCE,
    HEADING,
    HTML_ANY_TAG,
    HTML_TAG,
    HTML_UNTIL,
    NO_ITEM,
    UNDERLINE,
    Item,
    closes,
    columns,
    is_rule,
    item,
)

# A formula between $$ or \[ \] longer than this is an ordinary paragraph.
FORMULA_CHARACTERS = 4_000


class Kind(enum.Enum):
    """What a block is, as far as its end depends on it."""

    TEXT = "text"
    QUOTE = "quote"
    LIST = "list"
    INDENTED = "indented"
    FENCE = "fence"
    HTML = "html"
    FORMULA = "formula"


class Block(NamedTuple):
    """A complete top-level block: its kind and its lines as written."""

    kind: Kind
    source: str


class Splitter:
    """Takes text as it comes and gives up each block once nothing later can change it."""

    def __init__(self) -> None:
        self.kind: Kind | None = None
        # Where the last item of the list that is open begins in its source.
        self.piece = 0
        self.item: Item | None = None
        # Whether the items of the list that is open are set apart by blank lines.
        self.loose = False
        # The mark that opened the fence that is open.
        self.fence = ""
        self._lines: list[str] = []
        self._length = 0
        self._partial = ""
        self._blank = False
        self._html_end: re.Pattern | None = None
        self._done: list[Block] = []

    @property
    def source(self) -> str:
        """What has come of the block that is open, with the line that is not complete."""
        if len(self._lines) > 1:
            self._lines = ["".join(self._lines)]
        return (self._lines[0] if self._lines else "") + self._partial

    @property
    def blank(self) -> bool:
        """Whether the last complete line of a list is blank."""
        return self._blank

    @property
    def partial(self) -> str:
        """The last line, as long as it is not complete."""
        return self._partial

    def feed(self, text: str) -> list[Block]:
        """Take text (line ends are "\\n") and return the blocks that are now complete."""
        lines = (self._partial + text).split("\n")
        self._partial = lines.pop()
        for line in lines:
            self._line(line)
        self._end_before(self._partial)
        return self._taken()

    def finish(self) -> list[Block]:
        """Take the end of the text and return the blocks that were open."""
        partial, self._partial = self._partial, ""
        if partial:
            self._line(partial)
        if self.kind is Kind.FORMULA:
            self._no_formula()
        self._close()
        return self._taken()

    def _taken(self) -> list[Block]:
        done, self._done = self._done, []
        return done

    def _line(self, line: str) -> None:
        """Add one complete line, closing and opening blocks as it demands."""
        text = line.lstrip(" \t")
        if self.kind is Kind.FENCE:
            self._take(line)
            if closes(line, self.fence):
                self._close()
        elif self.kind is Kind.HTML:
            self._html_line(line, text)
        elif self.kind is Kind.FORMULA:
            self._formula_line(line, text)
        elif not text:
            self._blank_line(line)
        elif self.kind is None:
            self._open(line, text)
        else:
            self._goes_on(line, text, columns(line))

    def _take(self, line: str) -> None:
        self._lines.append(line + "\n")
        self._length += len(line) + 1
        self._blank = False

    def _close(self) -> None:
        if self.kind:
            self._done.append(Block(self.kind, "".join(self._lines)))
        self.kind = None
        self._lines = []
        self._length = 0
        self._blank = False
        self.piece = 0
        self.loose = False

    def _blank_line(self, line: str) -> None:
        if self.kind in (Kind.LIST, Kind.INDENTED):
            self._take(line)
            self._blank = True
        else:
            self._close()

    def _goes_on(self, line: str, text: str, indent: int) -> None:
        """Add a line with text to the open block, or end that block before it."""
        if self.kind is Kind.TEXT:
            self._text_line(line, text, indent)
        elif self.kind is Kind.LIST:
            self._list_line(line, text, indent)
        elif self.kind is Kind.INDENTED:
            if indent >= 4:
                self._take(line)
            else:
                self._open(line, text)
        elif text[0] != ">" and indent < 4 and self._begins(text):
            self._open(line, text)
        else:
            self._take(line)

    def _text_line(self, line: str, text: str, indent: int) -> None:
        if indent >= 4:
            self._take(line)
        elif UNDERLINE.match(text):
            self._take(line)
            self._close()
        elif self._begins(text, paragraph=True):
            self._open(line, text)
        elif text.rstrip(" \t") in ("$$", "\\["):
            self._open(line, text)
        else:
            self._take(line)

    def _list_line(self, line: str, text: str, indent: int) -> None:
        if indent >= self.item.content:
            self._take(line)
            return
        if indent < 4:
            found = None if is_rule(text) else item(text, indent)
            if found and found.marker == self.item.marker:
                self.loose = self.loose or self._blank
                self.piece = self._length
                self.item = found
                self._take(line)
                return
            if self._begins(text):
                self._open(line, text)
                return
        if self._blank:
            self._open(line, text)
        else:
            self._take(line)

    def _begins(self, text: str, paragraph: bool = False) -> bool:
        """Whether text begins a block even where a paragraph could go on."""
        if text[0] == ">" or HEADING.match(text) or FENCE.match(text) or is_rule(text):
            return True
        if text[0] == "<":
            return bool(HTML_TAG.match(text)) or any(begin.match(text) for begin, _ in HTML_UNTIL)
        match = BULLET_OR_NUMBER.match(text)
        if not match:
            return False
        # Only an item with text, and of numbers only 1, may interrupt a paragraph.
        return not paragraph or (
            (match[2] is None or int(match[2]) == 1) and text[match.end() :].strip(" \t") != ""
        )

    def _open(self, line: str, text: str) -> None:
        """Begin a block with this line."""
        self._close()
        indent = columns(line)
        if indent >= 4:
            self.kind = Kind.INDENTED
        elif fence := FENCE.match(text):
            self.kind = Kind.FENCE
            self.fence = fence[1] or fence[3]
        elif HEADING.match(text) or is_rule(text):
            self.kind = Kind.TEXT
            self._take(line)
            self._close()
            return
        elif text[0] == "<" and self._opens_html(text):
            self.kind = Kind.HTML
            self._html_line(line, text)
            return
        elif text[0] == ">":
            self.kind = Kind.QUOTE
        elif found := item(text, indent):
            self.kind = Kind.LIST
            self.item = found
        elif text.startswith(("$$", "\\[")) and self._opens_formula(line, text):
            return
        else:
            self.kind = Kind.TEXT
        self._take(line)

    def _opens_html(self, text: str) -> bool:
        self._html_end = None
        for begin, end in HTML_UNTIL:
            if begin.match(text):
                self._html_end = end
                return True
        return bool(HTML_TAG.match(text) or HTML_ANY_TAG.match(text))

    def _html_line(self, line: str, text: str) -> None:
        if self._html_end is None and not text:
            self._close()
            return
        self._take(line)
        if self._html_end and self._html_end.search(line):
            self._close()

    def _opens_formula(self, line: str, text: str) -> bool:
        """Begin a formula, if the line can; one that is complete in its line ends with it."""
        closer = "$$" if text[0] == "$" else "\\]"
        rest = text[2:].rstrip(" \t")
        if closer in rest:
            if rest.find(closer) != len(rest) - 2 or len(rest) == 2:
                return False
            self.kind = Kind.FORMULA
            self._take(line)
            self._close()
            return True
        self.kind = Kind.FORMULA
        self.fence = closer
        self._take(line)
        return True

    def _formula_line(self, line: str, text: str) -> None:
        at = line.find(self.fence)
        if at >= 0 and at == len(line.rstrip(" \t")) - 2:
            self._take(line)
            self._close()
        elif at >= 0 or not text or self._length + len(line) > FORMULA_CHARACTERS:
            self._no_formula()
            self._line(line)
        else:
            self._take(line)

    def _no_formula(self) -> None:
        """Take the lines of what was no formula again, as a paragraph and what follows it."""
        first, *rest = "".join(self._lines).split("\n")[:-1]
        self._lines, self._length = [], 0
        self.kind = Kind.TEXT
        self._take(first)
        for line in rest:
            text = line.lstrip(" \t")
            # Each line is read again only once, however many openings follow each other.
            if self.kind is Kind.TEXT and text.startswith(("$$", "\\[")):
                self._take(line)
            else:
                self._line(line)

    def _end_before(self, partial: str) -> None:
        """End the open block already before a line that cannot belong to it, however it ends."""
        text = partial.lstrip(" \t")
        if not self._blank or not text:
            return
        indent = columns(partial)
        if self.kind is Kind.INDENTED:
            if indent < 4:
                self._close()
        elif self.kind is Kind.LIST and indent < self.item.content:
            if indent >= 4 or NO_ITEM.match(text):
                self._close()
