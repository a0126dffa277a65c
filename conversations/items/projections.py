"""Projections of the items of a message: the texts and the HTML made from the items, which are
stored in columns of the Message beside them."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from conversations.rendering import THOUGHTS, render
from conversations.rendering.citation_marks import ANY, without_marks

from .citations import with_links, with_numbers
from .fields import LONGEST_SHOWN, dict_in, dicts_in
from .kind import Item
from .registry import kind_of
from .segments import join_segments
from .source import Source, numbered

# Most text that one message adds to the search index; ten times as long as most replies, but a
# limit for long logs.
LONGEST_SEARCHED = 60_000  # characters


@dataclass(frozen=True, slots=True)
class Projections:
    """Columns of a Message that are made from its items: text and reasoning in Markdown, and their
    HTML as `join_segments` makes it."""

    text: str
    html: str
    reasoning: str
    reasoning_html: str


def sources(items: Sequence[Item]) -> tuple[Source, ...]:
    """Return the Sources that the `items` of a message name, each once and at most MOST_SOURCES:
    the cited ones, numbered from 1, then those that the model only consulted."""
    return numbered(source for item in items for source in kind_of(item).sources(item))


def text_of(items: Sequence[Item]) -> str:
    """Return the text of a message, in Markdown: the texts of its `items`, joined by blank lines,
    with the numbers of its sources, as `[1]`, in place of citation marks."""
    return with_numbers(_joined(kind_of(item).text(item) for item in items), _named(items))


def searched_of(items: Sequence[Item]) -> str:
    """Return what a search finds the message by besides its text: what its tools did, and the
    titles and addresses of its sources, a text of at most LONGEST_SEARCHED characters, of which one
    item has at most LONGEST_SHOWN; "" if there is nothing."""
    found = [kind_of(item).searched(item)[:LONGEST_SHOWN] for item in items]
    found += [f"{source.title} {source.url}" for source in sources(items)]
    return "\n".join(text for text in found if text.strip())[:LONGEST_SEARCHED]


def reasoning_of(items: Sequence[Item]) -> str:
    """Return the reasoning of a message, in Markdown: the thoughts in its `items`, joined by blank
    lines; "" if there are none."""
    return without_marks(_joined(kind_of(item).reasoning(item) for item in items))


def projections(
    items: Sequence[Item], name: str, account: Hashable = None, patience: float = 10
) -> Projections:
    """Return the Projections of a reply's `items`: the columns made of them, HTML included. Blocks
    the thread until code is highlighted, at most `patience` seconds for the text or thoughts of
    each item. `name` begins the ids of footnotes, `account` is any hashable value by which
    highlighting is shared fairly, as a person's id.

    Blocks of HTML are numbered as in a reply that is plain text; from the second item with text (or
    with thoughts) on, the index of the item and "-" come before the number.
    """
    named = _named(items)
    html: dict[int, str] = {}
    thoughts: dict[int, str] = {}

    def rendered(text: str, mark: str, prefix: str = "") -> str:
        own = f"{name}-{mark.rstrip('-')}" if name and mark else name
        return render(text, prefix + mark, name=own, account=account, patience=patience)

    for index, item in enumerate(items):
        kind = kind_of(item)
        if text := with_links(kind.text(item), named):
            html[index] = rendered(text, f"{index}-" if html else "")
        if thought := without_marks(kind.reasoning(item)):
            thoughts[index] = rendered(thought, f"{index}-" if thoughts else "", THOUGHTS)
    return Projections(
        text_of(items), join_segments(html), reasoning_of(items), join_segments(thoughts)
    )


def needs_rerender(items: Sequence[Item]) -> bool:
    """Return True if the final HTML of a reply with these `items` differs from the HTML that was
    rendered while it streamed: a citation mark becomes the number of its source only by the
    annotations, which come last.

    Returns False also if `clean` cut a text, since then only the HTML rendered while it streamed
    shows all of it.
    """
    if is_cut(items) or not (named := _named(items)):
        return False
    texts = [kind_of(item).text(item) for item in items]
    return any(with_numbers(text, named) != without_marks(text) for text in texts)


def is_cut(items: Sequence[Item]) -> bool:
    """Return True if one of `items` has a text of which `clean` cut a part."""
    return any(
        kind_of(item).text(item) and dict_in(item, "omitted").keys() & {"characters", "entries"}
        for item in items
    )


def is_plain(items: Sequence[Item]) -> bool:
    """Return True if reasoning and one text after it, each perhaps missing, are all that `items`
    hold: `Message.items` is null then, since the text columns say the same."""
    kinds = [item.get("type") for item in items]
    if "message" in kinds and kinds[-1] != "message":
        return False
    if set(kinds) - {"reasoning", "message"} or kinds.count("message") > 1:
        return False
    return not any(_has_more_than_text(item) for item in items)


def _has_more_than_text(item: Item) -> bool:
    """Return True if a `message` or `reasoning` item holds annotations, files or other parts that
    its text does not say. Encrypted reasoning, which no reader can see, does not count."""
    parts = dicts_in(item, "content")
    plain = ("output_text", "input_text", "text", "reasoning_text")
    return any(part.get("type") not in plain or part.get("annotations") for part in parts)


def _named(items: Sequence[Item]) -> tuple[Source, ...]:
    """Return the Sources of `items` if a citation mark in their texts could name one of them, else
    ()."""
    has_marks = any(ANY.search(kind_of(item).text(item)) for item in items)
    return sources(items) if has_marks else ()


def _joined(texts: Iterable[str]) -> str:
    return "\n\n".join(text for text in texts if text.strip())
