"""Text parts of a streamed response: which text a delta continues, which event repeats a text.

The Responses API sends a text twice or more: in deltas, in `….done` events and in the final object.
Gateways leave out or change any of the three fields that say where a text belongs.
"""

from collections import deque
from typing import Literal

from .gateway_text import repair
from .output_item import Group, OutputItem, Place
from .refusal import RefusedItem
from .response_builder import ResponseBuilder

# What a part is: of the answer, a refusal, or of reasoning, summarised or raw.
Kind = Literal["text", "refusal", "summary", "raw"]

# Most parts that are kept. An event about another part than the event before costs a search of all.
MOST_PARTS = 256
# How often reasoning that was taken for the only one may be replaced by its summary.
MOST_REPLACEMENTS = 64


class TextPart:
    """Text of one part of an output item, as streamed so far: of a message or of reasoning.

    `kind` is "text", "refusal", "summary" or "raw"; `hidden` is True for raw reasoning that has a
    summary. `item` is the OutputItem that it is a part of, or the RefusedItem.
    """

    __slots__ = ("_pieces", "_repaired", "_repaired_size", "hidden", "item", "kind", "place")

    def __init__(self, kind: Kind, place: Place, item: OutputItem | RefusedItem) -> None:
        """Create an empty part of `kind` at `place`; text added to it is also added to `item`."""
        self.kind = kind
        self.item = item
        self.place = place
        # Raw reasoning of an item that has a summary; not shown.
        self.hidden = False
        self._pieces: list[str] = []
        self._repaired = ""
        self._repaired_size = 0

    def matches(self, place: Place) -> bool:
        """Return True if `place` is that of this part; an index or id that is None matches
        anything."""
        mine = self.place.part_index
        same_index = place.part_index is None or mine is None or place.part_index == mine
        return same_index and self.item.is_at(place)

    def add(self, text: str) -> None:
        """Append `text`, the next piece that was streamed, to the part and, unless the part is
        hidden, to its item."""
        self._pieces.append(text)
        if not self.hidden:
            self.item.add(text)

    def raw_text(self) -> str:
        """Return the text of the part so far, as it was sent."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def text(self) -> str:
        """Return the text of the part so far, without NUL and lone surrogates."""
        text = self.raw_text()
        # Not again for each event that repeats it.
        if self._repaired_size != len(text):
            self._repaired = repair(text)
            self._repaired_size = len(text)
        return self._repaired


class TextParts:
    """Collection of the text parts of one response; adds their text to the response's items."""

    def __init__(self, builder: ResponseBuilder) -> None:
        """`builder` is the ResponseBuilder whose items and refusal the text is written to."""
        self._builder = builder
        self._parts: deque[TextPart] = deque(maxlen=MOST_PARTS)
        self._replacements = 0

    def add_whole(self, kind: Kind, place: Place, text: object) -> None:
        """Add to the part at `place` what it lacks of `text`, the complete text of that part.

        `kind` is "text", "refusal", "summary" or "raw" (reasoning). A `text` that does not begin
        with what was streamed, or is no string, is ignored.
        """
        if not isinstance(text, str) or not text:
            return
        whole = repair(text)
        part = self._find(kind, place) or self._restated(kind, whole)
        if part is None:
            part = self._new(kind, place, late=True)
        streamed = part.text()
        if whole.startswith(streamed):
            if len(whole) > len(streamed):
                part.add(whole[len(streamed) :])
            if kind == "text":
                self._builder.gap = False

    def part(self, kind: Kind, place: Place) -> TextPart:
        """Return the TextPart that a delta at `place` continues, a new one if there is none.

        `kind` is "text", "refusal", "summary" or "raw" (reasoning).
        """
        return self._find(kind, place) or self._new(kind, place)

    def text(self) -> str:
        """Return the whole answer as streamed so far, without NUL and lone surrogates."""
        return "".join(part.text() for part in self._parts if part.kind == "text")

    def text_of(self, item: OutputItem) -> str:
        """Return the text of the message `item` as streamed so far, without NUL and lone
        surrogates."""
        return "".join(
            part.text() for part in self._parts if part.item is item and part.kind == "text"
        )

    def _new(self, kind: Kind, place: Place, *, late: bool = False) -> TextPart:
        """Add a TextPart of `kind` at `place` and return it; between two parts of reasoning of one
        item a blank line is added. `late` is True for a text that was not streamed but came as a
        whole, so that its item may stand before items that came earlier."""
        if kind == "refusal":
            part = TextPart(kind, place, self._builder.refusal.item_at(place))
        else:
            group: Group = "message" if kind == "text" else "reasoning"
            item = self._builder.items.text_item(group, place, late=late)
            part = TextPart(kind, place, item)
            if group == "reasoning":
                self._choose_reasoning(part, item)
        self._parts.append(part)
        return part

    def _choose_reasoning(self, new: TextPart, item: OutputItem) -> None:
        """Set `hidden` of the raw parts of the reasoning item `item` if it has a summary, whichever
        of them came first, and take their text out of the item.

        `new` is the part that was just created. If other text of the item is shown, a blank line is
        added to the item, after which the text of `new` will come.
        """
        same_item = [part for part in self._parts if part.item is item]
        if new.kind == "raw":
            new.hidden = any(part.kind == "summary" for part in same_item)
        else:
            raw = [part for part in same_item if part.kind == "raw" and not part.hidden]
            if raw and self._replacements < MOST_REPLACEMENTS:
                self._replacements += 1
                for part in raw:
                    part.hidden = True
                shown = [part.raw_text() for part in same_item if not part.hidden]
                item.reset("\n\n".join(filter(None, shown)))
        if not new.hidden and any(part.raw_text() for part in same_item if not part.hidden):
            item.add("\n\n")

    def _find(self, kind: Kind, place: Place) -> TextPart | None:
        """Return the last TextPart of `kind` that matches `place`; None if there is none. One with
        the same item id is preferred to one whose id is not known."""
        found = None
        for part in reversed(self._parts):
            if part.kind == kind and part.matches(place):
                if place.item_id is None or place.item_id == part.place.item_id:
                    return part
                found = found or part
        return found

    def _restated(self, kind: Kind, whole: str) -> TextPart | None:
        # Some give an item another id at its end than it had while it was streamed.
        """Return the last TextPart of `kind` if the text `whole` begins with what was streamed of
        that part, else None: used where no part has the place of `whole`."""
        for part in reversed(self._parts):
            if part.kind == kind:
                streamed = part.text()
                return part if streamed and whole.startswith(streamed) else None
        return None
