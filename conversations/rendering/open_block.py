"""The HTML of the block that is still written.

Text without meaning for Markdown is put into the HTML where the last parse left off. What has
meaning is parsed, of lists and tables the last item or row alone, as long as there is credit:
every character that arrives earns some characters of parsing. Without credit it stands there as
plain text until there is. So the work stays in proportion to the text, whatever the text is.
"""

import re
from html import escape

from .block_html import plain
from .block_splitter import Kind, Splitter
from .code import code_box, label
from .guards import BLOCK_CHARACTERS, too_heavy
from .incomplete_markdown import closers, open_code, settled
from .line_syntax import columns
from .link_references import LinkReferences
from .list_and_table_parts import Pieces, pieces
from .markdown import markdown

# Characters of parsing earned by a character of text, and had from the start.
EARNED = 1.7
ADVANCE = 3_000
# How far back in its line the meaning of new text is looked for.
LOOK_BACK = 1_000

# What may begin a meaning after plain text. A line that begins with a letter goes on with the
# paragraph before it.
MEANING = re.compile(r"[*_~`\[\]<\\$|@&]|://|www\.|  \n|\n(?![ \t]{0,3}[^\W\d_])")
ADDRESS = re.compile(r"://|www\.|@|&")
LETTER = re.compile(r"[^\W\d_]")
MEANING_IN_CODE = re.compile(r"[`~]|\n[ \t]?[^ \t\n]")
BLOCK_ENDS = frozenset(
    f"</{tag}>"
    for tag in "p li ul ol blockquote td th tr thead tbody table div details summary"
    " h3 h4 h5 h6".split()
)
INLINE_ENDS = frozenset(f"</{tag}>" for tag in ("strong", "em", "del", "code"))


