"""Rendering of a whole text, and of one that streams; the former is a stream of one piece."""

from collections.abc import Hashable
from concurrent.futures import Future, wait
from hashlib import sha256
from time import monotonic, perf_counter

from .block_html import plain, unparsed_html, wrapped
from .block_splitter import Block, Splitter
from .citation_marks import until_mark, without_marks
from .colouring import Coloured, colour
from .colours import Box, Colours, with_colours
from .cross_references import CrossReferences, with_boxes_of
from .footnotes import provisional
from .guards import MESSAGE_CHARACTERS
from .heading_levels import Headings
from .open_block import OpenBlock
from .unsafe_characters import tidy

# A reply that becomes longer than MESSAGE_CHARACTERS is shown, while it streams, in plain blocks of
# so many characters.
PART_CHARACTERS = 8_000


def render(
    text: str,
    prefix: str = "",
    *,
    name: str = "",
    account: Hashable = None,
    patience: float = 10,
) -> str:
    """The safe HTML of a whole message: its blocks, each in a <div class="block"> whose
    `data-block` is `prefix` and its number.

    name begins the ids of footnotes, which are to be unique in a page of many messages; without
    one they begin with a hash of the text.

    Waits for the colours of its code, so not for an event loop: for the processor time that they
    may take (colouring.limits), and on a busy machine `patience` seconds of the clock, after
    which code has none. Accounts (a person's id) that ask for many colours wait for those that
    ask for few.
    """
    stream = Stream(prefix, account, name)
    stream.append(text)
    return stream.finish(patience)


