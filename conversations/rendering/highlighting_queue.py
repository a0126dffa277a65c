"""Syntax highlighting of the code in one text: which box of code (the <div class="code"> around a
piece of code) is next, and how the result is put into the HTML.

Boxes are shown unhighlighted first, so that nothing that shows a text has to wait. They are
highlighted one by one from the top, however fast the text arrives, so that a text is highlighted
the same whole and while it is written.
"""

from collections import deque
from typing import NamedTuple

from .code_box import code_box, lexer_of
from .highlighting import TEXT_SECONDS, Highlighted
from .sanitizer import clean


class Box(NamedTuple):
    """Piece of code to highlight: the number of the block it stands in (from 0), the code, the info
    string of its fence (what follows the opening ```), and Pygments' name of the language."""

    block: int
    code: str
    info: str
    lexer: str


class HighlightingQueue:
    """Queue of one text's boxes of code that wait for syntax highlighting, limited to TEXT_SECONDS
    of processor time for all of them.

    For each block call `box` for each piece of code in it, then `expect` with the block's number.
    Then `next` is the Box to highlight, and `take`, given its result, removes it.
    """

    def __init__(self) -> None:
        # Seconds of processor time that are left for this text.
        self._left = TEXT_SECONDS
        self._drawn: list[tuple[str, str, str]] = []
        self._waiting: deque[Box] = deque()

    def box(self, code: str, info: str) -> str:
        """Return the HTML of the piece of code `code` without highlighting, and note it for
        highlighting if its language is known. `info` is the info string of its fence (what follows
        the opening ```). Call `expect` when the block is complete."""
        if lexer := lexer_of(code, info):
            self._drawn.append((code, info, lexer))
        return code_box(code, info)

    def expect(self, block: int) -> None:
        """Queue for highlighting the pieces of code that `box` noted since the last call; they are
        in the block with the number `block` (from 0)."""
        self._waiting.extend(Box(block, *drawn) for drawn in self._drawn)
        self._drawn.clear()

    def forget(self) -> None:
        """Empty the queue: the text is shown without highlighting."""
        self._drawn.clear()
        self._waiting.clear()

    @property
    def next(self) -> Box | None:
        """Return the first Box in the queue, which is to be highlighted next. None if the queue is
        empty; it is emptied if no processor time is left for this text."""
        if self._waiting and self._left <= 0:
            self.forget()
        return self._waiting[0] if self._waiting else None

    def take(self, highlighted: Highlighted) -> Box | None:
        """Remove the first Box from the queue, and subtract the processor time of `highlighted`,
        its result, from what is left for this text. Return the Box that is now first, None if there
        is none. Raises IndexError if the queue is empty."""
        self._waiting.popleft()
        self._left -= highlighted.seconds
        return self.next


def with_highlighting(html: str, box: Box, highlighted: Highlighted) -> str:
    """Return `html`, the HTML of a whole block, with the unhighlighted code of `box` in it replaced
    by the highlighted HTML in `highlighted`; unchanged if `highlighted` says that it was not
    highlighted."""
    if highlighted.html is None:
        return html
    shell = clean(code_box("", box.info))
    new = shell.replace("<code></code>", f"<code>{highlighted.html}</code>")
    return html.replace(clean(code_box(box.code, box.info)), new)
