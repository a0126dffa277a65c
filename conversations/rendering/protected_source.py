"""Protection of what the Markdown parser must not read: formulas, permitted tags, footnotes, single
tildes.

They are replaced by markers before a block is parsed. Afterwards each marker is replaced: by HTML
where the parser left it in text, by the original source where it became part of code or an address.
Markers are made of Unicode noncharacters, which `tidy` removes from every text.
"""

import re
from bisect import bisect_right
from html import escape
from typing import NamedTuple
from urllib.parse import quote

from .dollar_signs import enclose_formula, is_display
from .unsafe_characters import APART, BRACKET, MARKER_END, MARKER_START, TILDE

# How many characters from its beginning the end of a formula is looked for.
LOOK_AHEAD = 8_000
ENVIRONMENTS = (
    "equation|align|alignat|gather|multline|flalign|eqnarray|split|aligned|gathered|alignedat"
    "|cases|dcases|rcases|matrix|pmatrix|bmatrix|Bmatrix|vmatrix|Vmatrix|smallmatrix|array|math"
    "|displaymath|subequations"
)
PROTECTED = re.compile(
    r"(?P<fence>^[ \t>]*+(?:(?:[-+*]|\d{1,9}[.)])[ \t]++)*+(?P<mark>`{3,}(?=[^`\n]*$)|~{3,}))"
    r"|(?P<definition>^[ \t>]*+(?:(?:[-+*]|\d{1,9}[.)])[ \t]++)*+"
    r"\[(?=(?:[^\[\]\\]|\\.){1,999}+\]:))"
    r"|(?P<footnote>\[\^[^\[\]\s^]{1,100}\](?![(\[]))"
    r"|(?P<code>`+)"
    rf"|\\begin\{{(?P<environment>(?:{ENVIRONMENTS})\*?)\}}"
    r"|(?P<parenthesis>\\\()|(?P<bracket>\\\[)"
    r"|\\(?s:.)"
    r"|(?P<dollars>\$+)"
    r"|(?P<tag></?(?:br|sub|sup|kbd|details|summary)[ \t]*/?>)"
    r"|(?P<tilde>~+)",
    re.M | re.I,
)
ANY = re.compile(r"[$~<]|\\[(\[b]|\]:|\[\^")
NUMBERED = re.compile(r"\[\d{1,4}\](?=\[\d{1,4}\])")
BACKTICKS = re.compile("`+")
DOLLARS = re.compile(r"(?P<text>\\(?:text\w*|mbox)[ \t]*\{)|\\(?s:.)|(\$+)|\n[ \t]*\n")
BLANK_LINE = re.compile(r"\n[ \t>]*\n")
LINE_START = re.compile(r"^[ \t]*(?:(?:[-+*]|\d{1,9}[.)])[ \t]+|>[ \t]?)*", re.M)
ITEM = re.compile(r"\n([ \t]*)(?:[-+*]|\d{1,9}[.)])[ \t]")
QUOTE_MARKS = re.compile(r"^[ \t]*(?:>[ \t]?)+", re.M)
MARKER = re.compile(f"{MARKER_START}(\\d+){MARKER_END}")
QUOTED = {name: quote(name) for name in (MARKER_START, MARKER_END, TILDE, APART)}
QUOTED_MARKER = re.compile(rf"{QUOTED[MARKER_START]}(\d+){QUOTED[MARKER_END]}")
CODE_OR_TAG = re.compile(
    f"<code[^<>]*>[^<]*{MARKER_START}[^<]*</code>"
    f"|<[a-z][^<>]*(?:{MARKER_START}|{QUOTED[MARKER_START]})[^<>]*>"
)
# What stands before a tag that begins a line.
QUOTE_PREFIX = re.compile(r"[ \t]*(?:>[ \t]?)*")
LINE_ENDS = re.compile(r"[ \t]*\n(?![ \t>]*(?:\n|$))")


class Fragment(NamedTuple):
    """Piece of a block's source replaced by a marker: its kind ("inline" or "display" formula,
    "tag" or "footnote"), its source and, for a formula, the TeX in it."""

    kind: str
    source: str
    tex: str = ""


def protect(source: str) -> tuple[str, list[Fragment]]:
    """Return `source`, the Markdown of a block, with formulas, permitted tags and footnotes
    replaced by numbered markers (single tildes and some brackets by unnumbered ones), and the list
    of Fragments that the numbers are indices of. Give `put_back` the parsed HTML and the list."""
    if "][" in source:
        # Two sources, not a link with the text of the one and the address of the other.
        source = NUMBERED.sub(rf"\g<0>{APART}", source)
    # Searches for single characters are faster than one for a pattern.
    if not any(character in source for character in "$\\<~["):
        return source, []
    if not ANY.search(source):
        return source, []
    return _Scan(source).result()


