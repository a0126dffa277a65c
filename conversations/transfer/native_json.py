"""Native JSON format of this site for one conversation with all its branches: writer and reader.

Files of messages are named in it; a zip has their bytes beside it (`file_members`).
"""

import json
from datetime import UTC

from conversations.files import seal
from conversations.models import Message
from conversations.models.response import REPORTED_TOKENS
from conversations.transfer import file_members
from conversations.transfer.exported_messages import messages_in_batches
from conversations.transfer.imported_conversation import (
    FileNote,
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
_FILE = ("name", "media_type", "size", "sha256", "width", "height", "pages")
MOST_FILES = 50  # of a message, that are read


def write(conversation, *, zipped=None):
    """Return `conversation` (a Conversation) as JSON text in the site's own format, for export;
    `zipped` as for `pieces` (None: not for a zip)."""
    return "".join(pieces(conversation, zipped=zipped))


def pieces(conversation, *, zipped=None):
    """Yield `conversation` (a Conversation) as JSON text in the site's own format, for export, in
    pieces of one message each, so that a long one takes little memory.

    `zipped` is what `file_members.by_message` returned for the conversation if the text goes into a
    zip with the bytes of its files: each file in the JSON then has the path of that member (None:
    no path).
    """
    in_zip = zipped is not None
    files = zipped if in_zip else file_members.by_message(conversation)
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
        "messages": [],
    }
    ids = list(conversation.messages.order_by("created_at", "id").values_list("pk", flat=True))
    begin = _json(document, "").removesuffix("]\n}")
    separator = ""
    for message in messages_in_batches(ids):
        written = _message(message, files.get(message.pk, ()), in_zip)
        yield f"{begin}{separator}\n    {_json(written, ' ' * 4)}"
        begin, separator = "", ","
    yield begin + ("\n  ]\n}" if separator else "]\n}")


def _json(value, indent):
    """Return `value` as JSON on several lines, of which all but the first begin with the text
    `indent`."""
    # No string of JSON has a line feed.
    return json.dumps(value, ensure_ascii=False, indent=2).replace("\n", f"\n{indent}")


def _message(message, files, in_zip):
    """Return the Message `message` with `files`, a list of its Attachments, as a dict for JSON. If
    `in_zip` is True, each file has the path of the zip's member with its bytes."""
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
    if files:
        written["files"] = [_file(file, in_zip) for file in files]
    response = message.own_response
    if response:
        columns = {name: getattr(response, name) for name in _RESPONSE}
        for name in ("created_at", "finished_at"):
            columns[name] = _time(columns[name])
        written["response"] = {
            name: value for name, value in columns.items() if value not in (None, "")
        }
    return written


def _file(file, in_zip):
    """Return the Attachment `file` as a dict for JSON; if `in_zip`, with the path of the zip's
    member with its bytes."""
    written = {"id": str(file.pk), **{name: getattr(file, name) for name in _FILE}}
    if in_zip and file_members.has_bytes(file):
        written |= {"file": file_members.path_of(file), "seal": seal.of(file)}
    return {name: value for name, value in written.items() if value is not None}


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
                files=tuple(_file_notes(message.get("files"))),
            )
        )
    by_id = {turn.id: turn for turn in turns}
    if len(by_id) < len(turns):
        raise ValueError("two messages of one id")
    # The file has them in the order of their times, in which a parent may come after its child if
    # a clock was set back.
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


def _file_notes(found):
    """Yield a FileNote for each object in `found`, the list that a message of the file has as
    `files`, at most MOST_FILES; none if it is no list. Entries that are no objects are left out."""
    for file in found[:MOST_FILES] if isinstance(found, list) else ():
        if isinstance(file, dict):
            yield FileNote(
                name=as_text(file.get("name")),
                id=as_text(file.get("id")),
                member=as_text(file.get("file")),
                media_type=as_text(file.get("media_type")),
                seal=as_text(file.get("seal")),
            )
