"""Rendering of Markdown to HTML: of a whole text (`render`), and of a text that arrives in pieces
(`Stream`). `render` gives all its text to a Stream as one piece.

Over 300 lines since Stream is one state machine, which the modules beside it serve.
"""

from collections import deque
from collections.abc import Hashable
from concurrent.futures import Future, wait
from hashlib import sha256
from time import monotonic, perf_counter

from .block_html import plain, unparsed_html, wrapped
from .block_splitter import Block, Splitter
from .citation_marks import until_mark, without_marks
from .cross_references import CrossReferences, with_boxes_of
from .footnotes import provisional
from .heading_levels import Headings
from .highlighting import Highlighted, highlight
from .highlighting_queue import Box, HighlightingQueue, with_highlighting
from .markdown_limits import MESSAGE_BLOCKS, MESSAGE_CHARACTERS
from .open_block import OpenBlock
from .unsafe_characters import tidy

# A reply that becomes longer than MESSAGE_CHARACTERS, or has more than MESSAGE_BLOCKS, is shown,
# while it streams, in plain blocks of so many characters.
PART_CHARACTERS = 8_000


def render(
    text: str,
    prefix: str = "",
    *,
    name: str = "",
    account: Hashable = None,
    patience: float = 10,
) -> str:
    """Return the safe HTML of a whole message in Markdown: its blocks, each in a
    <div class="block"> whose `data-block` is `prefix` followed by the block's number, from 0.

    `name` begins the ids of the footnotes, which must be unique in a page of many messages; where
    it is "" they begin with a hash of the text.

    Blocks the thread until the code is highlighted (so do not call it in an event loop): at most
    `patience` seconds, after which the rest of the code stays unhighlighted. `account` is any
    hashable value, as a person's id: those who ask for much highlighting wait for those who ask for
    little.
    """
    stream = Stream(prefix, account, name)
    stream.append(text)
    return stream.finish(patience)


class Batch:
    """Renderer of many whole texts: `add` each, then `finish`.

    The texts' code is highlighted while further texts are added, which takes less time than one
    `render` after another. `account` is any hashable value by which highlighting is shared fairly,
    as a person's id.
    """

    def __init__(self, account: Hashable = None) -> None:
        self._account = account
        # Of each text with code that is being highlighted: its stream, the box, and the result.
        self._waiting: deque[tuple[Stream, Box, Future[Highlighted]]] = deque()

    def add(self, text: str, prefix: str = "", *, name: str = "") -> "Stream":
        """Render the Markdown `text`, and return a Stream that is complete but for the
        highlighting: after `finish` its `frozen` is the HTML. `prefix` begins the `data-block` of
        each block, `name` the ids of footnotes."""
        stream = Stream(prefix, self._account, name)
        stream.append(text)
        stream.complete()
        self.highlight(stream)
        return stream

    def highlight(self, stream: "Stream") -> None:
        """Start highlighting the code in the Stream `stream`, which is complete; put code whose
        highlighting is ready, of any stream, into its HTML."""
        self._ask(stream)
        while self._waiting and self._waiting[0][2].done():
            self._take_first()

    def finish(self, patience: float = 10) -> None:
        """Wait until the code of all added texts is highlighted, at most `patience` seconds; code
        that is not by then stays unhighlighted."""
        deadline = monotonic() + patience
        while self._waiting:
            if not wait([self._waiting[0][2]], max(deadline - monotonic(), 0)).done:
                for _stream, _box, future in self._waiting:
                    future.cancel()
                break
            self._take_first()
        self._waiting.clear()

    def _ask(self, stream: "Stream") -> None:
        """Start highlighting the next piece of code (Box) in `stream`, if there is one."""
        if box := stream.unhighlighted:
            self._waiting.append((stream, box, stream.ask(box)))

    def _take_first(self) -> None:
        """Put the highlighted code that was asked for first, and is ready, into its Stream, and
        start highlighting the next piece of code of that Stream."""
        stream, box, future = self._waiting.popleft()
        stream.take_highlighting(box, future.result())
        self._ask(stream)


