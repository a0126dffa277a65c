"""The item `file_search_call`: a search in files that the gateway keeps."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ..fields import MOST_SHOWN, dicts_in, line_in, lines_in, text_in
from ..kind import Item, Kind, Look, state_of
from ..source import Source, file


@dataclass(frozen=True, slots=True)
class FileSearchLook(Look):
    """Look of a search in files: `queries` are the texts searched for, `results` are pairs `(name
    of the file, passage found in it)`."""

    queries: tuple[str, ...] = ()
    results: tuple[tuple[str, str], ...] = ()


class FileSearchCall(Kind):
    """Kind for a search in files that the gateway keeps. Results are shown folded; the files that
    were found are sources, consulted ones unless the text cites them."""

    type = "file_search_call"
    aliases = ("openrouter:file_search",)

    def sources(self, item: Item) -> list[Source]:
        found = (file(each, is_cited=False) for each in dicts_in(item, "results"))
        return [each for each in found if each]

    def searched(self, item: Item) -> str:
        passages = [text_in(each, "text") for each in dicts_in(item, "results")]
        return "\n".join([*lines_in(item, "queries"), *passages])

    def look(self, *items: Item, live: bool = False) -> FileSearchLook:
        [item] = items
        return FileSearchLook(
            self.type,
            *state_of(item, live),
            queries=tuple(lines_in(item, "queries")[:MOST_SHOWN]),
            results=tuple(
                (line_in(each, "filename") or line_in(each, "file_id"), line_in(each, "text", 500))
                for each in dicts_in(item, "results")[:MOST_SHOWN]
            ),
        )

    def came(self, item: Item) -> str:
        return _("The model searched files and wrote nothing.")

    def exported(self, item: Item) -> str:
        queries = "; ".join(lines_in(item, "queries"))
        return _("Searched files: %(query)s") % {"query": queries} if queries else ""
