"""The content part `output_text`: text of the model, with annotations that name its sources."""

from ..citations import cited_in
from ..fields import text_in
from ..kind import Item, Kind
from ..source import Source


class OutputText(Kind):
    """Kind for text of the model, in Markdown."""

    type = "output_text"
    # The type that some relays send.
    aliases = ("text",)

    def text(self, item: Item) -> str:
        return text_in(item, "text")

    def sources(self, item: Item) -> list[Source]:
        return cited_in(item)
