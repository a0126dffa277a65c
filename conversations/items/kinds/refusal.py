"""The content part `refusal`: words in which the model declines to answer."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..fields import line_in, passage_in, text_in
from ..kind import Item, Kind, Look, state_of


@dataclass(frozen=True, slots=True)
class RefusalLook(Look):
    """Look of a refusal: `refusal` is the model's text."""

    refusal: str = ""


class Refusal(Kind):
    """Kind for a refusal: shown and exported, but no part of the message's text."""

    type = "refusal"

    def look(self, *items: Item, live: bool = False) -> RefusalLook:
        return RefusalLook(
            self.type, *state_of(items[-1], live), refusal=passage_in(items[-1], "refusal")
        )

    def came(self, item: Item) -> str:
        refusal = line_in(item, "refusal", 2_000)
        return _("The model refused: %(refusal)s") % {"refusal": refusal} if refusal else ""

    def searched(self, item: Item) -> str:
        return text_in(item, "refusal")

    def exported(self, item: Item) -> str:
        return text_in(item, "refusal")
