"""What one block of a text refers to in another: link definitions and footnotes.

Blocks are shown as soon as they are complete, with the definitions known by then. Those that hold
references are remembered, and drawn once more at the end where more is known then.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .block_html import parsed_html
from .block_splitter import Block, Kind
from .footnotes import NOTE, Footnotes, provisional
from .guards import BLOCK_CHARACTERS
from .link_references import Definition, LinkReferences, hrefs_in, label_name
from .markdown import address_of

BOX = re.compile(r'<div class="code">.*?</code></pre></div>', re.S)
PARSED = frozenset((Kind.TEXT, Kind.LIST, Kind.QUOTE, Kind.DETAILS, Kind.FOOTNOTE))


@dataclass
class _Remembered:
    """A block with references: its number in the text, its source without the definitions that it
    begins with, and its HTML, whose references to footnotes are markers."""

    number: int
    block: Block
    definitions: list[Definition]
    rest: str
    wanted: str
    html: str
    # The headings it stands under, as `Headings` keeps them.
    above: list[int] = field(default_factory=list)


class CrossReferences:
    """The references of one text, in the order of its blocks."""

    def __init__(self) -> None:
        self.links = LinkReferences(address_of)
        self._remembered: list[_Remembered] = []

    def learn(self, block: Block) -> None:
        """Keep what a complete block defines."""
        if block.kind in PARSED and len(block.source) <= BLOCK_CHARACTERS:
            self.links.learn(block.source)

    def draw(
        self, block: Block, number: int, above: list[int], box: Callable[[str, str], str]
    ) -> tuple[str, int]:
        """The HTML of a complete block with what is defined by now, and how many characters were
        parsed for it. Its number counts from 0; above are the headings it stands under."""
        self.learn(block)
        definitions, rest = [], block.source
        if block.kind is Kind.TEXT and rest.lstrip(" ")[:1] == "[":
            definitions, rest = self.links.split(rest)
        wanted = self.links.wanted(rest)
        self.links.spend(wanted)
        html = parsed_html(rest, wanted, box) if rest.strip() else ""
        if "[" in block.source:
            self._remembered.append(
                _Remembered(number, block, definitions, rest, wanted, html, above)
            )
        return provisional(html), len(wanted) + len(rest)

    def settle(self, anchor: Callable[[], str]) -> Iterator[tuple[int, list[int], str]]:
        """The blocks that look different now that the text has ended: the number of each, the
        headings above it and its HTML; last, with number -1, the footnotes.

        anchor begins the ids of footnotes; it is asked for only where there are some.
        """
        before = {each.number: provisional(each.html) for each in self._remembered}
        self._draw_again()
        self._show_unused()
        notes: dict[str, str] = {}
        for each in self._remembered:
            if each.block.kind is Kind.FOOTNOTE:
                notes.setdefault(label_name(NOTE.match(each.rest)[1]), each.rest)
        footnotes = Footnotes(notes, anchor() if notes else "", self._note)
        for each in self._remembered:
            if each.block.kind is not Kind.FOOTNOTE:
                each.html = footnotes.number(each.html)
        section = footnotes.section()
        for each in self._remembered:
            if each.block.kind is Kind.FOOTNOTE:
                name = label_name(NOTE.match(each.rest)[1])
                is_shown = footnotes.is_used(name) and notes[name] is each.rest
                each.html = "" if is_shown else footnotes.number(each.html)
            if each.html != before[each.number]:
                yield each.number, each.above, each.html
        if section:
            yield -1, [], section

    def _draw_again(self) -> None:
        """Draw the blocks that refer to what was defined after them."""
        self.links.begin_again()
        for each in self._remembered:
            wanted = self.links.wanted(each.rest)
            self.links.spend(wanted)
            if wanted != each.wanted:
                each.wanted = wanted
                each.html = with_boxes_of(each.html, parsed_html(each.rest, wanted))

    def _show_unused(self) -> None:
        """Show the definitions that no link uses as text."""
        hrefs: set[str] | None = None
        for each in self._remembered:
            if not each.definitions:
                continue
            if hrefs is None:
                hrefs = set().union(*(hrefs_in(b.html) for b in self._remembered if b.wanted))
            if unused := "".join(self.links.unused(each.definitions, hrefs)):
                each.html = parsed_html(unused + each.rest, each.wanted)

    def _note(self, source: str) -> str:
        return parsed_html(source, self.links.wanted(source))


def with_boxes_of(old: str, new: str) -> str:
    """The new HTML of a block, its boxes of code with the colours that they have in the old one."""
    boxes = BOX.findall(old)
    if not boxes or len(boxes) != len(BOX.findall(new)):
        return new
    left = iter(boxes)
    return BOX.sub(lambda match: next(left), new)
