"""Collector of the texts of a response from the events that the client of the gateway yields."""

from .events import Event, ItemOpened, Reasoning, Replaced, Text

PARAGRAPH = "\n\n"


class FoldedItems:
    """Collector of the text and the reasoning of one response, for callers that need only these.

    Give it all events in their order by `take`; those that bring no text of an item are ignored.
    """

    def __init__(self) -> None:
        """Create a collector without any item."""
        # Types of the items in their order, by number; and the texts.
        self._types: dict[int, str] = {}
        self._order: list[int] = []
        self._texts: dict[int, str] = {}

    def take(self, event: Event) -> None:
        """Read `event`, the next event of the response, and add its text, if it has any."""
        if isinstance(event, ItemOpened):
            self._types[event.index] = event.item["type"]
            at = len(self._order) if event.before is None else self._order.index(event.before)
            self._order.insert(at, event.index)
        elif isinstance(event, Text | Reasoning) and event.index is not None:
            self._texts[event.index] = self._texts.get(event.index, "") + event.text
        elif isinstance(event, Replaced):
            self._texts[event.index] = event.text

    @property
    def text(self) -> str:
        """Text of the answer so far: the texts of all messages, joined by blank lines."""
        return self._joined("message")

    @property
    def reasoning(self) -> str:
        """Text of the reasoning so far: the texts of all reasoning items, joined by blank lines."""
        return self._joined("reasoning")

    def _joined(self, kind: str) -> str:
        texts = (self._texts.get(each, "") for each in self._order if self._types[each] == kind)
        return PARAGRAPH.join(filter(None, texts))
