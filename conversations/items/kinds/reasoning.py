"""The item `reasoning`: the model's thoughts, as a summary or raw."""

from ..fields import dicts_in, text_in
from ..kind import Item, Kind


class Reasoning(Kind):
    """Kind for the model's thoughts: shown folded, from the HTML that is stored with the message.
    They are neither exported nor sent to the gateway; encrypted ones are never shown."""

    type = "reasoning"

    def reasoning(self, item: Item) -> str:
        """Return the summary of the model's thoughts or, without one, the thoughts themselves, in
        Markdown; "" if `item` has neither."""
        for name in ("summary", "content"):
            texts = [text_in(part, "text") for part in dicts_in(item, name)]
            if any(texts):
                return "\n\n".join(filter(None, texts))
        return ""
