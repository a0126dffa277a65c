"""Class for one item (message, reasoning, call of a tool) of a response while it streams, and for
the entries of the journal: the list of all that happens to the items, read by ItemEvents."""

import json
from typing import Literal, NamedTuple

from .item_text import Allowance, ItemText
from .pictures import ReceivedPicture

Group = Literal["message", "reasoning", "tool"]

# Of a member that comes in pieces, as the code of a tool: characters after which it is shown again,
# and the most characters that are kept.
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
        """True if the id or the index of the output item is known."""
        return self.item_id is not None or self.output_index is not None

    def is_of_item(self, other: "Place") -> bool:
        """Return True if the Place `other` is in the same output item.

        Compared are the indexes in `output` or, where one of the two is None, the ids; where one of
        the ids is None too, the result is True.
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
    """Entry of a journal: members of the item's JSON have new values, `changes` (name to value)."""

    changes: dict


class Noted(NamedTuple):
    """Entry of a journal: `annotation`, the JSON of a source, was added to the item, a message."""

    annotation: dict


class Closed(NamedTuple):
    """Entry of a journal: the item is complete, as the JSON `item`."""

    item: dict


class Received(NamedTuple):
    """Entry of a journal: `picture` has come for the item, the call of a tool; `output` is its
    index in the call's `outputs`, None for the call's own `result`."""

    picture: ReceivedPicture
    output: int | None


Entry = str | Reset | Opened | Changed | Noted | Closed | Received
Journal = list[tuple["OutputItem", Entry]]


