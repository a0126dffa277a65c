"""HTML of a message's items: the calls of tools and the thoughts between its texts, its sources.

Texts and thoughts were rendered when the message was written (the columns `html` and
`reasoning_html`); everything else is drawn by the template of its kind,
`templates/conversations/items/`, in the reader's language. A template is given the item's Look and
nothing of the message or of a person.
"""

import re
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from django.template import Context
from django.template.loader import get_template
from django.utils.safestring import mark_safe

from conversations.items import kind_of, parts_of_content, sources, split_segments
from conversations.items.fields import line_in
from conversations.rendering.unsafe_characters import tidy
from conversations.thread.approvals import open_requests
from conversations.thread.unsearched import is_unsearched


@dataclass(frozen=True, slots=True)
class MessageParts:
    """HTML of a message, cut into the parts that its template places.

    `before` is the HTML of the items before the first text, such as thoughts and calls of tools;
    None if the message has no items (its thoughts are then in `Message.shown_reasoning`). `answer`
    is the HTML of the texts and of the items between and after them, `sources` that of the list of
    sources, or of a line which says that a search was offered and did not happen. `came` is a
    sentence that says what came in a reply without text; "" if there is nothing to say. `requests`
    are the Looks of requests for approval that can be answered now. `files` are the reply's
    Attachments that are not drawn with an item; `has_pictures` is True if others are.
    """

    before: str | None = None
    answer: str = ""
    sources: str = ""
    came: str = ""
    requests: tuple = ()
    files: tuple = ()
    has_pictures: bool = False

    @property
    def is_fetching(self):
        """Return True while files of the reply are being fetched from the gateway."""
        return any(file.is_fetching for file in self.files)


@dataclass(frozen=True, slots=True)
class Links:
    """Settings of the links to the files of messages on a page. By default they are the URLs for
    the conversation's owner. With `readonly` they are URLs of the review: under `home`, the URL of
    the conversation there, and with the query string `carried`. With `apart` the page lists the
    files after each message, so that the HTML of items says only that files were made."""

    readonly: bool = False
    home: str = ""
    carried: str = ""
    apart: bool = False


def parts_of(message, links=None):
    """Return the MessageParts of the Message `message`. Without items, as nearly all are, all HTML
    of its text is in `answer`. If the caller has set `message.live_parts`, as of a reply that is
    being written, these are returned. `links` (a Links; None: those for the owner) says where its
    files are."""
    if message.live_parts is not None:
        return message.live_parts
    items = None if message.is_pending else message.items
    if not items:
        return MessageParts(
            answer=message.shown_html,
            sources=_sources_or_note(message),
            files=tuple(message.shown_files) if message.is_reply else (),
        )
    if not message.is_reply:
        return MessageParts(answer=message.shown_html, before=_attached(items))
    # `shown_html` has matches highlighted if the page was opened from a search.
    html, thoughts = split_segments(message.shown_html), split_segments(message.reasoning_html)
    response = message.own_response
    seconds = response.reasoning_seconds if response and len(thoughts) == 1 else None
    before, answer = [], []
    files = {str(file.pk): file for file in message.shown_files}
    others = dict(files)
    for index, run in runs(items):
        own = html.get(index) or thoughts.get(index, "")
        drawn = draw(index, run, html=own, seconds=seconds, files=files, links=links)
        if not own:
            drawn = _marked(drawn, message)
        (answer if answer or index in html else before).append(drawn)
        for name in named_by(run):
            others.pop(name, None)
    return MessageParts(
        before=_safe(before),
        answer=_safe(answer),
        sources=_marked(_sources_or_note(message), message),
        came="" if message.text else what_came(items),
        requests=tuple(kind_of(each).look(each) for each in open_requests(message)),
        files=tuple(others.values()),
        has_pictures=len(others) < len(files),
    )