class OpenBlock:
    """What can be shown of the open block of a Splitter."""

    def __init__(self, references: LinkReferences) -> None:
        self.parsed = 0
        self._references = references
        self._credit: float = ADVANCE
        self.begin()

    def begin(self) -> None:
        """Forget the block that was open: a new one begins."""
        self._head = self._tail = ""
        # How much of the block's source is shown.
        self._shown = 0
        self._verbatim: Kind | None = None
        self._parse_due = True
        # The column of the code in a list that is not closed, -1 outside of such code.
        self._code_column = -1
        # The HTML of the items or rows before the last, whose source begins at _piece.
        self._before = self._closing = ""
        self._piece = 0
        self._in_pieces = True
        # What was put after the last piece when it was parsed.
        self._after = ""

    @property
    def html(self) -> str:
        """The HTML, complete in itself at any time; "" as long as nothing can be shown."""
        return self._head + self._tail

    def earn(self, characters: int) -> None:
        """Count characters of text that arrived."""
        self._credit += characters * EARNED

    def show(self, splitter: Splitter) -> bool:
        """Bring the HTML up to the splitter's open block; returns whether it changed."""
        source = splitter.source
        if len(source) > BLOCK_CHARACTERS:
            return self._show_verbatim(source, Kind.HTML, 0, len(source))
        if splitter.kind is Kind.FENCE:
            end = len(source)
            if not splitter.partial.strip(" \t" + splitter.fence.mark[0]):
                end -= len(splitter.partial)
            return self._show_verbatim(source, Kind.FENCE, source.index("\n") + 1, end)
        if splitter.kind in (Kind.HTML, Kind.FORMULA):
            return self._show_verbatim(source, Kind.HTML, 0, len(source))
        if self._verbatim:
            # What began like a formula was none.
            self._verbatim = None
            self._parse_due = True
        return self._show_markdown(source, splitter)

    def _show_verbatim(self, source: str, kind: Kind, start: int, end: int) -> bool:
        """Show source[start:end] as it is, adding to what was shown the same way."""
        changed = self._verbatim is not kind
        if changed:
            self._verbatim = kind
            self._shown = start
            shell = code_box("", label(source[:start].strip(" \t`~"))) if start else plain("")
            at = shell.index("</code>" if start else "</pre>")
            self._head, self._tail = shell[:at], shell[at:]
        if end > self._shown:
            text = source[self._shown : end]
            if kind is Kind.FENCE and (indent := columns(source)):
                text = re.sub(f"^ {{1,{indent}}}", "", text, flags=re.M)
            self._head += escape(text, quote=False)
            self._shown = end
            changed = True
        return changed

    def _show_markdown(self, source: str, splitter: Splitter) -> bool:
        visible = settled(source, splitter.partial, self._code_column >= 0)
        length = len(visible if self._code_column >= 0 else visible.rstrip(" \t\n"))
        if length <= self._shown and not self._parse_due:
            return False
        parts = pieces(source, splitter) if self._in_pieces else None
        last = parts.last if parts and parts.last < length else self._piece
        if last > self._piece:
            if self._is_shown(visible[:last], parts):
                self._keep(self.html, last, parts)
            self._parse_due = True
        if not self._is_plain(visible):
            self._parse_due = True
        if self._parse_due and 0 < len(visible) - self._piece <= self._credit:
            before = self.html
            if self._parse(visible, last, parts):
                return self.html != before
        if self._parse_due and parts and parts.before:
            # Half a row would stand in the cell before it.
            return False
        return self._add(visible)

    def _is_shown(self, complete: str, parts: Pieces) -> bool:
        """Whether the pieces that are complete look already as they will."""
        return (
            not self._parse_due
            and self._code_column < 0
            and self._after == parts.after
            and self._shown >= len(complete.rstrip(" \t\n"))
        )

    def _is_plain(self, visible: str) -> bool:
        """Whether the text that is new means to Markdown what it says."""
        at = self._shown
        if self._code_column >= 0:
            return not MEANING_IN_CODE.search(visible, max(0, at - 1))
        line = max(visible.rfind("\n", 0, at) + 1, at - LOOK_BACK)
        if not LETTER.search(visible, line, at) or MEANING.search(visible, at):
            return False
        word = max(visible.rfind(" ", 0, at), line - 1) + 1
        if ADDRESS.search(visible, word, at):
            return False
        return ")" not in visible[at:] or "](" not in visible[line:]

    def _add(self, visible: str) -> bool:
        """Put the new text in as it is."""
        text = visible[self._shown :]
        if self._code_column < 0:
            text = text.rstrip(" \t\n")
        if not text or not self._head:
            return False
        self._shown += len(text)
        if self._code_column > 0:
            # The text begins in the middle of a line, unless a line ended just before it.
            first = visible[self._shown - len(text) - 1] == "\n"
            lines = text.split("\n")
            for n in range(0 if first else 1, len(lines)):
                lines[n] = _dedented(lines[n], self._code_column)
            text = "\n".join(lines)
        text = escape(text, quote=False)
        self._head += text if self._code_column >= 0 else text.replace("\n", "<br>\n")
        return True

    def _parse(self, visible: str, last: int, parts: Pieces | None) -> bool:
        """Parse what stands from the last piece on anew, on credit."""
        before = parts.before if parts and self._piece else ""
        wanted = self._references.wanted(visible[self._piece :])
        cost = len(visible) - self._piece + len(wanted) + len(before)
        if last > self._piece:
            cost += len(wanted) + len(before)
        if cost > self._credit:
            return False
        self._credit -= cost
        self.parsed += cost
        if too_heavy(visible[self._piece :]):
            self._head, self._tail = plain(visible).removesuffix("</pre>"), "</pre>"
            self._shown = len(visible)
            self._in_pieces = False
            return True
        if last > self._piece:
            self._code_column = -1
            html = self._rendered(
                visible[self._piece : last].rstrip("\n"), wanted, parts, parts.after
            )
            html = parts.without_after(html)
            if self._piece:
                html = self._joined(html, parts)
            self._keep(html, last, parts)
        self._put(visible, wanted, parts)
        self._parse_due = False
        return True

    def _keep(self, html: str, last: int, parts: Pieces) -> None:
        """Leave the pieces that are complete, whose HTML this is, as they are."""
        end = parts.end_in(html)
        if end < 0:
            self._in_pieces = False
        else:
            self._before, self._closing = html[:end], html[end:]
            self._piece = last

    def _joined(self, html: str, parts: Pieces) -> str:
        """The pieces before the last and the HTML of that one, inside one block where it fits."""
        inner = parts.inner(html)
        return self._before + (self._closing + html if inner is None else inner)

    def _put(self, visible: str, wanted: str, parts: Pieces | None) -> None:
        """Render the last piece, or all, and find where text goes on in it."""
        piece = visible[self._piece :]
        self._code_column = open_code(piece) if parts else -1
        in_code = self._code_column >= 0
        ending, opened = ("", 0) if in_code else closers(piece)
        text = piece.rstrip(" \t\n") + ending if ending else piece
        self._after = parts.after if parts and not in_code else ""
        html = self._rendered(text, wanted, parts, self._after)
        if self._after:
            html = parts.without_after(html)
        if self._piece:
            html = self._joined(html, parts)
        at = _insertion(html, opened, in_code)
        self._head, self._tail = html[:at], html[at:]
        if in_code and not visible.endswith("\n"):
            self._head = self._head.removesuffix("\n")
        self._shown = len(visible if in_code else visible.rstrip(" \t\n"))

    def _rendered(self, text: str, wanted: str, parts: Pieces | None, after: str = "") -> str:
        before = parts.before if parts and self._piece else ""
        # The parser takes "1." at the very end of its input for a paragraph.
        end = "" if (text + after).endswith("\n") else "\n"
        if not parts and text[:1] == "[":
            # What the block begins with is no text as soon as it is a definition.
            text = self._references.split(text)[1]
        return markdown(before + text + after + end, definitions=wanted)


def _dedented(line: str, column: int) -> str:
    return line[min(column, len(line) - len(line.lstrip(" "))) :]


def _insertion(html: str, opened: int, in_code: bool) -> int:
    """Where in html more of its text goes: before the tags that close what is open."""
    if in_code and (at := html.rfind("</code></pre>")) >= 0:
        return at
    at = len(html)
    while True:
        while at and html[at - 1] == "\n":
            at -= 1
        start = html.rfind("</", 0, at)
        tag = html[start:at] if start >= 0 else ""
        if tag in BLOCK_ENDS:
            at = start
        elif tag in INLINE_ENDS and opened:
            at, opened = start, opened - 1
        else:
            return at
