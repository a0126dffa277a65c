"""HTML tags that replies may write: <br>, <sub>, <sup>, <kbd>, <details> and <summary>.

Before parsing, `protected_source` replaces each by a numbered marker. Here the marker becomes the
tag if start and end tag stand in the same element of the parsed HTML, otherwise the tag's text,
escaped. A <details> without end tag ends with its paragraph and is open, so that it hides nothing.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from html import escape

from .protected_source import Fragment
from .unsafe_characters import MARKER_END, MARKER_START

TOKEN = re.compile(
    f"<(/?)([a-z][a-z0-9]*+)[^<>]*?(/?)>|{MARKER_START}(\\d+){MARKER_END}(<br />\n)?"
)
NAME = re.compile(r"<(/?)([a-z]+)", re.I)
VOID = frozenset(("br", "hr", "img", "input"))
# Elements of the parser in which a <details> may stand; in a paragraph it ends the paragraph.
FOLDABLE = frozenset(("", "p", "li", "blockquote", "td", "th"))
EMPTY = re.compile(r"<p>\s*+</p>\n?")


@dataclass
class _Element:
    """Open element of the parser's HTML, and the reply's own tags that are open in it."""

    name: str
    parent: "_Element | None" = None
    # <sub>, <sup> and <kbd>: the numbers of their tokens, and how many there are of each.
    inline: list[tuple[str, int]] = field(default_factory=list)
    counts: Counter = field(default_factory=Counter)
    folds: list["_Fold"] = field(default_factory=list)
    # The number of the token that closed this element.
    end: int = -1

    @property
    def home(self) -> "_Element":
        """Return the element that contains this one if this is a paragraph, as a <details> splits
        paragraphs; otherwise this element."""
        return self.parent if self.name == "p" and self.parent else self


@dataclass
class _Fold:
    """<details> that has no end tag so far. token: the number of its start tag's token. opened_in,
    element: the elements that contain its start tag and its <summary> (without one, its start tag).
    summary: the number of the <summary>'s token, -1 if it has none."""

    token: int
    # A <details> that is never closed ends with `element`.
    opened_in: _Element
    element: _Element
    summary: int = -1
    summary_open: bool = False


def put_tags(html: str, fragments: list[Fragment]) -> str:
    """Return `html`, the Markdown parser's output, with the markers of tags replaced by the tags,
    or by their escaped text where they are not well placed. `fragments` is the list that `protect`
    returned; a marker's number is an index in it."""
    tokens = list(TOKEN.finditer(html))
    written = _Placing(tokens, fragments).written
    parts, at = [], 0
    for n, token in enumerate(tokens):
        parts.append(html[at : token.start()])
        parts.append(written.get(n, token[0]))
        at = token.end()
    parts.append(html[at:])
    html = "".join(parts)
    return EMPTY.sub("", html) if "<details" in html else html


