"""List of the items of one response while it streams: finds, opens and orders them."""

from .item_text import Allowance
from .output_item import Group, Journal, Opened, OutputItem, Place

# Most items that are told apart. An event about another item than the event before costs a search
# of all.
MOST_ITEMS = 256


class OutputItems:
    """List of the items of one response, in the order in which they stand in its `output`.

    `ordered` is the list of OutputItems; `journal` has pairs of an item and what happened to it, in
    the order of arrival. Its reader, ItemEvents, clears it.
    """

    def __init__(self, text: Allowance, reasoning: Allowance) -> None:
        """`text` and `reasoning` are the Allowances (count and limit of characters) of the answer
        and of the reasoning."""
        self.journal: Journal = []
        self.ordered: list[OutputItem] = []
        self._allowances: dict[Group, Allowance] = {
            "message": text,
            "reasoning": reasoning,
            "tool": Allowance(0),
        }
        # Where in `ordered` new items stand, if that is known from elsewhere than their index.
        self.insert_at: int | None = None
        # The indexes began anew, so that they do not say what stands before what.
        self._restarted = False

    def has_text(self, group: Group) -> bool:
        """Return True if items of `group` ("message" or "reasoning") have had any text."""
        return self._allowances[group].incoming > 0

    @property
    def have_content(self) -> bool:
        """True if there is anything to show: text, reasoning or the call of a tool."""
        return (
            self.has_text("message")
            or self.has_text("reasoning")
            or any(item.group == "tool" for item in self.ordered)
        )

    def settle_sizes(self) -> None:
        """Replace the upper bound of the characters of each kind of text (`Allowance.incoming`) by
        the exact count; call it when all of the journal has been read."""
        for allowance in self._allowances.values():
            allowance.incoming = max(allowance.used, min(allowance.incoming, 1))

    def find(self, group: Group, place: Place, kind: str = "") -> OutputItem | None:
        """Return the last OutputItem of `group` at the Place `place`; None if there is none.

        `kind` is the API's type that it must have, "" for any. One with the id of `place` is
        preferred to one whose id is not known.
        """
        found = None
        for item in reversed(self.ordered):
            if item.group == group and (not kind or item.type == kind) and item.is_at(place):
                if place.item_id is None or place.item_id == item.place.item_id:
                    return item
                found = found or item
        return found

    def last(self, group: Group) -> OutputItem | None:
        """Return the last OutputItem of `group` in the order of `output`, None if there is none."""
        return next((item for item in reversed(self.ordered) if item.group == group), None)

    def text_item(self, group: Group, place: Place, *, late: bool = False) -> OutputItem:
        """Return the OutputItem of `group` ("message" or "reasoning") at `place`, to add text to;
        a new one if there is none.

        `late` is True for a text that was not streamed but came as a whole, so that it may stand
        before items that came earlier.
        """
        item = self.find(group, place)
        if item is not None:
            item.learn(place)
            return item
        kept = {"id": place.item_id} if isinstance(place.item_id, str) else {}
        return self.open(group, {"type": group, **kept}, place, late=late)

    def open(self, group: Group, item: dict, place: Place, *, late: bool = False) -> OutputItem:
        """Add an item of `group` with the JSON `item` at `place`, and return its OutputItem. If
        there are MOST_ITEMS already, the last of the group, if there is one, is returned instead.

        It is put in order by its index in `output`; with `late` True (a text that was not streamed
        but came as a whole) it may stand before items that came earlier.
        """
        if self._is_full and (last := self.last(group)):
            last.add("\n\n")
            return last
        opened = self._new(group, item, place)
        self._insert(opened, self._position(opened, late), item)
        return opened

    def open_thoughts(self, message: OutputItem) -> OutputItem:
        """Insert a reasoning item right before the OutputItem `message`, for the thoughts between
        tags in its text; return the new OutputItem."""
        item = {"type": "reasoning"}
        opened = self._new("reasoning", item, message.place)
        opened.is_apart = True
        self._insert(opened, self.ordered.index(message), item)
        return opened

    def open_tool(self, item: dict, place: Place) -> OutputItem | None:
        """Return the OutputItem of the call of a tool that the JSON `item` at `place` stands for;
        a new one if there is none, or None if there are MOST_ITEMS already."""
        found = self.find("tool", place, item["type"])
        if found is not None and (place.is_known or not found.is_closed or found.equals(item)):
            found.learn(place)
            return found
        return None if self._is_full else self.open("tool", item, place)

    @property
    def _is_full(self) -> bool:
        return len(self.ordered) >= MOST_ITEMS

    def _new(self, group: Group, item: dict, place: Place) -> OutputItem:
        number = len(self.ordered)
        return OutputItem(number, group, item["type"], place, self._allowances[group], self.journal)

    def _insert(self, opened: OutputItem, at: int, item: dict) -> None:
        self.ordered.insert(at, opened)
        self.journal.append((opened, Opened(item)))

    def following(self, item: OutputItem) -> int | None:
        """Return the `number` of the first OutputItem after `item` in `ordered` that an ItemOpened
        event has announced; None if there is none."""
        behind = self.ordered[self.ordered.index(item) + 1 :]
        return next((each.number for each in behind if each.is_announced), None)

    def _position(self, new: OutputItem, late: bool) -> int:
        """Return the index in `ordered` at which to insert the OutputItem `new`. `late` is True for
        a text that was not streamed but came as a whole, so that it may stand before items that
        came earlier."""
        if self.insert_at is not None:
            self.insert_at += 1
            return self.insert_at - 1
        end = len(self.ordered)
        if not end:
            return 0
        index = new.place.output_index
        last = self.ordered[-1]
        if new.group == "reasoning" and last.group == "message" and not last.is_closed:
            # What does not say where it stands, stands before the message that it is about.
            unknown = late and (index is None or last.place.output_index is None)
            if unknown or (index is not None and index == last.place.output_index):
                return self._before(end - 1)
        if not isinstance(index, int):
            return end
        if any(each.place.output_index == index and each.differs(new) for each in self.ordered):
            self._restarted = True
        if self._restarted:
            return end
        for at, each in enumerate(self.ordered):
            known = each.place.output_index
            if isinstance(known, int) and known > index and not each.is_apart:
                return self._before(at)
        return end

    def _before(self, at: int) -> int:
        """Return the index in `ordered` at which to insert what comes before the item at the index
        `at`: that of the reasoning item with its thoughts, if it has one, else `at`."""
        return at - 1 if self.ordered[at].thoughts is not None else at
