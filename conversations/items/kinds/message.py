"""The item `message`: text of the model or of a person, in content parts."""

from conversations.rendering.citation_marks import without_marks

from ..fields import text_in
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

    def next_input(self, item: Item) -> list[Item]:
        """Return the message as sent in the next request, in a list: a person's with its files; of
        a reply the text alone, as one string, the only form that every gateway examined accepts."""
        role = text_in(item, "role")
        if role == "user":
            parts = [
                sent for part in parts_of_content(item) for sent in kind_of(part).next_input(part)
            ]
            return [{"type": "message", "role": role, "content": parts}] if parts else []
        text = without_marks(self.text(item))
        return [{"type": "message", "role": "assistant", "content": text}] if text else []

    def estimated_tokens(self, item: Item) -> int:
        return sum(kind_of(p).estimated_tokens(p) for p in parts_of_content(item))

    def came(self, item: Item) -> str:
        return next(filter(None, (kind_of(part).came(part) for part in parts_of_content(item))), "")

    def searched(self, item: Item) -> str:
        return "\n".join(kind_of(part).searched(part) for part in parts_of_content(item))

    def exported(self, item: Item) -> str:
        parts = (kind_of(part).exported(part) for part in parts_of_content(item))
        return "\n\n".join(text for text in parts if text)
