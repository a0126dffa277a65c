"""The content part `input_file`: a document that a person attached, a file of this site."""

from dataclasses import dataclass

from ..fields import line_in, text_in
from ..kind import Item, Kind, Look, state_of
from .input_image import named_in_export

# Of a document whose tokens were not counted: those of some four pages.
TOKENS = 2_000


@dataclass(frozen=True, slots=True)
class InputFileLook(Look):
    """`file` is the id (UUID as text) of the file, "" where it has none; `name` is how the person
    called it."""

    file: str = ""
    name: str = ""


class InputFile(Kind):
    """`{"type": "input_file", "file": UUID of a file of this site, "filename": …}`, and `tokens`
    where those of its text were counted when it was attached."""

    type = "input_file"

    def searched_text(self, item: Item) -> str:
        return line_in(item, "filename")

    def next_input(self, item: Item) -> list[Item]:
        file = text_in(item, "file")
        if not file:
            return []
        return [{"type": "input_file", "file": file, "filename": line_in(item, "filename")}]

    def estimated_tokens(self, item: Item) -> int:
        if not text_in(item, "file"):
            return 0
        tokens = item.get("tokens")
        return tokens if isinstance(tokens, int) and 0 <= tokens < 10**9 else TOKENS

    def look(self, *items: Item, live: bool = False) -> InputFileLook:
        [item] = items
        return InputFileLook(
            self.type,
            *state_of(item, live),
            file=text_in(item, "file"),
            name=line_in(item, "filename"),
        )

    def exported(self, item: Item) -> str:
        return named_in_export(item)
