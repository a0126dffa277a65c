"""Import of a file as a person's conversations, in small pieces that can be repeated.

`Importer` reads a piece (a number of messages) that the caller stores in one short transaction; its
`cursor` says where to continue after a crash. Ids of conversations and messages are derived from
the file, so that what was imported before is recognised. No Response rows are created, so imported
conversations cost nothing and do not count in usage reports.
"""

import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db import IntegrityError, transaction
from django.utils import timezone

from conversations.items import projections, text_of
from conversations.models import Conversation, LanguageModel, Message
from conversations.rendering import THOUGHTS, render, render_typed
from conversations.search import index
from conversations.thread.page import as_uuid
from conversations.transfer import chatgpt, native_json
from conversations.transfer.import_file import MEGABYTE, MOST_BYTES, ImportFile
from conversations.transfer.imported_conversation import Turn, as_text
from conversations.transfer.imported_items import imported_items
from conversations.transfer.report import Report, Unreadable

__all__ = ["MEGABYTE", "MOST_BYTES", "Importer", "Unreadable", "bring_in"]

MOST_CONVERSATIONS = 20_000
MOST_MESSAGES = 20_000  # of one conversation
LONGEST = 2_000_000  # characters of a message: as much as a reply may have

# A piece ends with whichever comes first.
PIECE_SECONDS = 0.1  # of processor time
PIECE_CONVERSATIONS = 50
PIECE_MESSAGES = 200


def bring_in(person, file, most_bytes=None):
    """Import the conversations in `file` (binary, seekable: JSON or a zip) for the User `person`.

    Returns the Report, which also lists what could not be read. Raises Unreadable if no
    conversation was found. `most_bytes` is how much the file may unpack to; None for the default
    limit of ImportFile.
    """
    importer = Importer(person, file, most_bytes=most_bytes)
    while (piece := importer.read()) is not None:
        if piece:
            with transaction.atomic():
                importer.store(piece)
    return importer.report


def _documents(file, most_bytes, report):
    """Yield the conversations in a file as parsed JSON, in the site's own format or ChatGPT's."""
    return (found for found in ImportFile(file, report, most_bytes) if found is not None)


@dataclass
class _Part:
    """Up to PIECE_MESSAGES new messages of one conversation, in their order, to be stored together.

    The first part of a conversation has the `conversation` to create. If there are further parts,
    it is created in the trash; the last part's `completion` are the columns to set at the end.
    """

    conversation_id: UUID
    messages: list
    conversation: Conversation | None = None
    completion: dict = field(default_factory=dict)


