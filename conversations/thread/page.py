"""The thread of a conversation page: the newest messages of one path through the tree of messages,
oldest first, read from the database."""

import uuid
from dataclasses import dataclass, field

from django.db.models import prefetch_related_objects

from conversations.database.statements import as_stored, from_stored, rows
from conversations.models import Attachment, Message
from conversations.thread.message_tree import MessageTree

PAGE = 50

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
            *("model", "answered_model", "request", "request_id", "cost", "reasoning_seconds"),
            *("input_tokens", "cached_tokens", "cache_write_tokens", "output_tokens"),
            *("reasoning_tokens", "tool_uses", "tool_cost", "tool_usage"),
            *("created_at", "first_token_at", "finished_at", "partial", "partial_reasoning"),
            *("partial_items", "person_id"),
        )
    ),
)


@dataclass
class Thread:
    """The part of a path through a conversation's messages that a page shows.

    `messages` are Message objects, oldest first, each with its `place` (a Place among siblings);
    `earlier` is the number of older messages of the path, which are not loaded; `leaf` is the id
    of the path's last message (None: no messages).
    """

    messages: list = field(default_factory=list)
    earlier: int = 0
    leaf: object = None

    @property
    def pending(self):
        """The last of `messages` if it is a reply that is still being written; else None."""
        last = self.messages[-1] if self.messages else None
        return last if last is not None and last.is_pending else None


def thread(conversation, at=None, before=None, with_hidden=False):
    """Return the Thread of `conversation` along the path through the message `at` (id; None: the
    active branch).

    With `with_hidden`, for reviewers, files that are deleted for the owner are shown too.
    It has the newest PAGE messages of the path or, with `before` (id of a message on it), the PAGE
    messages above that one; more if `at` is further up. Takes three queries for any length; one
    more for items, if a message consists of more than text, one for files, if there are any, and
    one for the charges of tools that were used.
    Raises Message.DoesNotExist if `at` or `before` is not in the conversation, or if messages are
    deleted meanwhile.
    """
    tree = MessageTree(conversation)
    for wanted in (at, before):
        if wanted is not None and wanted not in tree:
            raise Message.DoesNotExist
    path = tree.path_through(at, conversation.active_id)
    end = path.index(before) if before in path else len(path)
    start = max(0, end - PAGE)
    if at is not None and path.index(at) < end:
        start = min(start, max(0, path.index(at) - 1))
    shown = path[start:end]
    by_id = Message.objects.select_related(*_BESIDE).only(*_SHOWN).in_bulk(shown)
    if len(by_id) < len(shown):
        # Messages were erased since the tree was read.
        raise Message.DoesNotExist
    items, files = _more_than_text(shown, with_hidden)
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
    return Thread(messages, start, path[-1] if path else None)


# By hand, and not as columns of the query above: the ORM would take ten times as long to write it
# as the database to answer it, for every page.
_MORE = """
SELECT id, items IS NOT NULL AS has_items, EXISTS (
    SELECT 1 FROM conversations_attachment WHERE message_id = conversations_message.id
) AS has_files
FROM conversations_message WHERE id IN ({})
"""


def _more_than_text(message_ids, with_hidden):
    """Return `({message id: items}, {message id: list of Attachments})` for those of the messages
    `message_ids` that have any. Takes one query if none has, as usual, and one more for each of the
    two. Files that are deleted for their owner are included only if `with_hidden` is True."""
    if not message_ids:
        return {}, {}
    query = _MORE.format(", ".join(["%s"] * len(message_ids)))
    found = rows(query, *map(as_stored, message_ids))
    return (
        _items_of([from_stored(pk) for pk, has_items, _files in found if has_items]),
        _files_of([from_stored(pk) for pk, _items, has_files in found if has_files], with_hidden),
    )


def _read_charges(messages):
    """Read the Charges of the Responses of `messages` (Messages) that used tools, by one query;
    none if no reply used any."""
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
    """Return `{message id: items}` of the messages `message_ids`, read by one query (none for no
    ids)."""
    if not message_ids:
        return {}
    return dict(Message.objects.filter(pk__in=message_ids).values_list("pk", "items"))


def as_uuid(text):
    """Return the UUID that `text` (str or None) represents; None if it is no valid UUID."""
    try:
        return uuid.UUID(text)
    except (TypeError, ValueError):
        return None
