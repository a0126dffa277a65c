"""Footnotes: references `[^label]` in a text, and notes `[^label]: …` in blocks of their own.

A reference is a marker in a block's HTML until the end of the text, when it is known which notes
there are. Then references are numbered in the order of reading, and the notes follow the last block
in that order. A reference without a note, and a note without a reference, are shown as text.
"""

import re
from collections.abc import Callable
from html import unescape

from .link_references import label_name
from .unsafe_characters import REFERENCE_END, REFERENCE_START

NOTE = re.compile(r" {0,3}\[\^([^\[\]\s^]{1,100})\]:[ \t]*")
MARKER = re.compile(f"{REFERENCE_START}([^{REFERENCE_START}{REFERENCE_END}]*){REFERENCE_END}")
# References beyond these stay text, and links back to as many of them: what is written for each
# is a multiple of what was read.
REFERENCES = 1_000
LINKS_BACK = 10


def marker(label: str) -> str:
    """Return the marker that stands in HTML for a reference to the note with the label `label`,
    which must be escaped as HTML already."""
    return f"{REFERENCE_START}{label}{REFERENCE_END}"


def provisional(html: str) -> str:
    """Return `html` with the markers of references as superscript labels: for showing while it is
    not known whether they have notes."""
    return MARKER.sub(r"<sup>\1</sup>", html) if REFERENCE_START in html else html


def as_written(html: str) -> str:
    """Return `html` with the markers of references as text again: `[^label]`."""
    return MARKER.sub(r"[^\1]", html) if REFERENCE_START in html else html


def body(source: str) -> str:
    """Return the Markdown of a footnote's text. `source` is the Markdown of its block, which begins
    with `[^label]:`."""
    source = source[NOTE.match(source).end() :]
    first, newline, rest = source.partition("\n")
    return first + newline + re.sub(r"^(?: {1,4}|\t)", "", rest, flags=re.M)


class Footnotes:
    """Numbering of the footnotes of one text: call `number` for the HTML of each block from the
    top, then `section` for the list of notes.

    notes: `{label: Markdown of the note's block}` (labels as of link_references.label_name).
    anchor: the beginning of the ids of notes, unique in a page of many texts. draw: a function that
    returns the HTML of a note's Markdown.
    """

    def __init__(self, notes: dict[str, str], anchor: str, draw: Callable[[str], str]) -> None:
        self._notes = notes
        self._anchor = anchor
        self._draw = draw
        # The labels of the notes that are referred to, by number from 1, and how often each is.
        self._order: list[str] = []
        self._numbers: dict[str, int] = {}
        self._uses: dict[str, int] = {}
        self._left = REFERENCES

    def number(self, html: str) -> str:
        """Return `html`, that of one block, with the markers of references to footnotes replaced by
        numbered links to their notes, or by text where there is no such note. A note gets the next
        number at the first reference to it, so call this in the order of the blocks."""
        return MARKER.sub(self._reference, html) if REFERENCE_START in html else html

    def _reference(self, match: re.Match) -> str:
        """Return the numbered link for one marker, or its text if there is no such note or there
        are too many references."""
        name = label_name(unescape(match[1]))
        if name not in self._notes or self._left <= 0:
            return f"[^{match[1]}]"
        self._left -= 1
        if name not in self._numbers:
            self._order.append(name)
            self._numbers[name] = len(self._order)
        number = self._numbers[name]
        self._uses[name] = self._uses.get(name, 0) + 1
        here = self._id(number, self._uses[name])
        return (
            f'<sup class="footnote"><a id="fnref-{here}" href="#fn-{self._id(number)}">{number}'
            "</a></sup>"
        )

    def is_used(self, name: str) -> bool:
        """Return True if a reference to the note with the label `name` has been numbered."""
        return name in self._numbers

    def section(self) -> str:
        """Return the HTML of the list of notes that are referred to, by number; "" if there are
        none.

        A note may refer to another one, which then follows.
        """
        # The list grows while the notes are drawn.
        drawn = [self.number(self._draw(body(self._notes[name]))) for name in self._order]
        if not drawn:
            return ""
        rows = "".join(self._item(number, html) for number, html in enumerate(drawn, 1))
        return f'<section class="footnotes"><ol>\n{rows}</ol></section>'

    def _item(self, number: int, html: str) -> str:
        """Return the <li> of the note `number`: `html`, the HTML of its text, with links back to
        the first LINKS_BACK references to it."""
        back = "".join(
            f' <a class="footnote-back" href="#fnref-{self._id(number, use)}">↩</a>'
            for use in range(1, min(self._uses[self._order[number - 1]], LINKS_BACK) + 1)
        )
        html = html.rstrip("\n")
        at = len(html) - len("</p>") if html.endswith("</p>") else len(html)
        return f'<li id="fn-{self._id(number)}">{html[:at]}{back}{html[at:]}</li>\n'

    def _id(self, number: int, use: int = 1) -> str:
        """Return the id of the note `number`, without the "fn-" before it, or of the `use`-th
        reference to that note, without the "fnref-" before it; for the first reference the two are
        the same."""
        return f"{self._anchor}-{number}" + (f"-{use}" if use > 1 else "")
