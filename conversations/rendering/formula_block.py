"""Formulas on lines of their own: between `$$`, between `\\[` and `\\]`, or a bare environment.

Blank lines and what looks like lists do not end one. What begins like a formula and turns out to be
none is text.
"""

import enum
import re

from .dollar_signs import TEX, is_prose
from .line_syntax import FENCE
from .protected_source import ENVIRONMENTS

# A longer one is an ordinary paragraph.
FORMULA_CHARACTERS = 4_000

BEGIN = re.compile(rf"\$\$(?!\$)|\\\[|\\begin\{{((?:{ENVIRONMENTS})\*?)\}}")


class Outcome(enum.Enum):
    """What a line makes of a formula."""

    OPEN = "open"
    ENDED = "ended"
    NONE = "none"


class OpenFormula:
    """A formula whose end has not been read."""

    def __init__(self, opening: str, environment: str) -> None:
        self._environment = environment
        self._closer = "$$" if opening == "$$" else "\\]"
        self._end = end_of(opening, environment)
        # How many environments of its name are open in it.
        self._depth = 0
        self._length = 0
        # The lines not yet asked whether they are prose; None where TeX was seen.
        self._unasked: list[str] | None = []

    def first(self, text: str, start: int) -> Outcome:
        """Take the first line, without its indentation; start is where the opening ends in it."""
        self._count(text)
        ended = self._end.search(text, start)
        inner = text[start : ended.start()] if ended else text[start:]
        if not self._environment and self._closer in inner:
            return Outcome.NONE
        if ended and self._depth == 0:
            return Outcome.ENDED if inner.strip() else Outcome.NONE
        return Outcome.OPEN

    def next(self, line: str) -> Outcome:
        """Take another line; where the formula is none the line does not belong to it."""
        text = line.lstrip(" \t")
        if not text and self._is_prose():
            return Outcome.NONE
        self._count(line)
        ended = self._end.search(line)
        if ended and self._depth <= 0 and ended[1] not in line[: ended.start()]:
            return Outcome.ENDED
        is_none = (
            (not self._environment and self._closer in line)
            or self._length > FORMULA_CHARACTERS
            or FENCE.match(text)
        )
        return Outcome.NONE if is_none else Outcome.OPEN

    def _count(self, line: str) -> None:
        self._length += len(line) + 1
        if self._environment:
            self._depth += line.count(f"\\begin{{{self._environment}}}")
            self._depth -= line.count(f"\\end{{{self._environment}}}")
        elif self._unasked is not None:
            self._unasked.append(line + "\n")

    def _is_prose(self) -> bool:
        """Whether the formula so far is prose. However often this is asked, no line is looked at
        more than twice: words may stand on both sides of its end."""
        if self._environment or self._unasked is None:
            return False
        new = "".join(self._unasked)
        self._unasked = None if TEX.search(new) else self._unasked[-1:]
        return is_prose(new)


def end_of(opening: str, environment: str | None) -> re.Pattern:
    """What ends the formula that `opening` began, at the end of its line.

    A sentence may end with it: one mark of punctuation is taken for a part of it.
    """
    closer = {"$$": "$$", "\\[": "\\]"}.get(opening) or f"\\end{{{environment}}}"
    return re.compile(rf"({re.escape(closer)})[ \t]*([.,;:。，；：]?)[ \t]*$")


def tex_of(source: str) -> str:
    """The TeX of a complete formula, with the punctuation that follows it."""
    source = source.strip()
    begin = BEGIN.match(source)
    end = end_of(begin[0], begin[1]).search(source)
    tex = source[: end.end(1)] if begin[1] else source[begin.end() : end.start()]
    mark = end[2]
    return tex + (rf"\text{{{mark}}}" if mark else "")