class Stream:
    """Incremental renderer of one reply: turns Markdown that arrives in pieces into HTML, block by
    block.

    Order of calls: `append` for each piece and now and then `refresh`, after which `frozen` and
    `open` are the HTML to show; at the end `complete`. Code is shown at once without syntax
    highlighting, which a child process makes. At any time, while `unhighlighted` is not None: `ask`
    for the highlighting of that box of code and hand the result to `take_highlighting`. `finish`
    does what is left of all this and blocks the thread until it is done.

    frozen: the HTML of each complete block, in its <div class="block">. An entry changes when the
    code in it is highlighted (its index is then appended to `rehighlighted`), and in `complete`,
    when link definitions and footnotes are known; a text of over 200,000 characters, or over 10,000
    blocks, becomes one entry of plain text there.

    rehighlighted: the indices of entries of `frozen` that changed by highlighting, in the order in
    which they did; it only grows, so a reader keeps how many of them it has seen.

    version: a number that grows when `open` changes or blocks are added to `frozen`.
    """

    def __init__(self, prefix: str = "", account: Hashable = None, name: str = "") -> None:
        """Create a Stream without text. `prefix` begins the `data-block` of each block; `account`
        is any hashable value, as a person's id, whose share of highlighting is used; `name` begins
        the ids of footnotes, "" stands for a hash of the text."""
        self._name = name
        self.prefix = prefix
        self.frozen: list[str] = []
        self.rehighlighted: list[int] = []
        self.version = 0
        self._account = account
        self._to_highlight = HighlightingQueue()
        # The HTML of the block in which some boxes of code are highlighted and others not yet.
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
        self._is_too_long = False
        self._rest = ""
        # The HTML of the open block, and the value of `version` it was made for.
        self._open = ""
        self._drawn = 0

    @property
    def open(self) -> str:
        """Return the HTML of the last block, which is still incomplete, in its <div class="block">;
        "" if there is nothing to show of it."""
        # Kept until `version` changes, as everyone who watches the reply asks for it.
        if self._drawn != self.version:
            html = plain(self._rest) if self._rest else self._preview()
            self._open = self._wrapped(html) if html else ""
            self._drawn = self.version
        return self._open

    def _preview(self) -> str:
        """Return the HTML of the open block with the levels of its headings corrected and
        references to footnotes as plain superscripts."""
        return self._headings.preview(provisional(self._open_block.html))

    @property
    def rendered_characters(self) -> int:
        """Return how many characters have been given to parsers so far, which measures the work
        done."""
        return self._parsed + self._open_block.parsed + self._references.links.parsed

    @property
    def unsettled(self) -> int:
        """Return how many characters `complete` may have to parse again, since they are in blocks
        that refer to others."""
        return self._references.unsettled

    def append(self, text: str) -> None:
        """Add `text` to the end of the reply. It is parsed only in the next `refresh`, `complete`
        or `finish`."""
        self._new.append(text)

    def refresh(self) -> float:
        """Update `frozen`, `open` and `version` for the text appended so far; return the seconds it
        took."""
        started = perf_counter()
        text = "".join(self._new)
        self._new.clear()
        text, begun = until_mark(text)
        if begun:
            self._new.append(begun)
        elif text.endswith("\r"):
            # It may be the first half of the line end "\r\n".
            text = text[:-1]
            self._new.append("\r")
        if text:
            self._take(tidy(text))
        return perf_counter() - started

    def complete(self) -> None:
        """End the text: parse what is left, so that `frozen` holds all blocks and `open` is "".
        Code that is not highlighted yet stays so until `take_highlighting`. Call it once, after the
        last `append`."""
        text = tidy(without_marks("".join(self._new)))
        self._new.clear()
        self._keep(text)
        blocks: list[Block] = []
        if not self._is_too_long:
            blocks = self._splitter.feed(text) + self._splitter.finish()
            self._is_too_long = len(self.frozen) + len(blocks) > MESSAGE_BLOCKS
        if self._is_too_long:
            self.frozen = []
            self.frozen.append(self._wrapped(plain("".join(self._text + self._recent))))
            self._to_highlight.forget()
        else:
            for block in blocks:
                self._references.learn(block)
            self._freeze(blocks)
            self._settle_references()
        self._rest = ""
        self._open_block.begin()
        self.version += 1

    def finish(self, patience: float = 10) -> str:
        """End the text (`complete`), wait until its code is highlighted, and return the HTML of the
        whole text, which is that of all blocks in `frozen`.

        patience: how long to wait at most, in seconds of wall-clock time; code that is not
        highlighted by then stays so.
        """
        self.complete()
        batch = Batch(self._account)
        batch.highlight(self)
        batch.finish(patience)
        return "".join(self.frozen)

    @property
    def unhighlighted(self) -> Box | None:
        """Return the Box (a piece of code in the text, with its language) to highlight next: the
        first that is not highlighted yet. None if there is none."""
        return self._to_highlight.next

    def ask(self, box: Box) -> Future[Highlighted]:
        """Start the syntax highlighting of `box` (from `unhighlighted`) and return the future
        result for `take_highlighting`. Cancel the future where nobody waits for it any longer."""
        return highlight(box.code, box.lexer, self._account)

    def take_highlighting(self, box: Box, highlighted: Highlighted) -> bool:
        """Put `highlighted`, the result of `ask` for the Box `box`, into the HTML of its block, and
        go on to the next Box.

        Return True if an entry of `frozen` changed: each does at most once, when the code of all
        its boxes is highlighted. A `box` that is not the one in `unhighlighted` is ignored.
        """
        if box is not self._to_highlight.next:
            # The text became too long meanwhile.
            return False
        html = with_highlighting(self._painted or self.frozen[box.block], box, highlighted)
        following = self._to_highlight.take(highlighted)
        if following and following.block == box.block:
            self._painted = html
            return False
        self._painted = ""
        if html == self.frozen[box.block]:
            return False
        self.frozen[box.block] = html
        self.rehighlighted.append(box.block)
        return True

    def _take(self, text: str) -> None:
        """Parse `text` and move the blocks it completes to `frozen`."""
        was_short = not self._is_too_long
        self._keep(text)
        if self._is_too_long:
            self._show_rest((self._splitter.source if was_short else self._rest) + text)
            return
        complete = self._splitter.feed(text)
        if len(self.frozen) + len(complete) > MESSAGE_BLOCKS:
            self._is_too_long = True
            sources = [block.source for block in complete]
            self._show_rest("\n".join([*sources, self._splitter.source]))
            return
        self._open_block.earn(len(text))
        self._freeze(complete)
        if self._open_block.show(self._splitter) or complete:
            self.version += 1

    def _wrapped(self, html: str) -> str:
        """Return `html` in the <div class="block"> of the next entry of `frozen`."""
        return wrapped(html, len(self.frozen), self.prefix)

    def _keep(self, text: str) -> None:
        """Store `text` unparsed and count its characters: a reply that becomes too long is shown as
        plain text."""
        self._length += len(text)
        self._is_too_long = self._is_too_long or self._length > MESSAGE_CHARACTERS
        self._recent.append(text)
        if len(self._recent) > 200:
            self._text.append("".join(self._recent))
            self._recent.clear()

    def _freeze(self, blocks: list[Block]) -> None:
        """Append the HTML of complete blocks to `frozen`, and queue the code in them for
        highlighting."""
        for block in blocks:
            box = self._to_highlight.box
            html, parsed = unparsed_html(block, box) or self._references.draw(
                block, len(self.frozen), self._headings.above, box
            )
            self._parsed += parsed
            self.frozen.append(self._wrapped(self._headings.settle(html)))
            self._to_highlight.expect(len(self.frozen) - 1)
            self._open_block.begin()

    def _settle_references(self) -> None:
        """Replace, at the end of the text, the blocks that refer to link definitions and footnotes
        that came after them, and append the section of footnotes."""
        for number, above, html in self._references.settle(self._anchor):
            if number < 0:
                self.frozen.append(self._wrapped(html))
                continue
            html = Headings.under(html, above)
            old = self.frozen[number]
            self.frozen[number] = with_boxes_of(old, wrapped(html, number, self.prefix))
            if self._painted and self._to_highlight.next.block == number:
                self._painted = with_boxes_of(self._painted, self.frozen[number])

    def _anchor(self) -> str:
        """Return the beginning of the ids of this text's footnotes, unique in a page of many
        texts."""
        if self._name:
            return self.prefix + self._name
        text = "".join(self._text + self._recent)
        return self.prefix + sha256(text.encode()).hexdigest()[:12]

    def _show_rest(self, rest: str) -> None:
        """Show `rest`, the end of a text that has become too long or has too many blocks, as plain
        text. It must be all that `frozen` does not contain yet."""
        while len(rest) >= PART_CHARACTERS:
            part, rest = rest[:PART_CHARACTERS], rest[PART_CHARACTERS:]
            self.frozen.append(self._wrapped(plain(part)))
        self._rest = rest
        self.version += 1
