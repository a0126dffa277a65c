"""Thread of a conversation page: the newest messages of one path through the tree of messages,
oldest first, read from the database."""

import uuid
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db.models import prefetch_related_objects

from conversations.database.statements import as_stored, from_stored, rows
from conversations.database.text_sizes import size_in_bytes
from conversations.models import Attachment, Message
from conversations.thread.message_tree import MessageTree

PAGE = 50
# Most messages shown from the one above `at` to the end; if there are more, PAGE of them are.
MOST = 200
# Text and HTML of the messages of a page, in bytes; a page has one message in any case. Imported
# messages may have two million characters each, and a page of fifty took 900 MB to draw.
MOST_BYTES = 5_000_000

_BESIDE = ("response", "feedback")
# Columns that a page shows. A Response alone has forty, most of which have to be converted from the
# database's types; converting all of them took a sixth of a page's time.
_SHOWN = (
    *("role", "text", "html", "reasoning", "reasoning_html", "created_at"),
    *("feedback__value", "feedback__comment"),
    *(
        f"response__{name}"
        for name in (
            *("status", "reason", "refusal", "error_code", "error_message", "http_status"),
            *("model", "answered_model", "request", "request_id", "cost", "missing_prices"),
            "reasoning_seconds",
            *("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens"),
            *("reasoning_tokens", "tool_uses", "tool_cost", "tool_usage"),
            *("created_at", "first_token_at", "finished_at", "partial", "partial_reasoning"),
            *("partial_items", "person_id"),
        )
    ),
)


@dataclass
class Thread:
    """Part of a path through a conversation's messages that a page shows.

    `messages` are Message objects, oldest first, each with its `place` (a Place among siblings);
    `earlier` is the number of older messages of the path, which are not loaded; `later` is the id
    of the message that follows the last one shown, and `leaf` that of the path's last message
    (None: there is none).
    """

    messages: list = field(default_factory=list)
    earlier: int = 0
    leaf: object = None
    later: object = None

    @property
    def pending(self):
        """Return the last of `messages` if it is a reply that is still being written; else None."""
        last = self.messages[-1] if self.messages else None
        return last if last is not None and last.is_pending else None


def thread(conversation, at=None, before=None, with_hidden=False):
    """Return the Thread of `conversation` along the path through the message `at` (id; None: the
    active branch). Raises Message.DoesNotExist if `at` or `before` is not in the conversation, or
    if messages are deleted meanwhile.

    The Thread has the newest PAGE messages of the path or, with `before` (id of a message on it),
    the PAGE messages above that one; with `at`, those from the message above `at` to the end, or
    PAGE messages from there on if there are more than MOST. It has fewer if they have more than
    MOST_BYTES. With `with_hidden`, for reviewers, files that are deleted for the owner are shown
    too.

    Takes three queries for any length; one more for items, if a message consists of more than text,
    one for files, if there are any, and one for the charges of tools that were used.
    """
    tree = MessageTree(conversation)
    for wanted in (at, before):
        if wanted is not None and wanted not in tree:
            raise Message.DoesNotExist
    path = tree.path_through(at, conversation.active_id)
    end = path.index(before) if before in path else len(path)
    wanted = None if at is None else path.index(at)
    start, end = _window(end, wanted)
    more = _more_than_text(path[start:end])
    sizes = [more[pk].size if pk in more else 0 for pk in path[start:end]]
    start, end = _within_bytes(start, end, sizes, wanted)
    shown = path[start:end]
    by_id = Message.objects.select_related(*_BESIDE).only(*_SHOWN).in_bulk(shown)
    if len(by_id) < len(shown):
        # Messages were erased since the tree was read.
        raise Message.DoesNotExist
    items = _items_of([pk for pk in shown if pk in more and more[pk].has_items])
    files = _files_of([pk for pk in shown if pk in more and more[pk].has_files], with_hidden)
    messages = []
    for message_id in shown:
        message = by_id[message_id]
        message.items = items.get(message_id)
        message.shown_files = files.get(message_id, [])
        message.conversation = conversation
        message.place = tree.place(message_id)
        message.is_followed = message_id != path[-1]
        messages.append(message)
    _read_charges(messages)
    return Thread(
        messages,
        start,
        leaf=path[-1] if path else None,
        later=path[end] if end < len(path) else None,
    )


