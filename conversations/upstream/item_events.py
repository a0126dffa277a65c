"""Conversion of the journal of one response (text added to an item, an item opened, changed or
closed) into the events that the client of the gateway yields."""

from collections.abc import Iterator

from .events import (
    Annotated,
    ItemChanged,
    ItemClosed,
    ItemEvent,
    ItemOpened,
    PictureReceived,
    Reasoning,
    Replaced,
    Text,
)
from .gateway_text import Redactor
from .output_item import (
    Changed,
    Closed,
    Entry,
    Group,
    Noted,
    Opened,
    OutputItem,
    Received,
    Reset,
)
from .output_items import OutputItems

PARAGRAPH = "\n\n"


class ItemEvents:
    """Converter of the journal of OutputItems (what happened to them, in order) into events.

    Texts in the events have no citation marks (in the code "reference marks", see ItemText).
    Thoughts between tags, such as `<think>`, at the beginning of a message become a reasoning item
    before it.
    """

    def __init__(self, items: OutputItems, redactor: Redactor) -> None:
        """`items` are the OutputItems of the response whose journal is read; `redactor` removes
        the site's secrets, such as its API key, from their JSON."""
        self._items = items
        self._clean = redactor.item
        self._journal = items.journal
        self._ready: list[ItemEvent | PictureReceived] = []
        # Kinds of text of which something was given, so that a blank line parts other items.
        self._shown: set[Group] = set()

    def plain(self) -> Text | Reasoning | None:
        """Return the event for a journal of nothing but plain text of one item, and clear the
        journal.

        Returns None, and leaves the journal as it is, for any other journal: call `take` then. A
        fast path: most reads bring some tokens of one item.
        """
        journal = self._journal
        if not journal or self._ready:
            return None
        item, text = journal[0]
        if not isinstance(text, str) or not item.has_shown:
            return None
        if len(journal) > 1:
            pieces = [piece for each, piece in journal if each is item and isinstance(piece, str)]
            if len(pieces) < len(journal):
                return None
            text = "".join(pieces)
        if not item.text.passes(text):
            return None
        journal.clear()
        return _event(item, text, item.number)

    def take(self) -> list[ItemEvent | PictureReceived]:
        """Return the events for what happened to the items since the last call, as a list."""
        self.digest()
        ready, self._ready = self._ready, []
        return ready

    def digest(self) -> None:
        """Convert the journal's entries into events, which the next `take` returns; clear it.

        Called to count the characters of each kind of text, for its limit, before events are due.
        """
        if not self._journal:
            return
        entries = list(self._journal)
        self._journal.clear()
        for item, entry in _runs(entries):
            self._read(item, entry)
        self._items.settle_sizes()

    def end(self, *, complete: bool) -> None:
        """Convert what is left into events for `take`, once the response has ended. That includes
        the last characters of texts, which were held back since a citation mark or a tag could have
        begun with them.

        `complete` is True if the model ended by itself, False if its answer was cut off.
        """
        self.digest()
        for item in list(self._items.ordered):
            item.settle()
            if item.group != "tool":
                self._show(item, *item.text.take("", last=True, complete=complete))
        self.digest()

    def _read(self, item: OutputItem, entry: Entry) -> None:
        """Make the events for one `entry` of the journal, about `item`, for the next `take`."""
        number = item.number
        match entry:
            case str():
                self._show(item, *item.text.take(entry))
            case Opened():
                item.is_announced = True
                before = self._items.following(item)
                self._ready.append(ItemOpened(number, self._clean(entry.item), before))
            case Changed():
                self._ready.append(ItemChanged(number, self._clean(entry.changes)))
            case Noted():
                self._ready.append(Annotated(number, self._clean(entry.annotation)))
            case Received():
                self._ready.append(PictureReceived(number, entry.picture, entry.output))
            case Closed():
                self._ready.append(ItemClosed(number, self._clean(entry.item)))
            case Reset():
                item.text.reset()
                thoughts, text, _replaced = item.text.take(entry.text)
                self._show(item, thoughts, text, replaced=item.has_shown)

    def _show(self, item: OutputItem, thoughts: str, text: str, replaced: bool) -> None:
        """Make events that add `thoughts` and `text`, each of which may be "", to `item`, a message
        or reasoning; with `replaced` True, events that put them in place of all text of `item` in
        earlier events."""
        if thoughts or (replaced and item.thoughts is not None):
            if item.thoughts is None:
                item.thoughts = self._items.open_thoughts(item)
                self._read(*self._journal.pop())
            self._give(item.thoughts, thoughts, replaced)
        self._give(item, text, replaced)

    def _give(self, item: OutputItem, text: str, replaced: bool) -> None:
        """Make the event for `text`, the next text of `item` or, if `replaced` is True, all of it.
        If `item` has had no text and another item of its group has, an event for a blank line comes
        first."""
        if replaced and item.has_shown:
            self._ready.append(Replaced(text, item.number))
        elif text:
            if not item.has_shown and item.group in self._shown:
                self._ready.append(_event(item, PARAGRAPH, None))
            self._shown.add(item.group)
            item.has_shown = True
            self._ready.append(_event(item, text, item.number))


def _event(item: OutputItem, text: str, number: int | None) -> Text | Reasoning:
    return Text(text, number) if item.group == "message" else Reasoning(text, number)


def _runs(entries: list[tuple[OutputItem, Entry]]) -> Iterator[tuple[OutputItem, Entry]]:
    """Yield `entries`, pairs of an item and what happened to it, in their order, with pieces of
    text that follow each other in one item joined to one piece."""
    pieces: list[str] = []
    for at, (item, entry) in enumerate(entries):
        if not isinstance(entry, str):
            yield item, entry
            continue
        pieces.append(entry)
        following = entries[at + 1] if at + 1 < len(entries) else None
        if following is None or following[0] is not item or not isinstance(following[1], str):
            yield item, "".join(pieces)
            pieces.clear()