def put_back(html: str, fragments: list[Fragment]) -> str:
    """Return `html`, the parser's output, with markers within code and attributes replaced by their
    source in `fragments` (from `protect`). Markers in text stay, for the caller to replace."""
    if TILDE in html or QUOTED[TILDE] in html:
        html = html.replace(TILDE, "~").replace(QUOTED[TILDE], "~")
    if APART in html or QUOTED[APART] in html:
        html = html.replace(APART, "").replace(QUOTED[APART], "")
    if BRACKET in html:
        html = html.replace(BRACKET, "[")
    if not fragments:
        return html

    def source(match: re.Match) -> str:
        written = match[0]
        written = QUOTED_MARKER.sub(
            lambda m: escape(quote(fragments[int(m[1])].source, "/:?#@!$&'()*+,;=%")), written
        )
        return MARKER.sub(lambda m: escape(fragments[int(m[1])].source), written)

    return CODE_OR_TAG.sub(source, html)


class _Scan:
    """Single pass over a block's source, which replaces what is to be protected by markers. "Write"
    in its methods means: append to `out`, the pieces of the result."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.out: list[str] = []
        self.fragments: list[Fragment] = []
        # Where the runs of backticks of each length stand, to find their ends in one step.
        self.runs: dict[int, list[int]] = {}
        for match in BACKTICKS.finditer(source):
            self.runs.setdefault(len(match[0]), []).append(match.start())
        self.blank = -1

    def result(self) -> tuple[str, list[Fragment]]:
        """Scan the source; return it with markers, and the fragments they stand for."""
        at = 0
        source = self.source
        while match := PROTECTED.search(source, at):
            self.out.append(source[at : match.start()])
            at = self._piece(match)
        self.out.append(source[at:])
        return "".join(self.out), self.fragments

    def _piece(self, match: re.Match) -> int:
        """Write the source that `match`, a match of PROTECTED, begins, or a marker for it; return
        the index in the source where that ends."""
        start, end = match.span()
        if match["fence"]:
            end = self._end_of_fence(match)
        elif match["code"]:
            end = self._end_of_code(start, end)
        elif match["tilde"]:
            self.out.append(TILDE if len(match[0]) == 1 else match[0])
            return end
        elif match["footnote"]:
            return self._protect("footnote", start, end)
        elif match["definition"]:
            self.out.append(self.source[start : end - 1] + BRACKET)
            return end
        elif match["tag"]:
            return self._tag(start, end)
        elif match["dollars"]:
            return self._dollars(start, end)
        elif match["environment"]:
            closed = self._end_of_environment(start, match["environment"])
            if closed:
                return self._protect("display", start, closed, start, closed)
        elif match["parenthesis"] or match["bracket"]:
            closed = self._closing(end, "\\)" if match["parenthesis"] else "\\]")
            if closed and (match["bracket"] or closed < self._paragraph_end(end)):
                kind = "inline" if match["parenthesis"] else "display"
                return self._protect(kind, start, closed + 2, end, closed)
        self.out.append(self.source[start:end])
        return end

    def _protect(self, kind: str, start: int, end: int, inner: int = 0, inner_end: int = 0) -> int:
        """Write a marker for source[start:end] and append its Fragment, of the kind `kind`, to
        `fragments`; return `end`. The TeX of a formula is source[inner:inner_end]."""
        tex = self._tex(start, inner, inner_end)
        self.out.append(f"{MARKER_START}{len(self.fragments)}{MARKER_END}")
        self.fragments.append(Fragment(kind, self.source[start:end], tex))
        return end

    def _tex(self, start: int, inner: int, end: int) -> str:
        """Return the TeX of the formula at `start`, which is source[inner:end], without the marks
        of the quote or table cell it stands in."""
        tex = self.source[inner:end]
        if "\n" in tex and self._line(start).lstrip(" \t")[:1] == ">":
            tex = QUOTE_MARKS.sub("", tex)
        if "|" in tex and self._line(start).lstrip(" \t>")[:1] == "|":
            # In a table a bar within a cell is written so.
            tex = tex.replace("\\|", "|")
        return tex

    def _tag(self, start: int, end: int) -> int:
        """Write a marker for the tag source[start:end] and return `end`. A tag of <details> or
        <summary> that begins a line gets a blank line before it, an end tag that ends a line one
        after it."""
        name = self.source[start:end].lower()
        if "details" not in name and "summary" not in name:
            return self._protect("tag", start, end)
        line = self.source[self.source.rfind("\n", 0, start) + 1 : start]
        prefix = QUOTE_PREFIX.match(line)[0]
        if prefix == line:
            self.out.append(f"\n{prefix}")
        self._protect("tag", start, end)
        if name[1] == "/" and LINE_ENDS.match(self.source, end):
            self.out.append(f"\n{prefix}")
        return end

    def _line(self, at: int) -> str:
        """Return the beginning of the line that contains index `at`, up to and including that
        index."""
        return self.source[self.source.rfind("\n", 0, at) + 1 : at + 1]

    def _end_of_fence(self, match: re.Match) -> int:
        """Return the index where the fenced code ends that `match` opens; the end of the source if
        it is not closed."""
        mark = match["mark"]
        closing = re.compile(rf"^[ \t>]*{re.escape(mark)}{re.escape(mark[0])}*[ \t]*$", re.M)
        found = closing.search(self.source, match.end())
        return found.end() if found else len(self.source)

    def _end_of_code(self, start: int, end: int) -> int:
        """Return the index where the code ends that begins with the backticks source[start:end];
        `end` if it is not closed in its paragraph."""
        runs = self.runs[end - start] if end - start in self.runs else []
        at = bisect_right(runs, start)
        if at == len(runs) or runs[at] > self._paragraph_end(end):
            return end
        return runs[at] + end - start

    def _paragraph_end(self, at: int) -> int:
        """Return the index of the next blank line after `at`, that of the source's end if there is
        none. The result is cached: `at` must not be smaller than in earlier calls."""
        if self.blank < at:
            found = BLANK_LINE.search(self.source, at)
            self.blank = found.start() if found else len(self.source)
        return self.blank

    def _closing(self, at: int, closer: str) -> int:
        """Return the index of `closer` (`\\)` or `\\]`), which ends the formula whose TeX begins at
        the index `at`; 0 if it is not closed."""
        found = self.source.find(closer, at, at + LOOK_AHEAD)
        return found if found > at and self._stays_in_item(at, found) else 0

    def _end_of_environment(self, start: int, name: str) -> int:
        """Return the index after the end of the environment `name` that begins at `start`; 0 if it
        is not closed."""
        depth, at = 0, start
        mark = re.compile(rf"\\(begin|end)\{{{re.escape(name)}\}}")
        for match in mark.finditer(self.source, start, start + LOOK_AHEAD):
            depth += 1 if match[1] == "begin" else -1
            at = match.end()
            if not depth:
                return at if self._stays_in_item(start, at) else 0
        return 0

    def _stays_in_item(self, start: int, end: int) -> bool:
        """Return False if source[start:end], a formula in a list item, reaches into the next
        item."""
        found = ITEM.search(self.source, start, end)
        if not found:
            return True
        line = self.source.rfind("\n", 0, start) + 1
        return len(found[1]) >= LINE_START.match(self.source, line).end() - line

    def _dollars(self, start: int, end: int) -> int:
        """Write the dollar signs source[start:end], or a marker if a formula begins with them;
        return where what was written ends."""
        width = end - start
        if width <= 2:
            closed = self._closing_dollars(end, width)
            if closed and self._stays_in_item(end, closed):
                if width == 1 and enclose_formula(self.source, end, closed):
                    return self._protect("inline", start, closed + width, end, closed)
                if width == 2 and is_display(self._tex(start, end, closed)):
                    return self._protect("display", start, closed + width, end, closed)
        self.out.append(self.source[start:end])
        return end

    def _closing_dollars(self, at: int, width: int) -> int:
        """Return the index of the next run of `width` dollar signs after `at`, outside of \\text{};
        0 if there is none."""
        limit = at + LOOK_AHEAD
        while match := DOLLARS.search(self.source, at, limit):
            at = match.end()
            if match[2]:
                if len(match[2]) == width:
                    return match.start()
                if width == 1:
                    return 0
            elif match["text"]:
                # A formula within text within a formula.
                closed = self.source.find("}", at, limit)
                if closed > 0 and self.source.count("$", at, closed) % 2 == 0:
                    at = closed
            elif match[0][0] == "\n" and width == 1:
                return 0
        return 0
