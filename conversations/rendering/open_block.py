"""Incremental HTML of the last block of a streaming text, which is still incomplete.

New text without Markdown syntax is inserted into the HTML at the place where the last parse ended.
New text with syntax makes the block be parsed again, or only the last item or row of a list or
table. Parsing is limited by a budget: each character that arrives allows EARNED characters to be
parsed. Where the budget is used up, new text is inserted as plain text. So the work is linear in
the length of the text.
"""

import re
from html import escape

from .block_html import plain
from .block_splitter import Kind, Splitter
from .code_box import code_box, label
from .incomplete_markdown import closing_marks, open_code_column, showable
from .line_syntax import columns
from .link_references import LinkReferences
from .list_and_table_parts import Parts, parts_of
from .markdown import markdown
from .markdown_limits import BLOCK_CHARACTERS, too_heavy

# Budget for parsing, in characters: what each character of text adds, and the budget at first.
EARNED = 1.7
ADVANCE = 3_000
# How many characters before new text, in its line, are searched for syntax that it may belong to.
LOOK_BACK = 1_000

# Syntax that may begin after plain text. A line that begins with a letter continues the paragraph
# before it.
SYNTAX = re.compile(r"[*_~`\[\]<\\$|@&]|://|www\.|  \n|\n(?![ \t]{0,3}[^\W\d_])")
ADDRESS = re.compile(r"://|www\.|@|&")
LETTER = re.compile(r"[^\W\d_]")
SYNTAX_IN_CODE = re.compile(r"[`~]|\n[ \t]?[^ \t\n]")
BLOCK_ENDS = frozenset(
    f"</{tag}>"
    for tag in "p li ul ol blockquote td th tr thead tbody table div details summary"
    " h3 h4 h5 h6".split()
)
INLINE_ENDS = frozenset(f"</{tag}>" for tag in ("strong", "em", "del", "code"))


