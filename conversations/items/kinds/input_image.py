"""The content part `input_image`: a picture that a person attached, a file of this site."""

from dataclasses import dataclass

from ..fields import file_in, line_in
from ..kind import Item, Kind, Look, state_of


@dataclass(frozen=True, slots=True)
class InputImageLook(Look):
    """Look of an attached picture: `file` is the id (UUID as text) of its file on this site, "" if
    there is none; `name` is the file name that the person gave it."""

    file: str = ""
    name: str = ""


class InputImage(Kind):
    """Kind for an attached picture: `{"type": "input_image", "file": UUID of a file of this site,
    "detail": "auto"}`, with its `filename` for people to read."""

    type = "input_image"

    def look(self, *items: Item, live: bool = False) -> InputImageLook:
        [item] = items
        return InputImageLook(
            self.type,
            *state_of(item, live),
            file=file_in(item),
            name=line_in(item, "filename"),
        )

    def exported(self, item: Item) -> str:
        return named_in_export(item)


def named_in_export(item: Item) -> str:
    """Return the text that stands for the attached file `item` in an exported conversation: its
    name (or id) in square brackets; "" if it has neither."""
    name = line_in(item, "filename") or file_in(item)
    return f"[{name}]" if name else ""
