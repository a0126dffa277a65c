"""Stores conversations from files: each by itself, with a report of what came in and what did not.

They make no Response rows, so they cost nothing and count nowhere.
"""

import json
import lzma
import struct
import zipfile
import zlib
from datetime import timedelta
from uuid import NAMESPACE_URL, uuid4, uuid5

from django.db import transaction
from django.utils import timezone

from conversations.models import Conversation, LanguageModel, Message
from conversations.rendering import THOUGHTS, render, render_typed
from conversations.search import index
from conversations.thread.page import as_uuid
from conversations.transfer import chatgpt, native_json
from conversations.transfer.imported_conversation import as_text
from conversations.transfer.report import Report, Unreadable

MEGABYTE = 1_000_000
# A zip of some megabytes can unpack to a thousand times that.
MOST_BYTES = 60 * MEGABYTE
MOST_CONVERSATIONS = 20_000
MOST_MESSAGES = 20_000  # of one conversation
LONGEST = 2_000_000  # characters of a message: as much as a reply may have

# What zipfile raises for bytes that are none; RuntimeError is for a member with a password.
_DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(OSError, EOFError, ValueError, RuntimeError),
)


def bring_in(person, file, most_bytes=MOST_BYTES):
    """Store the conversations of `file` (binary, seekable: JSON or a zip) as `person`'s.

    Returns the Report, which also says what of the file could not be read. Raises Unreadable where
    there is no conversation in what could.
    """
    report = Report()
    names = {model.name for model in LanguageModel.objects.offered_to(person)}
    try:
        for found in _documents(file, most_bytes, report):
            if report.found >= MOST_CONVERSATIONS:
                raise Unreadable("size")
            report.found += 1
            _bring_in(person, found, names, report)
    except Unreadable as fault:
        report.fault = fault
    if not report.found:
        raise report.fault or Unreadable("format")
    return report


def _bring_in(person, found, names, report):
    try:
        incoming = native_json.read(found) if native_json.is_ours(found) else chatgpt.read(found)
    except (ValueError, RecursionError):
        name = as_text(found.get("title")) or as_text(found.get("id")) or "?"
        report.add_broken(name)
    else:
        _store(person, incoming, names, report)


def _documents(file, most_bytes, report):
    """The parsed conversations of the file, of either kind. Members of a zip that cannot be read
    are noted in the report."""
    if not zipfile.is_zipfile(file):
        file.seek(0)
        content = file.read(most_bytes + 1)
        if len(content) > most_bytes:
            raise Unreadable("size")
        yield from _parsed(content)
        return
    file.seek(0)
    left = most_bytes
    try:
        archive = zipfile.ZipFile(file)
    except _DAMAGED as error:
        raise Unreadable("zip") from error
    for member in archive.infolist():
        if not _holds_conversations(member.filename):
            continue
        # No more than this is unpacked of it, whatever it holds.
        left -= member.file_size
        if left < 0:
            raise Unreadable("size")
        try:
            conversations = _parsed(_unpacked(archive, member))
        except Unreadable as fault:
            report.fault = fault
            report.add_broken(member.filename)
        else:
            yield from conversations


def _unpacked(archive, member):
    try:
        return archive.read(member)
    except _DAMAGED as error:
        raise Unreadable("zip") from error


def _holds_conversations(name):
    """Whether a member of a zip may hold some: ours, or ChatGPT's, whose big ones are in parts."""
    folder, _slash, base = name.rpartition("/")
    if not base.endswith(".json") or "__MACOSX" in name:
        return False
    return base.startswith("conversations") or folder.endswith("conversations")


def _parsed(content):
    """A list of the conversations in the JSON text `content`: one, or a list of them."""
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Unreadable("format") from error
    found = found if isinstance(found, list) else [found]
    return [each for each in found if native_json.is_ours(each) or chatgpt.is_theirs(each)]


