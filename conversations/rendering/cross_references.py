"""References from one block of a text to another: link definitions and footnotes.

Each block is rendered as soon as it is complete, with the definitions read so far. Blocks with
references are kept, and rendered again at the end of the text if they look different then.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .block_html import parsed_html
from .block_splitter import Block, Kind
from .footnotes import NOTE, Footnotes, provisional
from .link_references import Definition, LinkReferences, hrefs_in, label_name
from .markdown import address_of
from .markdown_limits import BLOCK_CHARACTERS

BOX = re.compile(r'<div class="code">.*?</code></pre></div>', re.S)
PARSED = frozenset((Kind.TEXT, Kind.LIST, Kind.QUOTE, Kind.DETAILS, Kind.FOOTNOTE))


@dataclass
class _Remembered:
    """Block with references: its number in the text; the link definitions it begins with, and the
    rest of its source; `wanted`, the Markdown of the definitions its links use; and its HTML, in
    which references to footnotes are markers (footnotes.marker)."""

    number: int
    block: Block
    definitions: list[Definition]
    rest: str
    wanted: str
    html: str
    # The levels of the headings it stands under (heading_levels.Headings.above).
    above: list[int] = field(default_factory=list)


class CrossReferences:
    """Renderer of the Markdown blocks of one text, which resolves references between them. Call
    `draw` for each complete block in order, and `settle` once at the end.

    unsettled: the number of characters in the blocks with references, which `settle` may have to
    parse again.
    """

    def __init__(self) -> None:
        self.unsettled = 0
        self.links = LinkReferences(address_of)
        self._remembered: list[_Remembered] = []

    def learn(self, block: Block) -> None:
        """Store the link definitions in a complete block, for links in any block of the text."""
        if block.kind in PARSED and len(block.source) <= BLOCK_CHARACTERS:
            self.links.learn(block.source)

    def draw(
        self, block: Block, number: int, above: list[int], box: Callable[[str, str], str]
    ) -> tuple[str, int]:
        """Return the HTML of a complete block, with the link definitions read so far, and how many
        characters were parsed for it.

        `number` is the number of the block in the text, from 0. `above` are the levels (3 to 6) of
        the headings that it stands under. `box(code, info string)` is a function that returns the
        HTML of a piece of code.
        """
        self.learn(block)
        definitions: list = []
        rest = block.source
        if block.kind is Kind.TEXT and rest.lstrip(" ")[:1] == "[":
            definitions, rest = self.links.split(rest)
        wanted = self.links.wanted(rest)
        self.links.spend(wanted)
        html = parsed_html(rest, wanted, box) if rest.strip() else ""
        if "[" in block.source:
            self.unsettled += len(block.source)
            self._remembered.append(
                _Remembered(number, block, definitions, rest, wanted, html, above)
            )
        return provisional(html), len(wanted) + len(rest)

    def settle(self, anchor: Callable[[], str]) -> Iterator[tuple[int, list[int], str]]:
        """Resolve all references at the end of the text, and yield each block whose HTML is
        different from what `draw` returned: its number, the levels of the headings above it, and
        its HTML. Last, if there are footnotes, yield -1, [] and the HTML of their section.

        `anchor` returns the beginning of the ids of footnotes; it is called only if there are some.
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
        """Update `html` of the remembered blocks that refer to link definitions after them."""
        self.links.begin_again()
        for each in self._remembered:
            wanted = self.links.wanted(each.rest)
            self.links.spend(wanted)
            if wanted != each.wanted:
                each.wanted = wanted
                each.html = with_boxes_of(each.html, parsed_html(each.rest, wanted))

    def _show_unused(self) -> None:
        """Update `html` of the remembered blocks that begin with link definitions which no link
        uses, so that it shows these as text."""
        hrefs: set[str] | None = None
        for each in self._remembered:
            if not each.definitions:
                continue
            if hrefs is None:
                hrefs = set().union(*(hrefs_in(b.html) for b in self._remembered if b.wanted))
            if unused := "".join(self.links.unused(each.definitions, hrefs)):
                each.html = parsed_html(unused + each.rest, each.wanted)

    def _note(self, source: str) -> str:
        """Return the HTML of a footnote, whose Markdown is `source`, parsed with the link
        definitions of the whole text."""
        return parsed_html(source, self.links.wanted(source))


def with_boxes_of(old: str, new: str) -> str:
    """Return `new`, the HTML of a block rendered again, with the pieces of code in it replaced by
    those in `old`, its earlier HTML, where they may be highlighted already; `new` unchanged if the
    two have different numbers of pieces of code."""
    boxes = BOX.findall(old)
    if not boxes or len(boxes) != len(BOX.findall(new)):
        return new
    left = iter(boxes)
    return BOX.sub(lambda match: next(left), new)