class Stream:
    """The HTML of one reply while it is written.

    frozen: the HTML of the blocks that are complete, each in its <div class="block">. Code stands
    there without colours first; when these come, its block changes, once, and the block's number
    is added to recoloured. Nothing else changes there; only the end of a reply over 200,000
    characters puts one plain block in place of all.
    version: grows with every change of `open`, and where blocks were added to `frozen`.

    Nothing but `finish` waits for colours. Whoever shows a text while it is written asks for those
    of `uncoloured` (`ask`) and gives them back (`take_colours`) until there are no more.
    """

    def __init__(self, prefix: str = "", account: Hashable = None, name: str = "") -> None:
        """`prefix` begins the `data-block` of each block; colours are made for `account`; `name`
        is that of `render`."""
        self._name = name
        self.prefix = prefix
        self.frozen: list[str] = []
        self.recoloured: list[int] = []
        self.version = 0
        self._account = account
        self._colours = Colours()
        # The HTML of the block some of whose boxes have their colours.
        self._painted = ""
        self._splitter = Splitter()
        self._references = CrossReferences()
        self._headings = Headings()
        self._open_block = OpenBlock(self._references.links)
        self._parsed = 0
        # What has come since the last refresh; everything, in few large strings, for a reply that
        # becomes too long; and the end of what was frozen of such a reply.
        self._new: list[str] = []
        self._text: list[str] = []
        self._recent: list[str] = []
        self._length = 0
        self._rest = ""
        # The HTML of the open block, and the version it was made for.
        self._open = ""
        self._drawn = 0

    @property
    def open(self) -> str:
        """The HTML of the last block, which is not complete, "" if there is none to show."""
        # Every watcher asks for it.
        if self._drawn != self.version:
            html = plain(self._rest) if self._rest else self._preview()
            self._open = self._wrapped(html) if html else ""
            self._drawn = self.version
        return self._open

    def _preview(self) -> str:
        return self._headings.preview(provisional(self._open_block.html))

    @property
    def rendered_characters(self) -> int:
        """How many characters were given to parsers so far."""
        return self._parsed + self._open_block.parsed + self._references.links.parsed

    def append(self, text: str) -> None:
        """Take more of the text. Nothing is parsed before the next refresh."""
        self._new.append(text)

    def refresh(self) -> float:
        """Bring the HTML up to the text so far and return the seconds it took."""
        started = perf_counter()
        text = "".join(self._new)
        self._new.clear()
        text, begun = until_mark(text)
        if begun:
            self._new.append(begun)
        elif text.endswith("\r"):
            # It may be the first half of a line end.
            text = text[:-1]
            self._new.append("\r")
        if text:
            self._take(tidy(text))
        return perf_counter() - started

    def complete(self) -> None:
        """Take the end of the text: all its blocks are in `frozen` now, code without colours."""
        text = tidy(without_marks("".join(self._new)))
        self._new.clear()
        self._keep(text)
        if self._length > MESSAGE_CHARACTERS:
            self.frozen = []
            self.frozen.append(self._wrapped(plain("".join(self._text + self._recent))))
            self._colours.forget()
        else:
            blocks = self._splitter.feed(text) + self._splitter.finish()
            for block in blocks:
                self._references.learn(block)
            self._freeze(blocks)
            self._settle_references()
        self._rest = ""
        self._open_block.begin()
        self.version += 1

    def finish(self, patience: float = 10) -> str:
        """The final HTML of the whole text; `frozen` is that HTML, block by block.

        patience: as that of `render`.
        """
        self.complete()
        deadline = monotonic() + patience
        while box := self.uncoloured:
            future = self.ask(box)
            if not wait([future], max(deadline - monotonic(), 0)).done:
                future.cancel()
                break
            self.take_colours(box, future.result())
        return "".join(self.frozen)

    @property
    def uncoloured(self) -> Box | None:
        """The box of code whose colours are wanted next, from the top; None where none is."""
        return self._colours.next

    def ask(self, box: Box) -> Future[Coloured]:
        """Ask for the colours of `uncoloured`. Cancel the future where nobody waits any longer."""
        return colour(box.code, box.lexer, self._account)

    def take_colours(self, box: Box, coloured: Coloured) -> bool:
        """Take the colours that were asked for. Returns whether a block changed: each does once,
        when it has those of all its code."""
        if box is not self._colours.next:
            # The text became too long meanwhile.
            return False
        html = with_colours(self._painted or self.frozen[box.block], box, coloured)
        following = self._colours.take(coloured)
        if following and following.block == box.block:
            self._painted = html
            return False
        self._painted = ""
        if html == self.frozen[box.block]:
            return False
        self.frozen[box.block] = html
        self.recoloured.append(box.block)
        return True

    def _take(self, text: str) -> None:
        was_short = self._length <= MESSAGE_CHARACTERS
        self._keep(text)
        if self._length > MESSAGE_CHARACTERS:
            self._show_rest((self._splitter.source if was_short else self._rest) + text)
            return
        self._open_block.earn(len(text))
        complete = self._splitter.feed(text)
        self._freeze(complete)
        if self._open_block.show(self._splitter) or complete:
            self.version += 1

    def _wrapped(self, html: str) -> str:
        return wrapped(html, len(self.frozen), self.prefix)

    def _keep(self, text: str) -> None:
        self._length += len(text)
        self._recent.append(text)
        if len(self._recent) > 200:
            self._text.append("".join(self._recent))
            self._recent.clear()

    def _freeze(self, blocks: list[Block]) -> None:
        for block in blocks:
            box = self._colours.box
            html, parsed = unparsed_html(block, box) or self._references.draw(
                block, len(self.frozen), self._headings.above, box
            )
            self._parsed += parsed
            self.frozen.append(self._wrapped(self._headings.settle(html)))
            self._colours.expect(len(self.frozen) - 1)
            self._open_block.begin()

    def _settle_references(self) -> None:
        """Draw the blocks that refer to what came after them once more, and the footnotes."""
        for number, above, html in self._references.settle(self._anchor):
            if number < 0:
                self.frozen.append(self._wrapped(html))
                continue
            html = Headings.under(html, above)
            old = self.frozen[number]
            self.frozen[number] = with_boxes_of(old, wrapped(html, number, self.prefix))
            if self._painted and self._colours.next.block == number:
                self._painted = with_boxes_of(self._painted, self.frozen[number])

    def _anchor(self) -> str:
        """What begins the ids of this text's footnotes in a page that may show many texts."""
        if self._name:
            return self.prefix + self._name
        text = "".join(self._text + self._recent)
        return self.prefix + sha256(text.encode()).hexdigest()[:12]

    def _show_rest(self, rest: str) -> None:
        while len(rest) >= PART_CHARACTERS:
            part, rest = rest[:PART_CHARACTERS], rest[PART_CHARACTERS:]
            self.frozen.append(self._wrapped(plain(part)))
        self._rest = rest
        self.version += 1
