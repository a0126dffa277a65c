"""Stores conversations from files: each by itself, with a report of what came in and what did not.

They make no Response rows, so they cost nothing and count nowhere.
"""

import json
import zipfile
import zlib
from datetime import timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone

from conversations.models import Conversation, LanguageModel, Message
from conversations.rendering import render, render_typed
from conversations.search import index
from conversations.transfer import chatgpt, document
from conversations.transfer.report import Report, Unreadable

MEGABYTE = 1_000_000
# A zip of some megabytes can unpack to a thousand times that.
MOST_BYTES = 60 * MEGABYTE
MOST_CONVERSATIONS = 20_000
MOST_MESSAGES = 20_000  # of one conversation
LONGEST = 2_000_000  # characters of a message: as much as a reply may have


def bring_in(person, file, most_bytes=MOST_BYTES):
    """Store the conversations of `file` (binary, seekable: JSON or a zip) as `person`'s.

    Returns the Report. Raises Unreadable where the file is none of the known ones.
    """
    report = Report()
    names = {model.name for model in LanguageModel.objects.offered_to(person)}
    any_found = False
    for found in _documents(file, most_bytes):
        any_found = True
        if report.conversations + report.known + report.empty >= MOST_CONVERSATIONS:
            raise Unreadable("size")
        try:
            incoming = document.read(found) if document.is_ours(found) else chatgpt.read(found)
        except (ValueError, RecursionError):
            report.broken.append(str(found.get("title") or found.get("id") or "?")[:200])
            continue
        _store(person, incoming, names, report)
    if not any_found:
        raise Unreadable("format")
    return report


def _documents(file, most_bytes):
    """The parsed conversations of the file, of either kind."""
    if not zipfile.is_zipfile(file):
        file.seek(0)
        yield from _parsed(file.read(most_bytes + 1), most_bytes)
        return
    file.seek(0)
    left = most_bytes
    try:
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                if not _holds_conversations(name):
                    continue
                with archive.open(name) as member:
                    content = member.read(left + 1)
                yield from _parsed(content, left)
                left -= len(content)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        # RuntimeError is what a member with a password raises.
        raise Unreadable("zip") from error


def _holds_conversations(name):
    """Whether a member of a zip may hold some: ours, or ChatGPT's, whose big ones are in parts."""
    folder, _slash, base = name.rpartition("/")
    if not base.endswith(".json") or "__MACOSX" in name:
        return False
    return base.startswith("conversations") or folder.endswith("conversations")


def _parsed(content, most_bytes):
    """The conversations in the JSON text `content`: one, or a list of them."""
    if len(content) > most_bytes:
        raise Unreadable("size")
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Unreadable("format") from error
    for each in found if isinstance(found, list) else [found]:
        if document.is_ours(each) or chatgpt.is_theirs(each):
            yield each


def _store(person, incoming, names, report):
    """Store one Incoming and note it in the report."""
    report.left_out += incoming.left_out
    pk = _as_uuid(incoming.id)
    owner = Conversation.objects.filter(pk=pk).values_list("owner_id", flat=True).first()
    if owner == person.pk:
        report.known += 1
        return
    conversation = Conversation(
        # What has the id of somebody else's gets one of its own.
        pk=pk if pk and owner is None else uuid4(),
        owner=person,
        model=incoming.model if incoming.model in names else "",
        instructions=incoming.instructions[: _longest("instructions")],
        created_at=incoming.created_at or timezone.now(),
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
        message = Message(
            conversation=conversation,
            parent=parent,
            role=turn.role,
            text=text,
            html=render(text) if is_reply else render_typed(text),
            reasoning=turn.reasoning[:LONGEST] if is_reply else "",
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


def _as_uuid(text):
    try:
        return UUID(text)
    except ValueError:
        return None
