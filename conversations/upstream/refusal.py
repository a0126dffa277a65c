"""Refusal of a response: the text in which the model declines to answer."""

from .gateway_text import repair
from .output_item import Place


class Refusal:
    """Text of all refusals of one response, collected until its end; it is not shown earlier."""

    def __init__(self, limit: int) -> None:
        """`limit` is the greatest length of the refusal's text in characters; the rest is cut
        off."""
        self.limit = limit
        # An upper bound of the characters so far.
        self.size = 0
        self._pieces: list[str] = []
        self._last: RefusedItem | None = None

    def __bool__(self) -> bool:
        """Return True if there has been any text."""
        return self.size > 0

    def add(self, piece: str) -> None:
        """Append `piece`, the next piece of the text of a refusal."""
        if piece:
            self._pieces.append(piece)
            self.size += len(piece)

    def item_at(self, place: Place) -> "RefusedItem":
        """Return the RefusedItem through which a TextPart at the Place `place` adds its text to
        this Refusal: the latest one if `place` is in the same output item, else a new one. Before a
        new one, a blank line is added to the Refusal if it has text."""
        if self._last is None or not self._last.is_at(place):
            if self._last is not None and self:
                self.add("\n\n")
            self._last = RefusedItem(self, place)
        return self._last

    def is_overlong(self) -> bool:
        """Return True if the text, repaired, has more characters than the limit."""
        if self.size > self.limit:
            text = repair("".join(self._pieces))
            self._pieces = [text]
            self.size = len(text)
        return self.size > self.limit

    def text(self) -> str:
        """Return the whole text, without NUL and lone surrogates, cut to the limit of
        characters."""
        return repair("".join(self._pieces))[: self.limit]


class RefusedItem:
    """Output item whose text is a refusal: stands in for an OutputItem, and passes the text that a
    TextPart adds on to the Refusal of the response."""

    __slots__ = ("_place", "_refusal")

    def __init__(self, refusal: Refusal, place: Place) -> None:
        """`refusal` is the Refusal that text is added to, `place` the Place of the item."""
        self._refusal = refusal
        self._place = place

    def is_at(self, place: Place) -> bool:
        """Return True if the Place `place` is in this output item."""
        return self._place.is_of_item(place)

    def add(self, text: str) -> None:
        """Append `text`, the next piece, to the Refusal of the response."""
        self._refusal.add(text)
