"""Items of a message, in the words of the Responses API: text, reasoning, calls of tools, files.

`Message.items` is a list of them where text and reasoning are not all there is. An item is a dict
that came from a gateway or from an import file: `clean` makes it safe to store, its `Kind` (one
module of `kinds` for each type) says what text it has, how it is shown and what of it is sent to
the gateway again, and `projections` makes from all items of a message the text and the HTML that
are stored with it.
"""

from .citations import with_numbers
from .cleaning import clean, clean_all
from .container_file_references import container_files
from .kind import Item, Kind, Look, parts_of_content
from .projections import (
    Projections,
    is_cut,
    is_plain,
    needs_rerender,
    projections,
    reasoning_of,
    searched_of,
    sources,
    text_of,
)
from .registry import all_kinds, kind_of
from .segments import join_segments, split_segments
from .source import Source
from .stored_file_references import with_file, without_files

__all__ = [
    "Item",
    "Kind",
    "Look",
    "Projections",
    "Source",
    "all_kinds",
    "clean",
    "clean_all",
    "container_files",
    "is_cut",
    "is_plain",
    "join_segments",
    "kind_of",
    "needs_rerender",
    "parts_of_content",
    "projections",
    "reasoning_of",
    "searched_of",
    "sources",
    "split_segments",
    "text_of",
    "with_file",
    "with_numbers",
    "without_files",
]
