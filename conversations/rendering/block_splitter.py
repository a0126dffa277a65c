"""Splitter of Markdown into its top-level blocks (paragraphs, lists, fences of code …), line by
line.

Where a block ends depends on the lines before it and on the line that ends it, never on how the
text arrived, so a reply cut anywhere gives the same blocks as the whole text. Only syntax that can
span lines is recognised here; the Markdown parser does the rest. In doubt a block goes on: a
paragraph that follows a list or a quote without a blank line stays in one block with it.

Over 300 lines since it is one state machine, with a method for each kind of block.
"""

import enum
import re
from typing import NamedTuple

from . import folding_block, formula_block
from .folding_block import OpenFolding
from .footnotes import NOTE
from .formula_block import OpenFormula, Outcome
from .line_syntax import (
    BULLET_OR_NUMBER,
    FENCE,
    HEADING,
    HTML_ANY_TAG,
    HTML_TAG,
    HTML_UNTIL,
    NO_ITEM,
    OWN_TAG,
    UNDERLINE,
    Item,
    columns,
    is_rule,
    item,
)
from .markdown_limits import BLOCK_CHARACTERS
from .nested_fences import OpenFence

# Columns by which the paragraphs of a footnote after the first are set in, at least; Markdown says
# four, but models write two.
NOTE_INDENT = 2


class Kind(enum.Enum):
    """Kind of a top-level block, which decides where it ends and how it is converted to HTML. TEXT
    is a paragraph, heading, table or rule; INDENTED is code indented by four columns."""

    TEXT = "text"
    QUOTE = "quote"
    LIST = "list"
    INDENTED = "indented"
    FENCE = "fence"
    HTML = "html"
    FORMULA = "formula"
    DETAILS = "details"
    FOOTNOTE = "footnote"


class Block(NamedTuple):
    """Complete top-level block of Markdown: its kind; its source, whole lines with their line ends;
    and, for a fence of code, whether its last line is the closing mark (`closed`; False for other
    kinds)."""

    kind: Kind
    source: str
    closed: bool = False


