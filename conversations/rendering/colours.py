"""The colours of one text's code: boxes are shown without them first, and get them when they come.

So that nothing that shows a text has to wait for them, and so that a text gets the same colours
whole and while it is written: they are asked for box by box from the top, whatever the time.
"""

from collections import deque
from typing import NamedTuple

from .code import code_box, lexer_of
from .colouring import TEXT_SECONDS, Coloured
from .sanitizer import clean


class Box(NamedTuple):
    """A box of code: the number of its block, the code, what stands after the fence, and
    Pygments' name of the language."""

    block: int
    code: str
    info: str
    lexer: str


class Colours:
    """The boxes of one text that wait for their colours."""

    def __init__(self) -> None:
        # Seconds of processor time that are left for this text.
        self._left = TEXT_SECONDS
        self._drawn: list[tuple[str, str, str]] = []
        self._waiting: deque[Box] = deque()

    def box(self, code: str, info: str) -> str:
        """The box without its colours; `expect` follows when its block is complete."""
        if lexer := lexer_of(code, info):
            self._drawn.append((code, info, lexer))
        return code_box(code, info)

    def expect(self, block: int) -> None:
        """Let the boxes that were drawn since the last call wait: they are in this block."""
        self._waiting.extend(Box(block, *drawn) for drawn in self._drawn)
        self._drawn.clear()

    def forget(self) -> None:
        """Drop all: the text is shown without them."""
        self._drawn.clear()
        self._waiting.clear()

    @property
    def next(self) -> Box | None:
        """The box whose colours are to be asked for; None where none waits."""
        if self._waiting and self._left <= 0:
            self.forget()
        return self._waiting[0] if self._waiting else None

    def take(self, coloured: Coloured) -> Box | None:
        """Count the colours of `next`, which is done with, and return the one after it."""
        self._waiting.popleft()
        self._left -= coloured.seconds
        return self.next


def with_colours(html: str, box: Box, coloured: Coloured) -> str:
    """The HTML of the block that the box stands in, with its colours."""
    if coloured.html is None:
        return html
    shell = clean(code_box("", box.info))
    new = shell.replace("<code></code>", f"<code>{coloured.html}</code>")
    return html.replace(clean(code_box(box.code, box.info)), new)
