"""The item `message`: text of the model or of a person, in content parts."""

from dataclasses import dataclass

from conversations.rendering.citation_marks import without_marks

from ..fields import dicts_in, text_in
from ..kind import Item, Kind, Look, state_of
from ..registry import kind_of
from ..source import Source


def parts_of(item: Item) -> list[Item]:
    """Return the content parts of a `message`, also where its content is one text."""
    content = text_in(item, "content")
    if content:
        return [{"type": "output_text", "text": content}]
    return dicts_in(item, "content")


@dataclass(frozen=True, slots=True)
class MessageLook(Look):
    """`parts` are pairs `(type, Look)` of the content parts that are not text, as files and
    refusals: the text is shown as the HTML that is stored with the message."""

    parts: tuple[tuple[str, Look], ...] = ()


class Message(Kind):
    """A message's text is that of its content parts, which are kinds of their own."""

    type = "message"

    def text(self, item: Item) -> str:
        parts = (kind_of(part).text(part) for part in parts_of(item))
        return "\n\n".join(text for text in parts if text)

    def searched_text(self, item: Item) -> str:
        parts = (kind_of(part).searched_text(part) for part in parts_of(item))
        return "\n".join(text for text in parts if text)

    def sources(self, item: Item) -> list[Source]:
        return [each for part in parts_of(item) for each in kind_of(part).sources(part)]

    def next_input(self, item: Item) -> list[Item]:
        """A person's message with its files; of a reply the text alone, as one string, the only
        form that every gateway examined accepts."""
        role = text_in(item, "role")
        if role == "user":
            parts = [sent for part in parts_of(item) for sent in kind_of(part).next_input(part)]
            return [{"type": "message", "role": role, "content": parts}] if parts else []
        text = without_marks(self.text(item))
        return [{"type": "message", "role": "assistant", "content": text}] if text else []

    def estimated_tokens(self, item: Item) -> int:
        return sum(kind_of(p).estimated_tokens(p) for p in parts_of(item))

    def look(self, *items: Item, live: bool = False) -> MessageLook:
        parts = [part for part in parts_of(items[-1]) if not kind_of(part).text(part)]
        looks = ((text_in(part, "type"), kind_of(part).look(part, live=live)) for part in parts)
        return MessageLook(self.type, *state_of(items[-1], live), parts=tuple(looks))

    def exported(self, item: Item) -> str:
        parts = (kind_of(part).exported(part) for part in parts_of(item))
        return "\n\n".join(text for text in parts if text)