def _store(person, incoming, names, report):
    """Store one ImportedConversation and note it in the report."""
    report.left_out += incoming.left_out
    candidates = _ids(person, incoming)
    owners = dict(Conversation.objects.filter(pk__in=candidates).values_list("pk", "owner_id"))
    if person.pk in owners.values():
        report.known += 1
        return
    conversation = Conversation(
        # What has the id of somebody else's gets one of its own.
        pk=next((pk for pk in candidates if pk not in owners), uuid4()),
        owner=person,
        model=incoming.model if incoming.model in names else "",
        instructions=incoming.instructions[: _longest("instructions")],
        created_at=incoming.created_at or timezone.now(),
        pinned_at=incoming.pinned_at,
        archived_at=incoming.archived_at,
        # It stays there from now: it would be deleted for good at once otherwise.
        trashed_at=incoming.trashed_at and timezone.now(),
    )
    messages, known = _messages(conversation, incoming.turns, report)
    if not messages:
        report.empty += 1
        return
    if incoming.title.strip():
        conversation.title = " ".join(incoming.title.split())[: _longest("title")]
        conversation.title_source = Conversation.TitleSource.PERSON
    else:
        conversation.title_from(messages[0].text)
    newest = max(message.created_at for message in messages)
    conversation.updated_at = incoming.updated_at or newest
    with transaction.atomic():
        conversation.save(force_insert=True)
        Message.objects.bulk_create(messages, batch_size=500)
        active = known.get(incoming.active) or messages[-1]
        Conversation.objects.filter(pk=conversation.pk).update(active=active)
        index.add_conversation(conversation.pk)
    report.conversations += 1
    report.messages += len(messages)
    report.add_missing(conversation.title, incoming.missing)


def _ids(person, incoming):
    """The ids that a conversation of a file may have here: its own, where it is a UUID, and one
    made of the person and of what it says. The same file makes the same ids, so that what came in
    once is known."""
    own = as_uuid(incoming.id)
    told = incoming.id or "\n".join(
        [
            incoming.title,
            str(incoming.created_at),
            *(turn.id + turn.text for turn in incoming.turns),
        ]
    )
    made = uuid5(NAMESPACE_URL, f"chatsite-import:{person.pk}:{told}")
    return [own, made] if own else [made]


def _messages(conversation, turns, report):
    """`(Messages, {id in the file: Message})`; none where nobody says a word. A reply that ended
    without text comes in too: it is a branch, and others may hang on it."""
    messages, known = [], {"": None}
    for turn in turns[:MOST_MESSAGES]:
        parent = known.get(turn.parent)
        known[turn.id] = parent
        is_reply = turn.role == Message.Role.ASSISTANT
        if not turn.text.strip() and not is_reply:
            continue
        text = turn.text[:LONGEST]
        report.left_out["long"] += len(text) < len(turn.text)
        # Without a time it comes after what stands before it, and never before its parent: the
        # order of creation is the order of the thread and of versions.
        at = turn.created_at or conversation.created_at
        if turn.created_at is None and messages:
            at = messages[-1].created_at + timedelta(microseconds=1)
        if parent is not None:
            at = max(at, parent.created_at + timedelta(microseconds=1))
        reasoning = turn.reasoning[:LONGEST] if is_reply else ""
        name = uuid4()
        message = Message(
            pk=name,
            conversation=conversation,
            parent=parent,
            role=turn.role,
            text=text,
            html=render(text, name=str(name)) if is_reply else render_typed(text),
            reasoning=reasoning,
            reasoning_html=render(reasoning, THOUGHTS, name=str(name)) if reasoning else "",
            created_at=at,
        )
        known[turn.id] = message
        messages.append(message)
    if not any(message.text.strip() for message in messages):
        return [], known
    report.left_out["many"] += max(0, len(turns) - MOST_MESSAGES)
    return messages, known


def _longest(name):
    return Conversation._meta.get_field(name).max_length
