"""The content part `refusal`: words in which the model declines to answer."""

from dataclasses import dataclass

from ..fields import text_in
from ..kind import Item, Kind, Look, state_of


@dataclass(frozen=True, slots=True)
class RefusalLook(Look):
    """`refusal` is the model's text."""

    refusal: str = ""


class Refusal(Kind):
    """A refusal is shown and exported, but is not the answer's text."""

    type = "refusal"

    def look(self, *items: Item, live: bool = False) -> RefusalLook:
        return RefusalLook(
            self.type, *state_of(items[-1], live), refusal=text_in(items[-1], "refusal")
        )

    def exported(self, item: Item) -> str:
        return text_in(item, "refusal")