class OpenBlock:
    """HTML of the incomplete block at the end of a streaming text, updated as the text grows.

    For each piece of text: `earn` with its length, then `show` with the Splitter that took it, then
    read `html`; `begin` when the block is complete and another one follows. `references` are the
    link definitions of the text.

    parsed: how many characters have been given to the parser.
    """

    def __init__(self, references: LinkReferences) -> None:
        self.parsed = 0
        self._references = references
        self._budget: float = ADVANCE
        self.begin()

    def begin(self) -> None:
        """Reset the HTML to "": the block that was open is complete, and a new one begins."""
        self._head = self._tail = ""
        # How much of the block's source is shown.
        self._shown = 0
        self._verbatim: Kind | None = None
        self._parse_due = True
        # Within a list: the column at which the code of an unclosed fence begins, -1 without one.
        self._code_column = -1
        # Of a list or table: the HTML of all items or rows but the last, and of their end; where
        # the last one begins in the source; and whether the block is rendered by such parts.
        self._before = self._closing = ""
        self._part_start = 0
        self._by_parts = True
        # What was appended to the last part's source when it was parsed.
        self._after = ""

    @property
    def html(self) -> str:
        """Return the HTML of the block so far, with all its elements closed; "" if nothing can be
        shown yet."""
        return self._head + self._tail

    def earn(self, characters: int) -> None:
        """Add to the budget for parsing: `characters` is how many characters of text arrived."""
        self._budget += characters * EARNED

    def show(self, splitter: Splitter) -> bool:
        """Update `html` for the open block of `splitter`; return True if it changed."""
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
        """Show source[start:end] unparsed, as code (`kind` FENCE) or plain text (HTML), appending
        what is new since the last call; return True if the HTML changed."""
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
        """Show as much of `source`, the Markdown of the block so far, as is complete enough, parsed
        or as plain text; return True if the HTML changed. `splitter` is the Splitter that the block
        is open in."""
        visible = showable(source, splitter.partial, self._code_column >= 0)
        length = len(visible if self._code_column >= 0 else visible.rstrip(" \t\n"))
        if length <= self._shown and not self._parse_due:
            return False
        parts = parts_of(source, splitter) if self._by_parts else None
        last = parts.last if parts and parts.last < length else self._part_start
        if last > self._part_start:
            if self._is_shown(visible[:last], parts):
                self._keep(self.html, last, parts)
            self._parse_due = True
        if not self._is_plain(visible):
            self._parse_due = True
        if self._parse_due and 0 < len(visible) - self._part_start <= self._budget:
            before = self.html
            if self._parse(visible, last, parts):
                return self.html != before
        if self._parse_due and parts and parts.before:
            # Half a row would stand in the cell before it.
            return False
        return self._add(visible)

    def _is_shown(self, complete: str, parts: Parts) -> bool:
        """Return True if the HTML shown for `complete`, the source before the last item or row, is
        what parsing it would give. `parts` is the block's present division (Parts)."""
        return (
            not self._parse_due
            and self._code_column < 0
            and self._after == parts.after
            and self._shown >= len(complete.rstrip(" \t\n"))
        )

    def _is_plain(self, visible: str) -> bool:
        """Return True if what is not shown yet of `visible`, the source to show, has no Markdown
        syntax and does not belong to syntax before it."""
        at = self._shown
        if self._code_column >= 0:
            return not SYNTAX_IN_CODE.search(visible, max(0, at - 1))
        line = max(visible.rfind("\n", 0, at) + 1, at - LOOK_BACK)
        if not LETTER.search(visible, line, at) or SYNTAX.search(visible, at):
            return False
        word = max(visible.rfind(" ", 0, at), line - 1) + 1
        if ADDRESS.search(visible, word, at):
            return False
        return ")" not in visible[at:] or "](" not in visible[line:]

    def _add(self, visible: str) -> bool:
        """Insert what is not shown yet of `visible`, the source to show, into the HTML as plain
        text; return False if that is nothing, or there is no HTML to insert it into."""
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

    def _parse(self, visible: str, last: int, parts: Parts | None) -> bool:
        """Parse `visible`, the source to show, from the first item or row that is not kept
        (`_keep`); keep those that end before the index `last`. `parts` is the block's present
        division, None if it has none. Return False, without parsing, if the budget is too small."""
        before = parts.before if parts and self._part_start else ""
        wanted = self._references.wanted(visible[self._part_start :])
        cost = len(visible) - self._part_start + len(wanted) + len(before)
        if last > self._part_start:
            cost += len(wanted) + len(before)
        if cost > self._budget:
            return False
        self._budget -= cost
        self.parsed += cost
        if too_heavy(visible[self._part_start :]):
            self._head, self._tail = plain(visible).removesuffix("</pre>"), "</pre>"
            self._shown = len(visible)
            self._by_parts = False
            return True
        if last > self._part_start:
            self._code_column = -1
            html = self._rendered(
                visible[self._part_start : last].rstrip("\n"), wanted, parts, parts.after
            )
            html = parts.without_after(html)
            if self._part_start:
                html = self._joined(html, parts)
            self._keep(html, last, parts)
        self._put(visible, wanted, parts)
        self._parse_due = False
        return True

    def _keep(self, html: str, last: int, parts: Parts) -> None:
        """Store `html`, that of the complete items or rows, which end at `last` in the source; they
        are not parsed again. `parts` is the block's present division; if `html` does not fit it,
        the block is rendered as a whole from now on."""
        end = parts.end_in(html)
        if end < 0:
            self._by_parts = False
        else:
            self._before, self._closing = html[:end], html[end:]
            self._part_start = last

    def _joined(self, html: str, parts: Parts) -> str:
        """Return the HTML of all items or rows: that of the earlier ones, stored by `_keep`, then
        `html`, that of the later ones. Both become one list or table; if `html` does not fit
        `parts`, the block's present division, it follows the earlier list or table instead."""
        inner = parts.inner(html)
        return self._before + (self._closing + html if inner is None else inner)

    def _put(self, visible: str, wanted: str, parts: Parts | None) -> None:
        """Render the last item or row of a list or table (`parts`), or the whole block where
        `parts` is None, and store where in its HTML further text can be inserted. `visible` is the
        Markdown to show, `wanted` the link definitions that it uses."""
        part = visible[self._part_start :]
        self._code_column = open_code_column(part) if parts else -1
        in_code = self._code_column >= 0
        ending, opened = ("", 0) if in_code else closing_marks(part)
        text = part.rstrip(" \t\n") + ending if ending else part
        self._after = parts.after if parts and not in_code else ""
        html = self._rendered(text, wanted, parts, self._after)
        if self._after:
            html = parts.without_after(html)
        if self._part_start:
            html = self._joined(html, parts)
        at = _insertion(html, opened, in_code)
        self._head, self._tail = html[:at], html[at:]
        if in_code and not visible.endswith("\n"):
            self._head = self._head.removesuffix("\n")
        self._shown = len(visible if in_code else visible.rstrip(" \t\n"))

    def _rendered(self, text: str, wanted: str, parts: Parts | None, after: str = "") -> str:
        """Return the HTML of the Markdown `text`, parsed with the link definitions `wanted` (as
        Markdown). So that it renders as in the whole block, `parts.before` is put before it if
        earlier items or rows are kept, and the Markdown `after` after it."""
        before = parts.before if parts and self._part_start else ""
        # The parser takes "1." at the very end of its input for a paragraph.
        end = "" if (text + after).endswith("\n") else "\n"
        if not parts and text[:1] == "[":
            # What the block begins with is no text as soon as it is a definition.
            text = self._references.split(text)[1]
        return markdown(before + text + after + end, definitions=wanted)


def _dedented(line: str, column: int) -> str:
    """Return `line` without its first `column` spaces, or all its leading spaces if there are
    fewer."""
    return line[min(column, len(line) - len(line.lstrip(" "))) :]


def _insertion(html: str, opened: int, in_code: bool) -> int:
    """Return the index in `html` at which more text is inserted: before the end tags at its end, of
    which `opened` inline ones (as </strong>) were added to close open Markdown; `in_code`: before
    the last </code></pre>."""
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
