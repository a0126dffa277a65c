"""Base class of the kinds of items: the questions that the site asks about an item of a message.

An item is a dict in the words of the Responses API, cleaned (see `cleaning`): it can be stored and
has a `type`, but any other field may be missing or of any type. No method of a kind raises.
"""

from dataclasses import dataclass
from typing import ClassVar, Literal

from .source import Source

Item = dict[str, object]
# State of an item: "done"; "live" while the reply is written; "failed" by the item's own status;
# "unfinished" where the reply ended before the item did.
State = Literal["done", "live", "failed", "unfinished"]

# A tuple, no set: a status may be any JSON value, also an unhashable one.
_UNFINISHED = ("in_progress", "searching", "interpreting", "generating", "calling", "incomplete")


@dataclass(frozen=True, slots=True)
class Look:
    """Values that the template of an item shows: `type` and `state` ("done", "live", "failed" or
    "unfinished") of the item, and `left_out`, the number of things that were cut from it when it
    was stored. Subclasses, one for each kind of item, add fields."""

    type: str
    state: State
    left_out: int
    # Whether the details, which are folded under the item's line, are shown unfolded at first.
    is_open: ClassVar[bool] = False


class Kind:
    """Base class for the handlers of items, one subclass for each `type` of the API. Methods that a
    subclass does not override answer as for the call of a tool: the item is shown, and is neither
    part of the message's text nor sent to the gateway again."""

    type: ClassVar[str]
    # Other values of `type` that gateways send for items of this kind.
    aliases: ClassVar[tuple[str, ...]] = ()
    # Whether adjacent items of the kind are drawn together, by one call of `look`.
    joins: ClassVar[bool] = False

    def text(self, item: Item) -> str:
        """Return what the item adds to `Message.text`: Markdown, which is searched, copied, sent
        with the next request and used for titles. Citation marks are still in it; the caller
        replaces them (`text_of` does)."""
        return ""

    def reasoning(self, item: Item) -> str:
        """Return what the item adds to `Message.reasoning`: the model's thoughts, in Markdown."""
        return ""

    def sources(self, item: Item) -> list[Source]:
        """Return the web pages and files that the item names, as Sources without numbers, in order;
        the same one may be there several times."""
        return []

    def next_input(self, item: Item) -> list[Item]:
        """Return what is sent of the item itself in the `input` of the next request, a list of
        items. The text it adds to the message is sent with that, and files are sent from their rows
        in the database (`conversations.files.prompt_parts`)."""
        return []

    def look(self, *items: Item, live: bool = False) -> Look:
        """Return the Look with which the template `conversations/items/<type>.html` shows the item,
        to the owner and to a reviewer. `items` is that item alone or, if `joins` is True, several
        adjacent ones of the kind; `live` is True while the reply is being written."""
        return Look(self.type, *state_of(items[-1], live))

    def files(self, item: Item) -> list[Item]:
        """Return a dict for each file of this site that `item` made and that is shown with it:
        `file` (the file's id), of a picture `width` and `height` in pixels, else `filename`."""
        return []

    def came(self, item: Item) -> str:
        """Return a sentence, in the active language, that tells the reader of a reply without text
        what came instead, such as a refusal; "" if the item needs none."""
        return ""

    def searched(self, item: Item) -> str:
        """Return the text by which a search finds the message besides its `text`: queries, code,
        what was sent and what came back; "" for none. Its sources need not be in it.

        If code is changed so that this returns another text for an item, the search index must be
        rebuilt (`rebuild_search`): SQLite removes an entry by the text that it was made from.
        """
        return ""

    def exported(self, item: Item) -> str:
        """Return the item as Markdown for an exported conversation; "" leaves it out."""
        return self.text(item)


def state_of(item: Item, live: bool, but: str = "") -> tuple[State, int]:
    """Return `(state, number of things cut from it)` for `item`, the first fields of a Look.

    `state` is one of State; `live` is True while the item's reply is being written. Things that
    `item["omitted"]` counts under the name `but`, such as "pictures", are not counted.
    """
    omitted = item.get("omitted")
    counts = omitted.items() if isinstance(omitted, dict) else ()
    left_out = sum(n for name, n in counts if isinstance(n, int) and name != but)
    status = item.get("status")
    if status == "failed":
        return "failed", left_out
    if live:
        return ("live" if status != "completed" else "done"), left_out
    return ("unfinished" if status in _UNFINISHED else "done"), left_out


def parts_of_content(item: Item) -> list[Item]:
    """Return the content parts (dicts) of `item`, a `message`; a content that is one text counts as
    one `output_text`. [] if it has none."""
    content = item.get("content")
    if isinstance(content, str):
        return [{"type": "output_text", "text": content}]
    return [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