class Splitter:
    """Incremental splitter: takes Markdown in pieces of any size and returns each top-level block
    as soon as no later text can change it.

    Call `feed` for each piece and `finish` at the end. In between `source` is the text of the open
    block, the last one, which is not complete, and `kind` is its kind (None if none is open).
    """

    def __init__(self) -> None:
        self.kind: Kind | None = None
        # Where the last item of the list that is open begins in its source.
        self.last_item = 0
        self.item: Item | None = None
        # Whether the items of the list that is open are set apart by blank lines.
        self.loose = False
        # The fence that is open.
        self.fence: OpenFence | None = None
        self._lines: list[str] = []
        self._length = 0
        self._partial = ""
        self._blank = False
        self._html_end: re.Pattern | None = None
        # The open formula or <details>, if there is one.
        self._formula: OpenFormula | None = None
        self._folding: OpenFolding | None = None
        # True while lines are read again that began like a formula, <details> or a nested fence
        # and turned out to be none.
        self._again = False
        self._done: list[Block] = []

    @property
    def source(self) -> str:
        """Return the source of the open block so far, including the last line if that is
        incomplete."""
        if len(self._lines) > 1:
            self._lines = ["".join(self._lines)]
        return (self._lines[0] if self._lines else "") + self._partial

    @property
    def blank(self) -> bool:
        """Return True if the open block is a list, indented code or a footnote whose last complete
        line is blank."""
        return self._blank

    @property
    def partial(self) -> str:
        """Return the last line of the text while its line end has not arrived; "" after a line
        end."""
        return self._partial

    def feed(self, text: str) -> list[Block]:
        """Add `text` (any piece, with line ends "\\n") and return the blocks it completes, in
        order; often []."""
        lines = (self._partial + text).split("\n")
        self._partial = lines.pop()
        for line in lines:
            self._line(line)
        self._end_before(self._partial)
        return self._taken()

    def finish(self) -> list[Block]:
        """End the text and return the blocks that were still open, in order."""
        partial, self._partial = self._partial, ""
        if partial:
            self._line(partial)
        if self.kind in (Kind.FORMULA, Kind.DETAILS):
            self._read_again()
        elif self.kind is Kind.FENCE and self.fence.nested:
            self._read_flat()
        self._close()
        return self._taken()

    def _taken(self) -> list[Block]:
        """Return the blocks completed since the last call of this, and forget them."""
        done, self._done = self._done, []
        return done

    def _line(self, line: str) -> None:
        """Add one complete line (without its line end), closing and opening blocks as it
        demands."""
        text = line.lstrip(" \t")
        if self.kind is Kind.FENCE:
            self._take(line)
            if self.fence.closes(line):
                self._close(closed=True)
        elif self.kind is Kind.HTML:
            self._html_line(line, text)
        elif self.kind is Kind.FORMULA:
            self._formula_line(line)
        elif self.kind is Kind.DETAILS:
            self._details_line(line)
        elif not text:
            self._blank_line(line)
        elif self.kind is None:
            self._open(line, text)
        else:
            self._goes_on(line, text, columns(line))

    def _take(self, line: str) -> None:
        """Add a complete line to the open block."""
        self._lines.append(line + "\n")
        self._length += len(line) + 1
        self._blank = False

    def _close(self, closed: bool = False) -> None:
        """End the open block, if any; `closed` says that its last line is the closing mark of a
        fence."""
        if self.kind:
            self._done.append(Block(self.kind, "".join(self._lines), closed))
        self.kind = None
        self._lines = []
        self._length = 0
        self._blank = False
        self.last_item = 0
        self.loose = False

    def _blank_line(self, line: str) -> None:
        """Add a blank line to the open block if it can go on after one, otherwise end the block."""
        if self.kind in (Kind.LIST, Kind.INDENTED, Kind.FOOTNOTE):
            self._take(line)
            self._blank = True
        else:
            self._close()

    def _goes_on(self, line: str, text: str, indent: int) -> None:
        """Add `line`, which is not blank, to the open block, or end that block and begin another
        one with it. `text` is `line` without its indentation, of `indent` columns."""
        if self.kind is Kind.TEXT:
            self._text_line(line, text, indent)
        elif self.kind is Kind.LIST:
            self._list_line(line, text, indent)
        elif self.kind is Kind.FOOTNOTE:
            if indent < NOTE_INDENT and (self._blank or self._begins(text)):
                self._open(line, text)
            else:
                self._take(line)
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
        """Add `line` to the open paragraph, or begin another block with it. `text` is `line`
        without its indentation, of `indent` columns."""
        if indent >= 4:
            self._take(line)
        elif UNDERLINE.match(text):
            self._take(line)
            self._close()
        elif self._begins(text, paragraph=True):
            self._open(line, text)
        elif not self._again and (
            text.rstrip(" \t") in ("$$", "\\[")
            or (text[0] == "\\" and text[1:2] == "b" and formula_block.BEGIN.match(text))
        ):
            self._open(line, text)
        else:
            self._take(line)

    def _list_line(self, line: str, text: str, indent: int) -> None:
        """Add `line` to the open list, or begin another block with it. `text` is `line` without its
        indentation, of `indent` columns."""
        if indent >= self.item.content:
            self._take(line)
            return
        if indent < 4:
            found = None if is_rule(text) else item(text, indent)
            if found and found.marker == self.item.marker:
                self.loose = self.loose or self._blank
                self.last_item = self._length
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
        """Return True if `text`, a line without its indentation, begins a new block although the
        open block could go on. `paragraph` says that the open block is a paragraph, which fewer
        lines interrupt."""
        if text[0] == ">" or HEADING.match(text) or FENCE.match(text) or is_rule(text):
            return True
        if text[0] == "<":
            if paragraph and OWN_TAG.match(text):
                # Such a tag continues a paragraph, unless it is a <details>, which begins a block.
                return not self._again and folding_block.begins(text)
            return bool(HTML_TAG.match(text)) or any(begin.match(text) for begin, _ in HTML_UNTIL)
        if text[0] == "[" and NOTE.match(text):
            return True
        match = BULLET_OR_NUMBER.match(text)
        if not match:
            return False
        # Only an item with text, and of numbers only 1, may interrupt a paragraph.
        return not paragraph or (
            (match[2] is None or int(match[2]) == 1) and text[match.end() :].strip(" \t") != ""
        )

    def _open(self, line: str, text: str) -> None:
        """End the open block and begin one with this line; `text` is `line` without its
        indentation."""
        self._close()
        indent = columns(line)
        if indent >= 4:
            self.kind = Kind.INDENTED
        elif fence := FENCE.match(text):
            self.kind = Kind.FENCE
            self.fence = self._fence(fence)
        elif HEADING.match(text) or is_rule(text):
            self.kind = Kind.TEXT
            self._take(line)
            self._close()
            return
        elif text[0] == "<" and not self._again and folding_block.begins(text):
            self.kind = Kind.DETAILS
            self._folding = OpenFolding()
            self._details_line(line)
            return
        elif text[0] == "<" and self._opens_html(text):
            self.kind = Kind.HTML
            self._html_line(line, text)
            return
        elif text[0] == ">":
            self.kind = Kind.QUOTE
        elif text[0] == "[" and NOTE.match(text):
            self.kind = Kind.FOOTNOTE
        elif found := item(text, indent):
            self.kind = Kind.LIST
            self.item = found
        elif text[0] in "$\\" and self._opens_formula(line, text):
            return
        else:
            self.kind = Kind.TEXT
        self._take(line)

    def _fence(self, match: re.Match) -> OpenFence:
        """Return the OpenFence for `match`, a line that opens a fence of code. While lines are read
        a second time its info string is ignored, so that no fence counts as nested in it."""
        info = "" if self._again else match[2] or match[4] or ""
        return OpenFence(match[1] or match[3], info)

    def _opens_html(self, text: str) -> bool:
        """Return True if `text`, a line without its indentation, begins a block of raw HTML; set
        `_html_end` to the pattern of its end mark, None if a blank line ends it."""
        self._html_end = None
        if OWN_TAG.match(text):
            return False
        for begin, end in HTML_UNTIL:
            if begin.match(text):
                self._html_end = end
                return True
        return bool(HTML_TAG.match(text) or HTML_ANY_TAG.match(text))

    def _html_line(self, line: str, text: str) -> None:
        """Add `line` to the open block of raw HTML, and end the block by CommonMark's rules: after
        the line that has its end mark (such as `-->`) or, if its kind has none, before a blank
        line. `text` is `line` without its indentation."""
        if self._html_end is None and not text:
            self._close()
            return
        self._take(line)
        if self._html_end and self._html_end.search(line):
            self._close()

    def _details_line(self, line: str) -> None:
        """Add a line to the open <details>, and end the block with its </details>. If the block
        becomes longer than BLOCK_CHARACTERS, read its lines again as text."""
        self._take(line)
        if self._folding.ends(line):
            self._close()
        elif self._length > BLOCK_CHARACTERS:
            self._read_again()

    def _opens_formula(self, line: str, text: str) -> bool:
        """Begin a formula with `line` if it can begin one; return True if it did. `text` is `line`
        without its indentation. A formula that is complete within the line ends with it."""
        match = None if self._again else formula_block.BEGIN.match(text)
        if not match:
            return False
        self._formula = OpenFormula(match[0], match[1] or "")
        outcome = self._formula.first(text, match.end())
        if outcome is Outcome.NONE:
            return False
        self.kind = Kind.FORMULA
        self._take(line)
        if outcome is Outcome.ENDED:
            self._close()
        return True

    def _formula_line(self, line: str) -> None:
        """Add a line to the open formula; if it shows that there is no formula, read all its lines
        again as text."""
        outcome = self._formula.next(line)
        if outcome is Outcome.NONE:
            self._read_again()
            self._line(line)
            return
        self._take(line)
        if outcome is Outcome.ENDED:
            self._close()

    def _read_again(self) -> None:
        """Read the lines of the open block again, as a paragraph and what follows: they began like
        a formula or <details> that turned out to be none or was never closed.

        Each line is read again only once, however many openings follow each other: among these
        lines none begins anything that could fail again.
        """
        first, *rest = "".join(self._lines).split("\n")[:-1]
        self._lines, self._length = [], 0
        self.kind = Kind.TEXT
        self._take(first)
        self._read(rest)

    def _read_flat(self) -> None:
        """Read the lines of the open fence again without nesting: a fence within it was never
        closed, so the line that seemed to close the inner one may have closed the outer one."""
        lines = "".join(self._lines).split("\n")[:-1]
        self.kind, self._lines, self._length = None, [], 0
        self._read(lines)

    def _read(self, lines: list[str]) -> None:
        """Read `lines`, complete lines without their line ends, again; this time none may begin a
        formula, <details> or nested fences."""
        self._again = True
        for line in lines:
            self._line(line)
        self._again = False

    def _end_before(self, partial: str) -> None:
        """End the open block if the last, incomplete line `partial` cannot belong to it, however it
        goes on."""
        text = partial.lstrip(" \t")
        if not self._blank or not text:
            return
        indent = columns(partial)
        if self.kind is Kind.INDENTED:
            if indent < 4:
                self._close()
        elif self.kind is Kind.FOOTNOTE:
            if indent < NOTE_INDENT:
                self._close()
        elif self.kind is Kind.LIST and indent < self.item.content:
            if indent >= 4 or NO_ITEM.match(text):
                self._close()
