"""The content part `input_text`: text that a person wrote, or of a document in text form."""

from ..fields import text_in
from ..kind import Item, Kind


class InputText(Kind):
    """Kind for text of a person, as typed."""

    type = "input_text"

    def text(self, item: Item) -> str:
        return text_in(item, "text")
