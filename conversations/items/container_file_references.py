"""References to files that code made in a gateway's container, as a reply has them: a citation in a
text, or the address of a picture among the outputs of the code."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .fields import dict_in, dicts_in, line_in, text_in
from .kind import Item, parts_of_content

MOST_FILES = 20  # of one reply, that are fetched
# What a gateway calls a container or a file; anything else is not asked for.
_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
_PATH = re.compile(r"(?:/v1)?/containers/([^/?#]+)/files/([^/?#]+)/content")


@dataclass(frozen=True, slots=True)
class ContainerFile:
    """Reference to a file in a gateway's container: the ids `container` and `file`, the file's
    `name` ("" if it has none), and `entry`, the JSON (dict) that names it."""

    container: str
    file: str
    name: str
    entry: Item

    @property
    def is_valid(self) -> bool:
        """True if both ids are such as gateways give: letters, digits, `_` and `-`."""
        return bool(_ID.fullmatch(self.container) and _ID.fullmatch(self.file))


def container_files(items: Sequence[Item], base_url: str) -> list[ContainerFile]:
    """Return a list with a ContainerFile for each time that the `items` of a reply name a file, in
    order, up to MOST_FILES + 1 different files: one more than are fetched, which tells that there
    are more. `base_url` is the gateway's address: an address of a picture counts only if it is
    within that."""
    base_url = base_url.rstrip("/").removesuffix("/responses")
    found: list[ContainerFile] = []
    known: set[tuple[str, str]] = set()
    for each in _named(items, base_url):
        known.add((each.container, each.file))
        if len(known) > MOST_FILES + 1:
            break
        found.append(each)
    return found


def _named(items: Sequence[Item], base_url: str) -> Iterator[ContainerFile]:
    for item in items:
        if item.get("type") == "code_interpreter_call":
            for output in dicts_in(item, "outputs"):
                url = text_in(output, "url")
                if not base_url or not url.startswith(f"{base_url}/"):
                    continue
                if path := _PATH.fullmatch(url.removeprefix(base_url)):
                    yield ContainerFile(path[1], path[2], "", output)
        elif item.get("type") == "message":
            for part in parts_of_content(item):
                for annotation in dicts_in(part, "annotations"):
                    if annotation.get("type") == "container_file_citation":
                        yield _cited(annotation)


def _cited(annotation: Item) -> ContainerFile:
    # Relays put the fields into an object of that name.
    fields = {**annotation, **dict_in(annotation, "container_file_citation")}
    return ContainerFile(
        container=line_in(fields, "container_id"),
        file=line_in(fields, "file_id"),
        name=text_in(fields, "filename"),
        entry=annotation,
    )
