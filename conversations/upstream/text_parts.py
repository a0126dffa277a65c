"""Text parts of a streamed response: which text a delta continues, which event repeats a text.

The Responses API sends a text twice or more: in deltas, in `….done` events and in the final object.
Gateways leave out or change any of the three fields that say where a text belongs.
"""

from collections import deque
from typing import Literal, NamedTuple

from .gateway_text import repair
from .response_builder import ResponseBuilder
from .text_channel import TextChannel

# What a part is: of the answer, a refusal, or of reasoning, summarised or raw.
Kind = Literal["text", "refusal", "summary", "raw"]

# Parts are searched for every event that names another one than the event before.
MOST_PARTS = 256
# How often reasoning that was taken for the only one may be replaced by its summary.
MOST_REPLACEMENTS = 64


class Place(NamedTuple):
    """Position of a text in a response: its output item's id and index, and the part's index in it.

    Any of the three may be None: llama.cpp sends no index, mock-ai-api no id.
    """

    item_id: object
    output_index: object
    part_index: object


class TextPart:
    """Text of one part of an output item, as streamed so far: of a message or of reasoning.

    `kind` is "text", "refusal", "summary" or "raw"; `hidden` is True for raw reasoning that has a
    summary.
    """

    __slots__ = ("_pieces", "_repaired", "_repaired_size", "channel", "hidden", "kind", "place")

    def __init__(self, kind: Kind, place: Place, channel: TextChannel) -> None:
        """Begin an empty part of `kind` at `place`; its text is also written to `channel`."""
        self.kind = kind
        self.channel = channel
        self.place = place
        # Raw reasoning of an item that has a summary; not shown.
        self.hidden = False
        self._pieces: list[str] = []
        self._repaired = ""
        self._repaired_size = 0

    def is_of_item(self, place: Place) -> bool:
        """Return True if `place` is in the same output item as this part.

        Compared are the indexes in `output`, or the ids where an index is None; None matches
        anything.
        """
        mine = self.place
        if place.output_index is not None and mine.output_index is not None:
            return bool(place.output_index == mine.output_index)
        return place.item_id is None or mine.item_id is None or bool(place.item_id == mine.item_id)

    def matches(self, place: Place) -> bool:
        """Return True if `place` is that of this part; an index or id that is None matches
        anything."""
        mine = self.place.part_index
        same_index = place.part_index is None or mine is None or place.part_index == mine
        return same_index and self.is_of_item(place)

    def add(self, text: str) -> None:
        """Append `text`, a delta, to the part and, unless it is hidden, to the channel."""
        self._pieces.append(text)
        if not self.hidden:
            self.channel.add(text)

    def raw_text(self) -> str:
        """Return the text of the part so far, as it was sent."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def text(self) -> str:
        """Return the text of the part so far, repaired (see `repair`)."""
        text = self.raw_text()
        # Not again for each event that repeats it.
        if self._repaired_size != len(text):
            self._repaired = repair(text)
            self._repaired_size = len(text)
        return self._repaired


class TextParts:
    """Collection of the text parts of one response; passes their text on to its ResponseBuilder."""

    def __init__(self, builder: ResponseBuilder) -> None:
        """`builder` is the ResponseBuilder whose channels the text is written to."""
        self._builder = builder
        self._channels: dict[Kind, TextChannel] = {
            "text": builder.text,
            "refusal": builder.refusal,
            "summary": builder.reasoning,
            "raw": builder.reasoning,
        }
        self._parts: deque[TextPart] = deque(maxlen=MOST_PARTS)
        self._reasoning: list[TextPart] = []
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
            part = self.part(kind, place)
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
        part = self._find(kind, place)
        if part is None:
            part = TextPart(kind, place, self._channels[kind])
            self._begin(part)
            self._parts.append(part)
        return part

    def text(self) -> str:
        """Return the whole answer as streamed so far, repaired (see `repair`)."""
        return "".join(part.text() for part in self._parts if part.kind == "text")

    def _begin(self, part: TextPart) -> None:
        """Prepare the channel for `part`: hide raw reasoning that has a summary, separate by a
        blank line."""
        channel = part.channel
        if part.kind in ("summary", "raw"):
            self._choose_reasoning(part)
            self._reasoning.append(part)
            if channel and not part.hidden:
                channel.add("\n\n")
            return
        before = next((each for each in reversed(self._parts) if each.kind == part.kind), None)
        if before is not None and channel and not before.is_of_item(part.place):
            channel.add("\n\n")

    def _choose_reasoning(self, new: TextPart) -> None:
        """Hide raw reasoning where the same item has a summary, whichever of them came first."""
        same_item = [
            part
            for part in self._parts
            if part.kind in ("summary", "raw") and part.is_of_item(new.place)
        ]
        if new.kind == "raw":
            new.hidden = any(part.kind == "summary" for part in same_item)
            return
        raw = [part for part in same_item if part.kind == "raw" and not part.hidden]
        if raw and self._replacements < MOST_REPLACEMENTS:
            self._replacements += 1
            for part in raw:
                part.hidden = True
            shown = [part.raw_text() for part in self._reasoning if not part.hidden]
            self._builder.reasoning.reset("\n\n".join(filter(None, shown)))

    def _find(self, kind: Kind, place: Place) -> TextPart | None:
        for part in reversed(self._parts):
            if part.kind == kind and part.matches(place):
                return part
        return None

    def _restated(self, kind: Kind, whole: str) -> TextPart | None:
        # Some give an item another id at its end than it had while it was streamed.
        """Return the last part of `kind` if `whole` begins with its streamed text, else None."""
        for part in reversed(self._parts):
            if part.kind == kind:
                streamed = part.text()
                return part if streamed and whole.startswith(streamed) else None
        return None
