"""One item of a response while it streams, and the entries of the journal of what happens to it."""

import json
from typing import Literal, NamedTuple

from .item_text import Allowance, ItemText

Group = Literal["message", "reasoning", "tool"]

# Characters of a member that streams, as the code of a tool, between two events that show it; and
# how many are enough of it.
SHOWN_AT_ONCE = 200
LONGEST_MEMBER = 500_000


class Place(NamedTuple):
    """Position of a text in a response: its output item's id and index, and the part's index in it.

    Any of the three may be None: llama.cpp sends no index, mock-ai-api no id.
    """

    item_id: object
    output_index: object
    part_index: object = None

    @property
    def is_known(self) -> bool:
        """Return True if the id or the index of the item is known."""
        return self.item_id is not None or self.output_index is not None

    def is_of_item(self, other: "Place") -> bool:
        """Return True if `other` is in the same output item.

        Compared are the indexes in `output`, or the ids where an index is None; None matches
        anything.
        """
        if other.output_index is not None and self.output_index is not None:
            return bool(other.output_index == self.output_index)
        if other.item_id is not None and self.item_id is not None:
            return bool(other.item_id == self.item_id)
        return True


NOWHERE = Place(None, None)


class Reset(NamedTuple):
    """Entry of a journal: `text` replaces all text of the item so far."""

    text: str


class Opened(NamedTuple):
    """Entry of a journal: the item was opened with the JSON `item`."""

    item: dict


class Changed(NamedTuple):
    """Entry of a journal: the members `changes` of the item have new values."""

    changes: dict


class Noted(NamedTuple):
    """Entry of a journal: `annotation` was added to the item, a message."""

    annotation: dict


class Closed(NamedTuple):
    """Entry of a journal: the item is complete, as the JSON `item`."""

    item: dict


Entry = str | Reset | Opened | Changed | Noted | Closed
Journal = list[tuple["OutputItem", Entry]]


class OutputItem:
    """One item of a response: which it is, and where it belongs; what it is told goes to a journal.

    `number` counts the items in the order in which they were opened; `type` is the API's.
    `thoughts` is the item of reasoning that was found between tags in this one, a message.
    """

    __slots__ = (
        "_allowance",
        "_journal",
        "_streams",
        "_weight",
        "annotations",
        "group",
        "has_shown",
        "is_announced",
        "is_apart",
        "is_closed",
        "number",
        "place",
        "text",
        "thoughts",
        "type",
    )

    def __init__(
        self,
        number: int,
        group: Group,
        kind: str,
        place: Place,
        allowance: Allowance,
        journal: Journal,
    ) -> None:
        """`kind` is the API's type, `allowance` that of its text; calls of tools have none."""
        self.number = number
        self.group = group
        self.type = kind
        self.place = Place(place.item_id, place.output_index)
        self.is_closed = False
        # It was made here, of thoughts between tags, and nothing that is sent belongs to it.
        self.is_apart = False
        # The reader knows of it.
        self.is_announced = False
        # Those that came by themselves, of a message.
        self.annotations: list[dict] = []
        # Some of its text was given to the reader.
        self.has_shown = False
        self.thoughts: OutputItem | None = None
        self.text = ItemText(allowance, is_answer=group == "message")
        self._allowance = allowance
        self._journal = journal
        # Pieces of members that stream, and how many characters of them were not shown yet.
        self._streams: dict[str, tuple[list[str], int]] = {}
        # How much the closing JSON has: characters or, of a message, annotations.
        self._weight = -1

    def is_at(self, place: Place) -> bool:
        """Return True if `place` is in this item, as `Place.is_of_item` says.

        An item that is complete does not match another id: some gateways count the indexes anew for
        each round of a tool.
        """
        if self.is_apart:
            return False
        mine = self.place
        both_ids = place.item_id is not None and mine.item_id is not None
        if self.is_closed and both_ids and place.item_id != mine.item_id:
            return False
        return mine.is_of_item(place)

    def differs(self, other: "OutputItem") -> bool:
        """Return True if `other`, of the same index, is a later item than this one."""
        return self.is_closed or (self.has_other_id(other.place) and self.group == other.group)

    def has_other_id(self, place: Place) -> bool:
        """Return True if the ids of the item and of `place` are known and differ."""
        mine = self.place.item_id
        return mine is not None and place.item_id is not None and mine != place.item_id

    def learn(self, place: Place) -> None:
        """Take over what `place` knows of the id and the index that was not known so far."""
        mine = self.place
        self.place = Place(
            place.item_id if mine.item_id is None else mine.item_id,
            place.output_index if mine.output_index is None else mine.output_index,
        )

    def add(self, text: str) -> None:
        """Append `text`, the next piece of the item's text as it was sent; "" is no text."""
        if text:
            self._journal.append((self, text))
            self._allowance.incoming += len(text)

    def reset(self, text: str) -> None:
        """Replace all text of the item by `text`."""
        self._journal.append((self, Reset(text)))
        self._allowance.incoming += len(text)

    def change(self, **changes: object) -> None:
        """Note new values of members of the item's JSON."""
        if not self.is_closed:
            self._journal.append((self, Changed(changes)))

    def stream(self, member: str, piece: str) -> None:
        """Append `piece` to a member of the item's JSON that streams, such as `code`."""
        pieces, unshown = self._streams.get(member, ([""], 0))
        if len(pieces[0]) > LONGEST_MEMBER:
            return
        pieces.append(piece)
        unshown += len(piece)
        # The longer it is the more of it at once, or a long one would be joined too often.
        if unshown >= SHOWN_AT_ONCE and unshown * 10 >= len(pieces[0]):
            pieces = ["".join(pieces)]
            unshown = 0
            self.change(**{member: pieces[0]})
        self._streams[member] = (pieces, unshown)

    def note(self, annotation: dict) -> None:
        """Add `annotation` to the item, a message, unless it has it or is complete."""
        if not self.is_closed and annotation not in self.annotations[-20:]:
            self.annotations.append(annotation)
            self._journal.append((self, Noted(annotation)))

    def close(self, item: dict) -> None:
        """Note that the item is complete, as the JSON `item`.

        An item that came before, and no smaller, is ignored: gateways send them two or three times,
        and leave out members of one or the other.
        """
        weight = self._weight_of(item)
        if self.is_closed and weight <= self._weight:
            return
        self._weight = weight
        self.is_closed = True
        self._streams.clear()
        self._journal.append((self, Closed(item)))

    def equals(self, item: dict) -> bool:
        """Return True if the item was closed with a JSON object as large as `item`."""
        return self.is_closed and self._weight == self._weight_of(item)

    def _weight_of(self, item: dict) -> int:
        if self.group == "message":
            return _annotations(item)
        try:
            return len(json.dumps(item))
        except RecursionError:
            return 0

    def settle(self) -> None:
        """Show what is left of members that stream, once the response has ended."""
        for member, (pieces, unshown) in self._streams.items():
            if unshown:
                self.change(**{member: "".join(pieces)})
        self._streams.clear()


def _annotations(message: dict) -> int:
    """Return how many annotations the parts of `message`, an item of this type, have."""
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    found = [part.get("annotations") for part in parts if isinstance(part, dict)]
    return sum(len(each) for each in found if isinstance(each, list))
