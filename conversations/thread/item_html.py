"""HTML of a message's items: the calls of tools and the thoughts between its texts, its sources.

Texts and thoughts were rendered when the message was written (the columns `html` and
`reasoning_html`); everything else is drawn by the template of its kind,
`templates/conversations/items/`, in the reader's language. A template is given the item's Look and
nothing of the message or of a person.
"""

from dataclasses import dataclass
from functools import cache
from itertools import groupby

from django.template import Context
from django.template.loader import get_template
from django.utils.safestring import mark_safe

from conversations.items import kind_of, parts_of_content, sources, split_segments
from conversations.items.fields import line_in
from conversations.rendering.unsafe_characters import tidy


@dataclass(frozen=True, slots=True)
class MessageParts:
    """The HTML of a message in the places that its template has for it.

    `before` are the items that come before the first text, as thoughts and calls of tools; None
    where the message has no items, so that its thoughts are its `shown_reasoning`. `answer` is
    the text, and what stands in between and after it; `sources` the list of sources. `came` is a
    sentence, for a reply without text, that says what came instead; "" where that is nothing.
    """

    before: str | None = None
    answer: str = ""
    sources: str = ""
    came: str = ""


def parts_of(message):
    """Return the MessageParts of a Message; of one without items (nearly all) only the `answer`,
    which is then all its HTML. Of a reply that is being written they are its `live_parts`."""
    if message.live_parts is not None:
        return message.live_parts
    items = None if message.is_pending else message.items
    if not items:
        return MessageParts(answer=message.shown_html)
    if not message.is_reply:
        return MessageParts(answer=message.shown_html, before=_attached(items))
    # With the matches of a search highlighted in it, where one led here.
    html, thoughts = split_segments(message.shown_html), split_segments(message.reasoning_html)
    response = message.own_response
    seconds = response.reasoning_seconds if response and len(thoughts) == 1 else None
    before, answer = [], []
    for index, run in runs(items):
        own = html.get(index) or thoughts.get(index, "")
        drawn = draw(index, run, html=own, seconds=seconds)
        (answer if answer or index in html else before).append(drawn)
    return MessageParts(
        before=_safe(before),
        answer=_safe(answer),
        sources=sources_of(items),
        came="" if message.text else what_came(items),
    )


def runs(items):
    """Yield `(index, [item, …])` for the items of a message in their order: adjacent ones of a kind
    that draws them together with the index of the first, each other one alone."""
    index = 0
    for kind, run in groupby(items, key=kind_of):
        run = list(run)
        for part in [run] if kind.joins else [[each] for each in run]:
            yield index, part
            index += len(part)


def item(index, items, live=False, html=""):
    """Return the HTML of `items[index]` of a message by itself, as safe text, in the active
    language; `live` says that it is still being made. `html` is that of its text or thoughts."""
    return draw(index, [items[index]], live=live, html=html)


def draw(index, run, *, live=False, html="", seconds=None):
    """Return the HTML of the items `run` of a message, as `runs` yields them, as safe text.

    `index` is the place of the first among all items. `live` and `html` are those of `item`;
    `seconds` is how long the model thought, None if that is not known.
    """
    kind = kind_of(run[0])
    if not html and kind.type in _WRITTEN:
        return ""
    context = {
        "look": kind.look(*run, live=live),
        "index": index,
        "type": tidy(line_in(run[0], "type", 80)),
        "html": mark_safe(html),  # noqa: S308 (made by conversations.rendering)
        "seconds": seconds,
    }
    return _render(kind.type, context)


# Kinds of which only their text is shown, and nothing where that is empty.
_WRITTEN = ("message", "reasoning", "output_text", "input_text")


def sources_of(items):
    """Return the HTML of the list of the sources of a message's items, as safe text; "" if there
    are none."""
    found = sources(items)
    if not found:
        return ""
    context = {
        "cited": [source for source in found if source.is_cited],
        "consulted": [source for source in found if not source.is_cited],
    }
    return _render("_sources", context)


def what_came(items):
    """Return a sentence that says what a reply without text consists of, in the active language;
    "" if its items have no word for it."""
    sentences = [kind_of(item).came(item) for item in items]
    return next(filter(None, reversed(sentences)), "")


def _attached(items):
    """Return the HTML of what the items of a person's message have besides text: files, and the
    answer to a question of the model."""
    drawn = []
    for index, each in enumerate(items):
        if each.get("type") != "message":
            drawn.append(item(index, items))
            continue
        parts = [part for part in parts_of_content(each) if not kind_of(part).text(part)]
        drawn += [draw(None, [part]) for part in parts]
    return _safe(drawn)


def _render(name, context):
    """Return the HTML of the template `name` of an item, as safe text."""
    return mark_safe(_template(name).render(Context(context)).strip())  # noqa: S308 (a template's)


@cache
def _template(name):
    return get_template(f"conversations/items/{name}.html").template


def _safe(pieces):
    return mark_safe("".join(pieces))  # noqa: S308 (drawn by templates)