class Importer:
    """The import of one `file` (binary, seekable) for the User `person`, in pieces: call `read`,
    and `store` what it returned, until `read` returns None. `report` is its Report so far.

    `cursor` (a dict that can be stored as JSON) is the position up to which `read` has come: the
    number of conversations, and the id and number of messages of one that was read in part. A new
    Importer of the same file and person, given this `cursor` and `report`, continues there.
    `most_bytes` is how much the file may unpack to; None for the default limit of ImportFile.
    """

    def __init__(self, person, file, *, most_bytes=None, cursor=None, report=None):
        self._person = person
        self.report = report or Report()
        self.cursor = cursor or _cursor(0)
        self._resumed = self.cursor
        # Errors before the cursor were added to the report when that was read first.
        noted = Report() if cursor else self.report
        self._file = ImportFile(file, noted, most_bytes)
        self._names = {model.name for model in LanguageModel.objects.offered_to(person)}
        # Of conversations in this run; those of a piece are not stored yet when the next is read.
        self._read_ids = set()
        self._parts = self._read_parts()

    @property
    def done(self):
        """The number of bytes of the file read (of a zip: unpacked) so far, of `total`."""
        return self._file.done

    @property
    def total(self):
        """The number of bytes to read in all; it grows when a zip within the zip is opened."""
        return self._file.total

    def read(self):
        """Read on in the file, for about PIECE_SECONDS of processor time at most, and return the
        new messages as a list for `store`; it may be empty. Returns None at the end of the file.

        Raises Unreadable at the end if there was no conversation in the whole file.
        """
        piece, began, messages = [], time.thread_time(), 0
        for part in self._parts:
            if part is not None:
                piece.append(part)
                messages += len(part.messages)
            if (
                messages >= PIECE_MESSAGES
                or len(piece) >= PIECE_CONVERSATIONS
                or time.thread_time() - began > PIECE_SECONDS
            ):
                return piece
        if piece:
            return piece
        if not self.report.found:
            fault = self.report.fault
            raise fault if fault and fault.code != "cut" else Unreadable("format")
        return None

    def store(self, piece):
        """Store `piece`, a list that `read` returned, and add it to the full-text search index.

        Must be called in a transaction, and may be called again if that is rolled back. A
        conversation whose id was taken meanwhile is left out.
        """
        try:
            with transaction.atomic():
                self._store(piece)
        except IntegrityError:
            # An id in the piece was taken meanwhile: store each part by itself, except that one.
            for part in piece:
                with suppress(IntegrityError), transaction.atomic():
                    self._store([part])

    def _store(self, piece):
        Conversation.objects.bulk_create(part.conversation for part in piece if part.conversation)
        messages = [message for part in piece for message in part.messages]
        Message.objects.bulk_create(messages, batch_size=500)
        for part in piece:
            if part.completion:
                Conversation.objects.filter(pk=part.conversation_id).update(**part.completion)
        owner_id = self._person.pk
        titles = [
            (owner_id, each.pk, None, each.created_at, each.title)
            for each in (part.conversation for part in piece)
            if each is not None
        ]
        index.add_texts(
            [
                *titles,
                *(
                    (owner_id, each.conversation_id, each.pk, each.created_at, each.text)
                    for each in messages
                ),
            ]
        )

    # --- Reading ------------------------------------------------------------------------

    def _read_parts(self):
        """Yield a _Part for each group of new messages in the file, and None now and then."""
        number = 0
        try:
            for found in self._file:
                if found is None:
                    yield None
                    continue
                number += 1
                if number <= self._resumed["conversations"]:
                    continue
                if number > MOST_CONVERSATIONS:
                    raise Unreadable("size")
                self._file.report = self.report
                if self.cursor["open"] is None:
                    self.report.found += 1
                yield from self._parts_of(found, number)
                self.cursor = _cursor(number)
                yield None
        except Unreadable as fault:
            self.report.fault = fault

    def _parts_of(self, found, number):
        """Yield the _Parts of `found`, parsed JSON of the file's conversation `number` (from 1);
        none if the person has it already, or if it is empty or cannot be read."""
        try:
            reader = native_json if native_json.is_ours(found) else chatgpt
            incoming = reader.read(found)
        except (ValueError, RecursionError):
            self.report.add_broken(as_text(found.get("title")) or as_text(found.get("id")))
            return
        resumed = self._resumed["open"] if number == self._resumed["conversations"] + 1 else None
        if resumed:
            pk, done = UUID(resumed), self._resumed["messages"]
        else:
            pk, done = self._new_id(incoming), 0
            self.report.left_out += incoming.left_out
            if pk is None:
                self.report.known += 1
                return
            if not any(turn.text.strip() or turn.items for turn in incoming.turns):
                self.report.empty += 1
                return
        conversation, plan = _plan(self._person, pk, incoming, self._names)
        if not resumed:
            self.report.conversations += 1
            self.report.left_out["many"] += max(0, len(incoming.turns) - MOST_MESSAGES)
            self.report.add_missing(conversation.title, incoming.missing)
        completion = {"trashed_at": conversation.trashed_at, "active_id": conversation.active_id}
        if len(plan) > PIECE_MESSAGES:
            conversation.trashed_at, conversation.active_id = timezone.now(), None
        else:
            completion = {}
        for start in range(done, len(plan), PIECE_MESSAGES):
            turns = plan[start : start + PIECE_MESSAGES]
            self.report.messages += len(turns)
            self.report.left_out["long"] += sum(len(each.turn.text) > LONGEST for each in turns)
            part = _Part(pk, [each.message(pk) for each in turns])
            part.conversation = conversation if start == 0 else None
            end = start + len(turns)
            if end < len(plan):
                self.cursor = _cursor(number - 1, str(pk), end)
            else:
                part.completion = completion
                self.cursor = _cursor(number)
            yield part

    def _new_id(self, incoming):
        """Return a UUID for an ImportedConversation; None if the person has it already.

        It is the id in the file, if that is a UUID and free; else a UUID derived from the person
        and that id or, without one, the texts: importing a file again gives the same ids.
        """
        own = as_uuid(incoming.id)
        told = incoming.id or "\n".join(
            [incoming.title, str(incoming.created_at), *(t.id + t.text for t in incoming.turns)]
        )
        made = uuid5(NAMESPACE_URL, f"chatsite-import:{self._person.pk}:{told}")
        candidates = [own, made] if own else [made]
        owners = dict(Conversation.objects.filter(pk__in=candidates).values_list("pk", "owner_id"))
        owners |= {pk: self._person.pk for pk in candidates if pk in self._read_ids}
        if self._person.pk in owners.values():
            return None
        pk = next(pk for pk in candidates if pk not in owners)
        self._read_ids.add(pk)
        return pk


