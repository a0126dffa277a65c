"""The item `message`: text of the model or of a person, in content parts."""

from ..kind import Item, Kind, parts_of_content
from ..registry import kind_of
from ..source import Source


class Message(Kind):
    """Kind for a message: its text is that of its content parts, each of which has a Kind."""

    type = "message"

    def text(self, item: Item) -> str:
        parts = (kind_of(part).text(part) for part in parts_of_content(item))
        return "\n\n".join(text for text in parts if text)

    def sources(self, item: Item) -> list[Source]:
        return [each for part in parts_of_content(item) for each in kind_of(part).sources(part)]

    def came(self, item: Item) -> str:
        return next(filter(None, (kind_of(part).came(part) for part in parts_of_content(item))), "")

    def searched(self, item: Item) -> str:
        return "\n".join(kind_of(part).searched(part) for part in parts_of_content(item))

    def exported(self, item: Item) -> str:
        parts = (kind_of(part).exported(part) for part in parts_of_content(item))
        return "\n\n".join(text for text in parts if text)