class OutputItem:
    """Item of a response while it streams: its type and place. Each change made by its methods is
    appended to the journal as an entry.

    `number` counts the items from 0 in the order in which they were opened; `type` is the API's,
    such as "message"; `group` is "message", "reasoning" or "tool" (every other type); `thoughts` is
    the reasoning item made of the text between tags, such as `<think>`, in this message (None: no
    such text).
    """

    __slots__ = (
        "_allowance",
        "_early",
        "_journal",
        "_received",
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
        """`kind` is the API's type; `place` is where the item stands in `output`; `allowance`
        counts the text of all items of `group`; `journal` is the list that entries go to."""
        self.number = number
        self.group = group
        self.type = kind
        self.place = Place(place.item_id, place.output_index)
        self.is_closed = False
        # True for an item that was made here, of thoughts between tags: it matches no Place.
        self.is_apart = False
        # True once an ItemOpened event has announced the item.
        self.is_announced = False
        # Of a message: the annotations that came in events of their own.
        self.annotations: list[dict] = []
        # True once an event has had text of the item.
        self.has_shown = False
        self.thoughts: OutputItem | None = None
        self.text = ItemText(allowance, is_answer=group == "message")
        self._allowance = allowance
        self._journal = journal
        # Pieces of members that stream, and how many characters of them were not shown yet.
        self._streams: dict[str, tuple[list[str], int]] = {}
        # How much the closing JSON has: characters or, of a message, annotations.
        self._weight = -1
        # Which pictures have come, by their index in `outputs`.
        self._received: set[int | None] = set()
        # Pictures that came when the item was opened: only what closes it is sure to be complete.
        self._early: dict[int | None, ReceivedPicture] = {}

    def is_at(self, place: Place) -> bool:
        """Return True if the Place `place` is in this item, compared as by `Place.is_of_item`.

        An item that is complete does not match a place with another id: some gateways count the
        indexes anew after each call of a tool.
        """
        if self.is_apart:
            return False
        mine = self.place
        both_ids = place.item_id is not None and mine.item_id is not None
        if self.is_closed and both_ids and place.item_id != mine.item_id:
            return False
        return mine.is_of_item(place)

    def differs(self, other: "OutputItem") -> bool:
        """Return True if `other`, an OutputItem with the same index in `output`, is another item:
        this one is complete, or both are of one group and their ids differ."""
        return self.is_closed or (self.has_other_id(other.place) and self.group == other.group)

    def has_other_id(self, place: Place) -> bool:
        """Return True if the ids of this item and of the Place `place` are known and differ."""
        mine = self.place.item_id
        return mine is not None and place.item_id is not None and mine != place.item_id

    def learn(self, place: Place) -> None:
        """Set the item's id and its index in `output` to those of the Place `place`, each only if
        it was not known so far."""
        mine = self.place
        self.place = Place(
            place.item_id if mine.item_id is None else mine.item_id,
            place.output_index if mine.output_index is None else mine.output_index,
        )

    def add(self, text: str) -> None:
        """Append `text`, the next piece of the item's text as the gateway sent it; "" does
        nothing."""
        if text:
            self._journal.append((self, text))
            self._allowance.incoming += len(text)

    def reset(self, text: str) -> None:
        """Replace all text of the item by `text`."""
        self._journal.append((self, Reset(text)))
        self._allowance.incoming += len(text)

    def change(self, **changes: object) -> None:
        """Set members of the item's JSON to new values, such as `status="failed"`; ignored once the
        item is complete."""
        if not self.is_closed:
            self._journal.append((self, Changed(changes)))

    def stream(self, member: str, piece: str) -> None:
        """Append `piece` to the text of `member`, the name of a member of the item's JSON that the
        gateway sends in pieces, such as `code`. Beyond LONGEST_MEMBER characters it is dropped."""
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
        """Add `annotation`, the JSON of a source, to the item, a message. Ignored if the message is
        complete or has the same one already."""
        if not self.is_closed and annotation not in self.annotations[-20:]:
            self.annotations.append(annotation)
            self._journal.append((self, Noted(annotation)))

    def receive_early(self, picture: ReceivedPicture, output: int | None) -> None:
        """Keep the ReceivedPicture `picture`, which came when the item was opened, until `settle`
        adds it to the item at `output` (as in `receive`), unless `receive` gets one for the same
        place first. Of two for one place the second is closed."""
        if output in self._received or output in self._early:
            picture.close()
            return
        self._early[output] = picture

    def receive(self, picture: ReceivedPicture, output: int | None) -> None:
        """Add the ReceivedPicture `picture` to the item, at the index `output` of its `outputs`
        (None: as its `result`). Gateways send each twice: the file of the repetition is closed."""
        if output in self._received:
            picture.close()
            return
        if (early := self._early.pop(output, None)) is not None:
            early.close()
        self._received.add(output)
        self._journal.append((self, Received(picture, output)))

    def close(self, item: dict) -> None:
        """Mark the item as complete, with `item` as its whole JSON. Gateways send it two or three
        times, and leave out members now and then: a later one counts only if it is larger (for a
        message: has more annotations) than the one before."""
        weight = self._weight_of(item)
        if self.is_closed and weight <= self._weight:
            return
        self._weight = weight
        self.is_closed = True
        self._streams.clear()
        self._journal.append((self, Closed(item)))

    def equals(self, item: dict) -> bool:
        """Return True if the item was closed with JSON as large as `item`, so that `item` is taken
        for a repetition: equal length or, for a message, number of annotations."""
        return self.is_closed and self._weight == self._weight_of(item)

    def _weight_of(self, item: dict) -> int:
        """Return a size of `item`, JSON of this item, to compare two versions by: the number of
        annotations of a message, else the characters of the JSON."""
        if self.group == "message":
            return _annotations(item)
        try:
            return len(json.dumps(item))
        except RecursionError:
            return 0

    def settle(self) -> None:
        """Append to the journal what was held back; called once the response has ended. That is the
        whole value of each member that came in pieces (such as the code of a call) and whose last
        pieces are not in the journal yet, and the pictures that `receive_early` kept."""
        for member, (pieces, unshown) in self._streams.items():
            if unshown:
                self.change(**{member: "".join(pieces)})
        self._streams.clear()
        for output, picture in list(self._early.items()):
            self._early.pop(output)
            self.receive(picture, output)


def _annotations(message: dict) -> int:
    """Return how many annotations the content parts of `message`, the JSON of a message, have."""
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    found = [part.get("annotations") for part in parts if isinstance(part, dict)]
    return sum(len(each) for each in found if isinstance(each, list))