def _marked(drawn, message):
    """Return the safe HTML `drawn`, that of an item or of the sources of the Message `message`,
    with matches highlighted by `message.mark` (None: unchanged), if the page was opened from a
    search; if there are any, its `<details>` are open."""
    if message.mark is None:
        return drawn
    found = message.mark(drawn)
    if found != drawn:
        found = _CLOSED.sub(r"\g<0> open", found)
    return mark_safe(found)  # noqa: S308 (drawn by templates, and marked)


_CLOSED = re.compile('<details class="item"(?! open)')


def runs(items):
    """Yield `(index, run)` for the `items` of a message (a list of dicts) in their order: `run` is
    a list of items that are shown together, `index` that of its first item. It has one item, or
    several adjacent ones of a Kind with `joins`, such as web searches."""
    index = 0
    for kind, run in groupby(items, key=kind_of):
        run = list(run)
        for part in [run] if kind.joins else [[each] for each in run]:
            yield index, part
            index += len(part)


def item(index, items, live=False, html=""):
    """Return the HTML of the one item `items[index]` of a message, as safe text, in the active
    language. `live` is True while the reply is being written; `html` is the rendered text or
    thoughts of the item, "" for a call of a tool."""
    return draw(index, [items[index]], live=live, html=html)


def named_by(run):
    """Return a list of the ids (text) of the files of this site that are shown with the items of
    the list `run`, which are of one kind."""
    return [made["file"] for item in run for made in kind_of(item).files(item)]


def draw(index, run, *, live=False, html="", seconds=None, files=None, links=None):
    """Return the HTML of `run`, a list of one item of a message or of several adjacent ones that
    are shown together, as safe text; "" for a text or thoughts without `html`.

    `index` is that of the first one in all items of the message (None: `run` is a part of an item).
    `live` is True while the reply is being written; `html` is the rendered text or thoughts of the
    item, "" for a call of a tool; `seconds` is how long the model thought (None: unknown). `files`
    are the Attachments of the message by their ids as text (None: none): no other file is shown,
    whatever an item names. `links` (a Links; None: those for the owner) says where they are.
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
        "files": [files[name] for name in named_by(run) if name in files] if files else (),
        "links": links or Links(),
    }
    return _render(kind.type, context)


# Kinds of which only their text is shown, and nothing where that is empty.
_WRITTEN = ("message", "reasoning", "output_text", "input_text")


def sources_of(items):
    """Return the HTML of the list of sources (cited and consulted) that the `items` of a message
    name, as safe text; "" if there are none."""
    found = sources(items)
    if not found:
        return ""
    context = {
        "cited": [source for source in found if source.is_cited],
        "consulted": [source for source in found if not source.is_cited],
    }
    return _render("_sources", context)


def _sources_or_note(message):
    """Return the HTML of the list of sources of the Message `message`, as safe text, or of a line
    which says that the gateway did not search (see `unsearched`); "" for most messages."""
    if is_unsearched(message):
        return _safe([sources_of(message.items or ()), _render("_unsearched", {})])
    return sources_of(message.items) if message.items else ""


def what_came(items):
    """Return a sentence, in the active language, that tells the reader of a reply without text what
    came instead, by the last of its `items` that has such a sentence; "" if none has."""
    sentences = [kind_of(item).came(item) for item in items]
    return next(filter(None, reversed(sentences)), "")


def _attached(items):
    """Return the HTML, as safe text, of what the `items` of a person's message have besides text:
    files, and answers to the model's requests for approval."""
    drawn = []
    for index, each in enumerate(items):
        if each.get("type") != "message":
            drawn.append(item(index, items))
            continue
        parts = [part for part in parts_of_content(each) if not kind_of(part).text(part)]
        drawn += [draw(None, [part]) for part in parts]
    return _safe(drawn)


def _render(name, context):
    """Return the HTML of the template `conversations/items/<name>.html`, as safe text; `context` is
    a dict of its variables."""
    return mark_safe(_template(name).render(Context(context)).strip())  # noqa: S308 (a template's)


@cache
def _template(name):
    return get_template(f"conversations/items/{name}.html").template


def _safe(pieces):
    return mark_safe("".join(pieces))  # noqa: S308 (drawn by templates)
