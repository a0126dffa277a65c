"""HTML of one reply (an <article> element) for its event stream, from the template of the page."""

import uuid
from contextlib import contextmanager
from copy import copy

from django.conf import settings
from django.utils import timezone, translation
from django.utils.safestring import mark_safe

from conversations.items import kind_of
from conversations.models import Attachment, LanguageModel, Message
from conversations.models.attachment import UNREAD
from conversations.replies.live_item import LiveCall
from conversations.thread import item_html
from conversations.thread.message_html import article_of
from conversations.thread.message_tree import place_of

# How the HTML of each block of a text begins.
BLOCK = '<div class="block"'


def render_article(response_id, viewer):
    """Return the HTML of the reply that belongs to the Response `response_id`, read from the
    database; "" if it was deleted. `viewer` is the Viewer whose language and time zone it is
    rendered in."""
    try:
        message = Message.objects.select_related("response", "conversation").get(
            response=response_id
        )
    except Message.DoesNotExist:
        return ""
    return _draw_finished(message, viewer)


def render_live_article(live, viewer):
    """Return the HTML of a LiveReply with its text so far, for the Viewer; sends no query."""
    message = _message_of(live.response)
    with _read_by(viewer):
        show_live(message, live)
        return _draw(message, viewer)


def show_live(message, live, *, with_files=True):
    """Set `live_html` or, for a reply with items, `live_parts` of the Message `message` to the HTML
    so far of its LiveReply `live`, in the active language; the page's template shows that.
    `with_files` is False to leave out files that its items made."""
    if all(item.type == "message" for item in live.items[:1]) and len(live.items) < 2:
        message.live_html = mark_safe(live.html("message"))  # noqa: S308 (ours)
        return
    before, answer = [], []
    for number, item in enumerate(live.items):
        drawn = _draw_live_item(number, item, with_files=with_files)
        (answer if answer or (drawn and item.type == "message") else before).append(drawn)
    message.live_parts = item_html.MessageParts(
        before=mark_safe("".join(before)),  # noqa: S308 (drawn by templates)
        answer=mark_safe("".join(answer)),  # noqa: S308 (as above)
    )


def render_change(number, item, block, viewer):
    """Return the HTML of one change of a LiveReply (see `LiveReply.changes_since`) for the Viewer.

    It is one element: `block`, the HTML of a block, or if that is None the whole `item`. Its
    `data-item` is `number`, the index of the item; a block has its `data-block` too.
    """
    if block is not None:
        return block.replace(BLOCK, f'{BLOCK} data-item="{number}"', 1)
    with _read_by(viewer):
        return _draw_live_item(number, item)


def _draw_live_item(number, item, *, with_files=True):
    """Return the HTML of `item`, a LiveText or LiveCall, in the active language. `number` is its
    index in the reply's items; `with_files` is False to leave out files that it made."""
    if isinstance(item, LiveCall):
        files = _files_of(item.item) if with_files and not item.is_live else {}
        return item_html.draw(number, [item.item], live=item.is_live, files=files)
    if item.type == "message":
        return item.html
    return item_html.draw(number, [{"type": "reasoning"}], live=True, html=item.html)


def _files_of(item):
    """Return `{id: Attachment}` of the files that a tool call made. `item` is the call's JSON
    (dict), from which the Attachments are built, without a database query."""
    found = {}
    for made in kind_of(item).files(item):
        width, height = made.get("width"), made.get("height")
        is_picture = isinstance(width, int) and isinstance(height, int)
        found[made["file"]] = Attachment(
            pk=uuid.UUID(made["file"]),
            name=made.get("filename") or "",
            media_type="image/jpeg" if is_picture else UNREAD,
            size=0,
            width=width if is_picture else None,
            height=height if is_picture else None,
        )
    return found


def render_finished_article(live, viewer):
    """Return the HTML of a LiveReply that has just ended, for the Viewer; "" if it was deleted.

    Uses the objects in memory; only what they lack is read from the database.
    """
    try:
        return _draw_finished(_message_of(live.response), viewer, live.offered)
    except Message.DoesNotExist:
        return ""


def _message_of(response):
    """Return a copy of the Message of `response`, its Response and Conversation set, to render."""
    message = copy(response.message)
    message.own_response = response
    message.conversation = response.conversation
    return message


def _draw_finished(message, viewer, models=None):
    """Return the HTML of the finished reply `message` (a Message) for the Viewer `viewer`. `models`
    are the LanguageModels offered to the person, for a retry; None reads them from the database.
    Raises Message.DoesNotExist if the message was deleted."""
    message.place = message.place or place_of(message)
    if models is None:
        models = LanguageModel.objects.offered_to(viewer.person_id)
    return _draw(message, viewer, models=models)


def _draw(message, viewer, **context):
    context |= {
        "conversation": message.conversation,
        "csrf_token": viewer.csrf_token,
        "currency": settings.CURRENCY,
        "administers_models": viewer.administers_models,
    }
    with _read_by(viewer):
        return article_of(message, **context)


@contextmanager
def _read_by(viewer):
    """Context manager in which the language and the time zone of the Viewer are active."""
    with translation.override(viewer.language), timezone.override(viewer.zone):
        yield