class _Placing:
    """Single pass over `tokens`, matches of TOKEN in the HTML: the tags of the parser and the
    markers of the reply's own tags. A token's number is its index in `tokens`; to write a token is
    to set what replaces it, in `written`. `fragments` as in `put_tags`.

    written: the HTML that replaces a token, by the number of the token.
    """

    def __init__(self, tokens: list[re.Match], fragments: list[Fragment]) -> None:
        self.written: dict[int, str] = {}
        self.element = _Element("")
        for n, token in enumerate(tokens):
            if token[4] is None:
                self._of_parser(n, token)
            elif fragments[int(token[4])].kind == "tag":
                self._of_reply(n, fragments[int(token[4])].source, token[5] or "")
        self._leave(len(tokens), "")

    def _of_parser(self, n: int, token: re.Match) -> None:
        """Follow a tag of the parser, `token` with the number `n`: enter its element, or leave
        it."""
        if token[2] in VOID or token[3]:
            return
        if not token[1]:
            self.element = _Element(token[2], self.element)
        elif self.element.parent:
            self._leave(n, token[0])
            self.element = self.element.parent

    def _leave(self, n: int, closing: str) -> None:
        """End the current element at token `n`, which is its end tag `closing` ("" at the end of
        the HTML), and with it the <summary> and <details> that were left open in it."""
        element = self.element
        element.end = n
        for fold in element.home.folds:
            if fold.summary_open and fold.element is element:
                self._end_summary(fold, n, "" if element.name == "p" else closing)
                closing = self.written[n]
        if element.name != "p":
            for fold in element.folds:
                self._left_open(fold, closing, n)

    def _left_open(self, fold: _Fold, closing: str, n: int) -> None:
        """Write a <details> that has no end tag (`fold`) as one that is open and ends before the
        end tag `closing`, which is token `n`."""
        before, after = ("</p>", "<p>") if fold.opened_in.name == "p" else ("", "")
        self.written[fold.token] = f"{before}<details open>{after}"
        if fold.element.name == "p":
            end = fold.element.end
            self.written[end] = self.written.get(end, "</p>") + "</details>"
        else:
            self.written[n] = "</details>" + self.written.get(n, closing)

    def _of_reply(self, n: int, source: str, line_break: str) -> None:
        """Decide whether the tag `source`, which a reply has written, becomes HTML or text. `n` is
        the number of the token, a marker, that stands for it; `line_break` is the <br> after it, or
        ""."""
        closing, name = NAME.match(source).groups()
        name = name.lower()
        self.written[n] = escape(source, quote=False) + line_break
        if name == "br":
            # A <br> at the end of a line is the same as the line's end: one line break.
            self.written[n] = line_break or "<br />"
        elif name in ("details", "summary"):
            if self.element.name in FOLDABLE:
                self._folding(n, name, bool(closing))
        elif not closing:
            self.element.inline.append((name, n))
            self.element.counts[name] += 1
        elif self.element.counts[name]:
            self._close_inline(n, name, line_break)

    def _close_inline(self, n: int, name: str, line_break: str) -> None:
        """Write the end tag `name` for token `n`, followed by `line_break` (HTML, or ""), and the
        start tag it belongs to; tags opened between them stay text."""
        while True:
            opened, at = self.element.inline.pop()
            self.element.counts[opened] -= 1
            if opened == name:
                break
        self.written[at] = self.written[at].replace("&lt;", "<").replace("&gt;", ">").lower()
        self.written[n] = f"</{name}>{line_break}"

    def _folding(self, n: int, name: str, closing: bool) -> None:
        """Write the tag of a <details> or <summary> (`name`) for token `n`, the end tag if
        `closing`, if it fits what is open; otherwise it stays text."""
        folds = self.element.home.folds
        before, after = ("</p>", "<p>") if self.element.name == "p" else ("", "")
        last = folds[-1] if folds else None
        if name == "details" and not closing:
            folds.append(_Fold(n, self.element, self.element))
        elif last is None:
            return
        elif name == "details":
            if last.summary_open:
                self._end_summary(last, n, "")
                before = ""
            folds.pop()
            opened_in_paragraph = last.opened_in.name == "p"
            edges = ("</p>", "<p>") if opened_in_paragraph else ("", "")
            self.written[last.token] = f"{edges[0]}<details>{edges[1]}"
            self.written[n] = f"{before}</details>{after}"
        elif not closing:
            if last.summary >= 0:
                return
            last.summary, last.summary_open, last.element = n, True, self.element
            self.written[n] = f"{before}<summary>"
        elif last.summary_open and last.element is self.element:
            last.summary_open = False
            self.written[n] = f"</summary>{after}"
        else:
            return
        self.element.inline.clear()
        self.element.counts.clear()

    def _end_summary(self, fold: _Fold, n: int, closing: str) -> None:
        """End the <summary> of `fold`: replace token `n` by </summary> and, after it, `closing`,
        the end tag that the token is ("" for none)."""
        fold.summary_open = False
        self.written[n] = f"</summary>{closing}"