@dataclass(frozen=True, slots=True)
class _PlannedMessage:
    """A Turn with the id, parent and time of the Message it becomes. The HTML is not rendered yet,
    since that takes time."""

    turn: Turn
    pk: UUID
    parent_id: UUID | None
    created_at: datetime

    def message(self, conversation_id):
        """Return the Message, with its HTML rendered, but not saved."""
        turn, is_reply = self.turn, self.turn.role == Message.Role.ASSISTANT
        items = imported_items(turn.items, turn.role) if turn.items else None
        columns = _of_reply(turn, items, str(self.pk)) if is_reply else _of_person(turn, items)
        return Message(
            pk=self.pk,
            conversation_id=conversation_id,
            parent_id=self.parent_id,
            role=turn.role,
            created_at=self.created_at,
            items=items,
            **columns,
        )


def _of_reply(turn, items, name):
    """Return the columns of text and HTML of a reply, from its `items` or, without them, from the
    texts of the Turn. `name` begins the ids of footnotes."""
    if items:
        return asdict(projections(items, name))
    text, reasoning = turn.text[:LONGEST], turn.reasoning[:LONGEST]
    return {
        "text": text,
        "html": render(text, name=name),
        "reasoning": reasoning,
        "reasoning_html": render(reasoning, THOUGHTS, name=name) if reasoning else "",
    }


def _of_person(turn, items):
    """Return the columns of text and HTML of a person's message: with items their text, for that is
    what the model will read."""
    text = text_of(items) if items else turn.text[:LONGEST]
    return {"text": text, "html": render_typed(text)}


def _plan(person, pk, incoming, names):
    """Return `(Conversation, list of _PlannedMessages)` for the ImportedConversation `incoming`;
    nothing is saved. `names` are the models that the person may use; any other is dropped.

    A reply without text is imported too, since it is a branch and may have messages below it.
    """
    conversation = Conversation(
        pk=pk,
        owner=person,
        model=incoming.model if incoming.model in names else "",
        instructions=incoming.instructions[: _longest("instructions")],
        created_at=incoming.created_at or timezone.now(),
        pinned_at=incoming.pinned_at,
        archived_at=incoming.archived_at,
        # In the trash from now on: with its old time it would be deleted for good at once.
        trashed_at=incoming.trashed_at and timezone.now(),
    )
    plan, known = [], {"": None}
    for turn in incoming.turns[:MOST_MESSAGES]:
        parent = known.get(turn.parent)
        known[turn.id] = parent
        if not (turn.text.strip() or turn.items) and turn.role != Message.Role.ASSISTANT:
            continue
        # A message without a time gets one after the message before it; none is earlier than its
        # parent, since messages and versions are shown in the order of their creation.
        at = turn.created_at or conversation.created_at
        if turn.created_at is None and plan:
            at = plan[-1].created_at + timedelta(microseconds=1)
        if parent is not None:
            at = max(at, parent.created_at + timedelta(microseconds=1))
        planned = _PlannedMessage(turn, uuid5(pk, turn.id), parent and parent.pk, at)
        known[turn.id] = planned
        plan.append(planned)
    if incoming.title.strip():
        conversation.title = " ".join(incoming.title.split())[: _longest("title")]
        conversation.title_source = Conversation.TitleSource.PERSON
    else:
        conversation.title_from(plan[0].turn.text)
    conversation.updated_at = incoming.updated_at or max(each.created_at for each in plan)
    conversation.active_id = (known.get(incoming.active) or plan[-1]).pk
    return conversation, plan


def _cursor(conversations, conversation_id=None, messages=0):
    return {"conversations": conversations, "open": conversation_id, "messages": messages}


def _longest(name):
    return Conversation._meta.get_field(name).max_length