def _window(end, at):
    """Return `(start, end)`, the slice of a path that a page shows: the PAGE messages before the
    position `end`. If the message at the position `at` (None: none is asked for) is the first of
    these or further up, the slice begins with the message above it, and ends at `end` or, if that
    is more than MOST messages, after PAGE of them."""
    start = max(0, end - PAGE)
    if at is None or at >= end or at > start:
        return start, end
    first = max(0, at - 1)
    return first, end if end - first <= MOST else first + PAGE


def _within_bytes(start, end, sizes, at):
    """Return `(start, end)`, the part of the slice `start` to `end` of a path whose messages have
    together at most MOST_BYTES, but at least one message. `sizes` are the bytes of the messages of
    the slice. Kept are the last ones or, with the position `at` of the message that is asked for,
    that one, as many as possible after it, then as many as possible above it."""
    order = range(end - 1, start - 1, -1)
    if at is not None and start <= at < end:
        order = [*range(at, end), *range(at - 1, start - 1, -1)]
    kept, left = [], MOST_BYTES
    for place in order:
        left -= sizes[place - start]
        if left < 0 and kept:
            break
        kept.append(place)
    return (min(kept), max(kept) + 1) if kept else (start, end)


class _More(NamedTuple):
    """Facts about a message that say what else to read of it: whether it has items and files, and
    the size of all its columns of text in bytes."""

    has_items: bool
    has_files: bool
    size: int


# By hand, and not as columns of the query above: the ORM would take ten times as long to write it
# as the database to answer it, for every page.
_MORE = """
SELECT id, items IS NOT NULL AS has_items, EXISTS (
    SELECT 1 FROM conversations_attachment WHERE message_id = conversations_message.id
) AS has_files, {size} AS size
FROM conversations_message WHERE id IN ({ids})
"""
_TEXTS = ("text", "html", "reasoning", "reasoning_html", "items")


def _more_than_text(message_ids):
    """Return `{message id: _More}` of the messages with the ids `message_ids`, read by one query
    (none if there are no ids). Messages that were deleted are left out."""
    if not message_ids:
        return {}
    places = ", ".join(["%s"] * len(message_ids))
    query = _MORE.format(size=size_in_bytes(*_TEXTS), ids=places)
    found = rows(query, *map(as_stored, message_ids))
    return {
        from_stored(pk): _More(bool(has_items), bool(has_files), size)
        for pk, has_items, has_files, size in found
    }


def _read_charges(messages):
    """Prefetch `charges` of the Responses of `messages` (Messages) that used tools, by one query;
    without a query if no reply used any."""
    responses = [message.own_response for message in messages]
    used = [response for response in responses if response is not None and response.tool_uses]
    if used:
        prefetch_related_objects(used, "charges")


def _files_of(message_ids, with_hidden=False):
    """Return `{message id: list of Attachments, without their text}` of the messages `message_ids`,
    read by one query (none for no ids). Files that are deleted for their owner are included only if
    `with_hidden` is True."""
    found = {}
    if message_ids:
        attachments = Attachment.with_hidden if with_hidden else Attachment.objects
        for each in attachments.filter(message_id__in=message_ids).defer("text"):
            found.setdefault(each.message_id, []).append(each)
    return found


def _items_of(message_ids):
    """Return `{message id: list of its items (dicts) or None}` of the messages with the ids
    `message_ids`, read by one query (none if there are no ids)."""
    if not message_ids:
        return {}
    return dict(Message.objects.filter(pk__in=message_ids).values_list("pk", "items"))


def as_uuid(text):
    """Return the UUID that `text` (str or None) represents; None if it is no valid UUID."""
    try:
        return uuid.UUID(text)
    except (TypeError, ValueError):
        return None
