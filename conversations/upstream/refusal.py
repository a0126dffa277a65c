"""Refusal of a response: the text in which the model declines to answer."""

from .gateway_text import repair
from .output_item import Place


class Refusal:
    """Text of all refusals of one response; it comes with the end and is not shown before."""

    def __init__(self, limit: int) -> None:
        """`limit` is in characters; what goes beyond it is cut off."""
        self.limit = limit
        # An upper bound of the characters so far.
        self.size = 0
        self._pieces: list[str] = []
        self._last: RefusedItem | None = None

    def __bool__(self) -> bool:
        """Return True if there has been any text."""
        return self.size > 0

    def add(self, piece: str) -> None:
        """Append `piece`, the next piece of text."""
        if piece:
            self._pieces.append(piece)
            self.size += len(piece)

    def item_at(self, place: Place) -> "RefusedItem":
        """Return the item at `place`, which adds to this text, after a blank line if need be."""
        if self._last is None or not self._last.is_at(place):
            if self._last is not None and self:
                self.add("\n\n")
            self._last = RefusedItem(self, place)
        return self._last

    def is_overlong(self) -> bool:
        """Return True if the text exceeds the limit."""
        if self.size > self.limit:
            text = repair("".join(self._pieces))
            self._pieces = [text]
            self.size = len(text)
        return self.size > self.limit

    def text(self) -> str:
        """Return the whole text, repaired (see `repair`) and cut at the limit."""
        return repair("".join(self._pieces))[: self.limit]


class RefusedItem:
    """An output item at `place` that has parts of the Refusal `refusal`."""

    __slots__ = ("_place", "_refusal")

    def __init__(self, refusal: Refusal, place: Place) -> None:
        """Begin an item without text."""
        self._refusal = refusal
        self._place = place

    def is_at(self, place: Place) -> bool:
        """Return True if `place` is in this item."""
        return self._place.is_of_item(place)

    def add(self, text: str) -> None:
        """Append `text` to the refusal."""
        self._refusal.add(text)
