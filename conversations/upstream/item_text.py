"""Text of one item of a response as it streams: characters that cannot be stored are repaired, its
length is limited, and citation marks and thoughts between tags are taken out."""

from .gateway_text import repair
from .leading_thoughts import LeadingThoughts
from .reference_marks import ReferenceMarks


class Allowance:
    """Count of the characters of one kind of text (answer or reasoning) in all items of a response,
    with a limit.

    `incoming` is an upper bound of the characters received, `used` the number of those that were
    processed; `overflown` is True once text was cut off at the limit.
    """

    __slots__ = ("incoming", "limit", "overflown", "used")

    def __init__(self, limit: int) -> None:
        """`limit` is the greatest number of characters."""
        self.limit = limit
        self.incoming = 0
        self.used = 0
        self.overflown = False


class ItemText:
    """Filter for the text of one item, given in pieces: returns of each what may be shown.

    Pieces are repaired (see `repair`) and cut at the limit, and citation marks are removed. From an
    answer, thoughts between tags at its beginning, as `<think>`, are separated.
    """

    __slots__ = ("_allowance", "_half", "_leading", "_marks", "_size", "skip_newlines")

    def __init__(self, allowance: Allowance, *, is_answer: bool) -> None:
        """`allowance` counts the characters of all items of the kind; with `is_answer`, thoughts
        between tags are looked for.

        The attribute `skip_newlines` (False at first) says whether line ends at the very beginning
        of the text are dropped.
        """
        self.skip_newlines = False
        self._allowance = allowance
        self._leading = LeadingThoughts() if is_answer else None
        self._marks = ReferenceMarks()
        # Half a surrogate pair, whose other half may follow.
        self._half = ""
        self._size = 0

    def reset(self) -> None:
        """Forget the text given so far, since other text will replace it, and subtract its
        characters from those that the allowance counts as used."""
        self._marks = ReferenceMarks()
        self._half = ""
        self._allowance.used -= self._size
        self._size = 0

    def passes(self, text: str) -> bool:
        """Take `text`, the next piece, and return True if it can be shown as it is; else False.

        This is the fast path: after False nothing has been taken, and the piece must be given to
        `take`.
        """
        allowance = self._allowance
        if (
            self._size
            and not self._half
            and text.isascii()
            and len(text) <= allowance.limit - allowance.used
            and "\0" not in text
            and self._marks.passes(text)
            and (self._leading is None or self._leading.passes(text))
        ):
            allowance.used += len(text)
            self._size += len(text)
            return True
        return False

    def take(
        self, text: str, *, last: bool = False, complete: bool = False
    ) -> tuple[str, str, bool]:
        """Take `text`, the next piece; return (thoughts, text, replaced).

        The two strings are to be appended to those of earlier calls or, if `replaced` is True,
        replace them. `last` says that no more will come, `complete` that the model ended by itself
        and was not cut off.
        """
        text = self._marks.strip(self._repaired(text, last), last=last)
        if self._leading is None:
            return "", text, False
        return self._leading.add(text, last=last, complete=complete)

    def _repaired(self, text: str, last: bool) -> str:
        """Return `text`, the next piece, repaired and cut at the limit, and count its characters;
        half a surrogate pair at its end is held back unless `last` is True."""
        text = self._half + text
        self._half = ""
        if not last and "\ud800" <= text[-1:] <= "\udbff":
            self._half = text[-1]
            text = text[:-1]
        if not text.isascii() or "\0" in text:
            text = repair(text)
        if self.skip_newlines and not self._size:
            text = text.lstrip("\r\n")
        allowance = self._allowance
        room = allowance.limit - allowance.used
        if len(text) > room:
            text = text[:room]
            allowance.overflown = True
        allowance.used += len(text)
        self._size += len(text)
        return text
