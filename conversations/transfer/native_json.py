"""The site's own JSON format for one conversation with all its branches: writer and reader."""

import json
from datetime import UTC

from conversations.models import Message
from conversations.models.response import REPORTED_TOKENS
from conversations.transfer.imported_conversation import (
    ImportedConversation,
    Turn,
    as_text,
    as_time,
    parents_first,
)

FORMAT = "chatsite conversation"
VERSION = 2
# Version 1 had no `items`.
READ = (1, 2)

_RESPONSE = (
    *("model", "answered_model", "status", "reason", "created_at", "finished_at"),
    *REPORTED_TOKENS,
)
# Times that are set if the conversation is pinned, archived or in the trash.
_KEPT = ("pinned_at", "archived_at", "trashed_at")


def write(conversation):
    """Return `conversation` (a Conversation) as JSON text in the site's own format, for export."""
    messages = conversation.messages.select_related("response").order_by("created_at", "id")
    document = {
        "format": FORMAT,
        "version": VERSION,
        "id": str(conversation.pk),
        "title": conversation.title,
        "model": conversation.model,
        "instructions": conversation.instructions,
        "created_at": _time(conversation.created_at),
        "updated_at": _time(conversation.updated_at),
        **{name: _time(getattr(conversation, name)) for name in _KEPT},
        "active": str(conversation.active_id) if conversation.active_id else None,
        "messages": [_message(message) for message in messages],
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


def _message(message):
    written = {
        "id": str(message.pk),
        "parent": str(message.parent_id) if message.parent_id else None,
        "role": message.role,
        "created_at": _time(message.created_at),
        "text": message.text,
    }
    if message.reasoning:
        written["reasoning"] = message.reasoning
    if message.items:
        written["items"] = message.items
    response = message.own_response
    if response:
        columns = {name: getattr(response, name) for name in _RESPONSE}
        for name in ("created_at", "finished_at"):
            columns[name] = _time(columns[name])
        written["response"] = {
            name: value for name, value in columns.items() if value not in (None, "")
        }
    return written


def _time(moment):
    return moment and moment.astimezone(UTC).isoformat()


def is_ours(found):
    """Return True if the parsed JSON `found` declares itself a conversation in the site's own
    format; whether `read` can read it is not checked."""
    return isinstance(found, dict) and found.get("format") == FORMAT


def read(found):
    """Return the ImportedConversation that `found`, parsed JSON in the site's own format, contains.

    Raises ValueError if `found` is not valid or of a version that is not in READ.
    """
    messages = found.get("messages")
    if found.get("version") not in READ or not isinstance(messages, list):
        raise ValueError("not a document of this version")
    turns = []
    for message in messages:
        if not isinstance(message, dict) or message.get("role") not in Message.Role.values:
            raise ValueError("not a message")
        turns.append(
            Turn(
                id=as_text(message.get("id")),
                parent=as_text(message.get("parent")),
                role=message["role"],
                text=as_text(message.get("text")),
                reasoning=as_text(message.get("reasoning")),
                created_at=as_time(message.get("created_at")),
                items=message["items"] if isinstance(message.get("items"), list) else (),
            )
        )
    by_id = {turn.id: turn for turn in turns}
    if len(by_id) < len(turns):
        raise ValueError("two messages of one id")
    # They are in the order of their times, and clocks are set back.
    order = parents_first({turn.id: turn.parent for turn in turns})
    return ImportedConversation(
        id=as_text(found.get("id")),
        title=as_text(found.get("title")),
        model=as_text(found.get("model")),
        instructions=as_text(found.get("instructions")),
        created_at=as_time(found.get("created_at")),
        updated_at=as_time(found.get("updated_at")),
        active=as_text(found.get("active")),
        **{name: as_time(found.get(name)) for name in _KEPT},
        turns=[by_id[name] for name in order],
    )
