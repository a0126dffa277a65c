"""Footnotes: `[^label]` in a text, and `[^label]: note` in a block of its own.

A reference is a marker in a block's HTML until the end of the text, when it is known which notes
there are; then references are numbered in the order in which they are read, and the notes stand in
that order after the last block. A reference without a note, and a note without a reference, are
text.
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
    """What stands in HTML for a reference to the note with this label."""
    return f"{REFERENCE_START}{label}{REFERENCE_END}"


def provisional(html: str) -> str:
    """HTML with references as they are shown before it is known whether they have notes."""
    return MARKER.sub(r"<sup>\1</sup>", html) if REFERENCE_START in html else html


def as_written(html: str) -> str:
    """HTML with references as they were written."""
    return MARKER.sub(r"[^\1]", html) if REFERENCE_START in html else html


def body(source: str) -> str:
    """The Markdown of a note, from the source of its block."""
    source = source[NOTE.match(source).end() :]
    first, newline, rest = source.partition("\n")
    return first + newline + re.sub(r"^(?: {1,4}|\t)", "", rest, flags=re.M)


class Footnotes:
    """Numbers the references of one text from the top.

    notes: the sources of the notes' blocks by label. anchor begins the ids in the page, which may
    show many texts. draw gives the HTML of a note's Markdown.
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
        """HTML with its references as links to their notes."""
        return MARKER.sub(self._reference, html) if REFERENCE_START in html else html

    def _reference(self, match: re.Match) -> str:
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
        """Whether a reference to the note with this label was numbered."""
        return name in self._numbers

    def section(self) -> str:
        """The HTML of the notes that are referred to, "" where there are none.

        A note may refer to another one, which then follows.
        """
        # The list grows while the notes are drawn.
        drawn = [self.number(self._draw(body(self._notes[name]))) for name in self._order]
        if not drawn:
            return ""
        rows = "".join(self._item(number, html) for number, html in enumerate(drawn, 1))
        return f'<section class="footnotes"><ol>\n{rows}</ol></section>'

    def _item(self, number: int, html: str) -> str:
        back = "".join(
            f' <a class="footnote-back" href="#fnref-{self._id(number, use)}">↩</a>'
            for use in range(1, min(self._uses[self._order[number - 1]], LINKS_BACK) + 1)
        )
        html = html.rstrip("\n")
        at = len(html) - len("</p>") if html.endswith("</p>") else len(html)
        return f'<li id="fn-{self._id(number)}">{html[:at]}{back}{html[at:]}</li>\n'

    def _id(self, number: int, use: int = 1) -> str:
        return f"{self._anchor}-{number}" + (f"-{use}" if use > 1 else "")
