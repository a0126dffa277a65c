"""Formulas on lines of their own: between `$$` and `$$`, between `\\[` and `\\]`, or a bare
environment.

Blank lines and what looks like lists do not end such a formula. What begins like one and turns out
to be none is text.
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
    """Result of reading a line of a formula: it is still OPEN, ENDED with this line, or there is
    NONE, as the lines are no formula after all."""

    OPEN = "open"
    ENDED = "ended"
    NONE = "none"


class OpenFormula:
    """State of a formula while its lines are read, to find its end. `opening` is what it begins
    with (`$$`, `\\[` or `\\begin{…}`), `environment` the name in the latter, otherwise "". Call
    `first`, then `next` for each line until the outcome is not OPEN."""

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
        """Read the first line, `text` without its indentation, and return the Outcome. `start` is
        the index in `text` after the opening, such as `$$`."""
        self._count(text)
        ended = self._end.search(text, start)
        inner = text[start : ended.start()] if ended else text[start:]
        if not self._environment and self._closer in inner:
            return Outcome.NONE
        if ended and self._depth == 0:
            return Outcome.ENDED if inner.strip() else Outcome.NONE
        return Outcome.OPEN

    def next(self, line: str) -> Outcome:
        """Read `line`, the next one, and return the Outcome: OPEN, ENDED with this line, or NONE if
        the lines are no formula, to which this line does not belong."""
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
        """Add to `_length` the characters of `line`, to `_depth` the environments of the formula's
        name that begin in it less those that end. A formula without environment keeps the line for
        `_is_prose`, until one with TeX was seen."""
        self._length += len(line) + 1
        if self._environment:
            self._depth += line.count(f"\\begin{{{self._environment}}}")
            self._depth -= line.count(f"\\end{{{self._environment}}}")
        elif self._unasked is not None:
            self._unasked.append(line + "\n")

    def _is_prose(self) -> bool:
        """Return True if the formula so far is prose. However often this is called, no line is
        searched more than twice; the last one is kept, as two words may stand on both sides of a
        line end."""
        if self._environment or self._unasked is None:
            return False
        new = "".join(self._unasked)
        self._unasked = None if TEX.search(new) else self._unasked[-1:]
        return is_prose(new)


def end_of(opening: str, environment: str | None) -> re.Pattern:
    """Return the pattern that finds the closing mark of a formula (group 1) at the end of a string.
    `opening` is `$$`, `\\[` or `\\begin{…}`; `environment` is the name in the last, else not used.

    A sentence may end with the formula: one mark of punctuation after it matches too, as group 2
    ("" without one).
    """
    closer = {"$$": "$$", "\\[": "\\]"}.get(opening) or f"\\end{{{environment}}}"
    return re.compile(rf"({re.escape(closer)})[ \t]*([.,;:。，；：]?)[ \t]*$")


def tex_of(source: str) -> str:
    """Return the TeX of a complete formula, given its `source`: without `$$` or `\\[` and `\\]`
    around it, but with the tags of an environment; a punctuation mark after it is put into the
    TeX."""
    source = source.strip()
    begin = BEGIN.match(source)
    end = end_of(begin[0], begin[1]).search(source)
    tex = source[: end.end(1)] if begin[1] else source[begin.end() : end.start()]
    mark = end[2]
    return tex + (rf"\text{{{mark}}}" if mark else "")
