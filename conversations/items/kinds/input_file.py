"""The content part `input_file`: a document that a person attached, a file of this site."""

from dataclasses import dataclass

from ..fields import file_in, line_in
from ..kind import Item, Kind, Look, state_of
from .input_image import named_in_export


@dataclass(frozen=True, slots=True)
class InputFileLook(Look):
    """Look of an attached document: `file` is the id (UUID as text) of its file on this site, "" if
    there is none; `name` is the file name that the person gave it."""

    file: str = ""
    name: str = ""


class InputFile(Kind):
    """Kind for an attached document: `{"type": "input_file", "file": UUID of a file of this site,
    "filename": …}`, and `tokens` if those of its text were counted when it was attached."""

    type = "input_file"

    def look(self, *items: Item, live: bool = False) -> InputFileLook:
        [item] = items
        return InputFileLook(
            self.type,
            *state_of(item, live),
            file=file_in(item),
            name=line_in(item, "filename"),
        )

    def exported(self, item: Item) -> str:
        return named_in_export(item)
