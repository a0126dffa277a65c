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
from conversations.keeping import temporary
from conversations.models import Conversation, LanguageModel, Message
from conversations.rendering import THOUGHTS, Batch, render_typed
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
    conversation was found. `most_bytes` is how many bytes the file may have, of a zip unpacked;
    None for the default limit of ImportFile.
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
    `most_bytes` is how many bytes the file may have, of a zip unpacked; None for the default limit
    of ImportFile.
    """

    def __init__(self, person, file, *, most_bytes=None, cursor=None, report=None):
        self._person = person
        self.report = report or Report()
        self.cursor = cursor or _cursor(0)
        self._resumed = self.cursor
        self._file = ImportFile(file, Report(), most_bytes)
        self._names = {model.name for model in LanguageModel.objects.offered_to(person)}
        # Of conversations in this run; those of a piece are not stored yet when the next is read.
        self._read_ids = set()
        # The Markdown of a piece is rendered together: highlighting takes longer than all else, but
        # another process does it.
        self._replies = _Replies(person.pk)
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

        Raises Unreadable at the end if there was no conversation in the whole file, and at once if
        all conversations of the person have to be temporary.
        """
        if temporary.policy_of(self._person) == temporary.Policy.ENFORCED:
            raise Unreadable("temporary")
        piece, is_end = self._next_piece()
        self._replies.finish()
        if piece or not is_end:
            return piece
        if not self.report.found:
            fault = self.report.fault
            raise fault if fault and fault.code != "cut" else Unreadable("format")
        return None

    def _next_piece(self):
        """Return `(list of _Parts, whether the file has ended)`; code in the messages may not be
        highlighted yet."""
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
                return piece, False
        return piece, True

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
        """Insert conversations and messages of the _Parts `piece`, and add their texts to the
        full-text search index."""
        Conversation.objects.bulk_create(part.conversation for part in piece if part.conversation)
        messages = [message for part in piece for message in part.messages]
        Message.objects.bulk_create(messages, batch_size=500)
        for part in piece:
            if part.completion:
                # Not one that was deleted meanwhile, and is kept under a legal hold.
                shown = Conversation.objects.filter(pk=part.conversation_id, hidden_at=None)
                shown.update(**part.completion)
        owner_id = self._person.pk
        titles = [
            (owner_id, each.pk, None, each.created_at, each.title)
            for each in (part.conversation for part in piece)
            if each is not None
        ]
        index.add_texts(
            [
                *titles,
                *(index.row_of(owner_id, each) for each in messages),
            ]
        )

    # --- Reading ------------------------------------------------------------------------

    def _read_parts(self):
        """Yield a _Part for each group of new messages in the file, and None now and then."""
        batch, number, fault = [], 0, None
        try:
            for found in self._file:
                if found is not None:
                    number += 1
                    if number > MOST_CONVERSATIONS:
                        raise Unreadable("size")
                    noted, self._file.report = self._file.report, Report()
                    if number > self._resumed["conversations"]:
                        batch.append((number, found, noted))
                if batch and (found is None or len(batch) >= PIECE_CONVERSATIONS):
                    yield from self._parts_of_batch(batch)
                    batch = []
                if found is None:
                    yield None
        except Unreadable as error:
            fault = error
        yield from self._parts_of_batch(batch)
        self.report.take(self._file.report)
        self.report.fault = fault or self.report.fault

    def _parts_of_batch(self, batch):
        """Yield the _Parts of each conversation in `batch`, and None after each conversation.

        `batch` is a list of `(number, found, noted)`: the conversation's number in the file (from
        1), its parsed JSON, and the Report of what could not be read before it.

        One query for all of them says which the person has.
        """
        read = [(*each, _read(each[1])) for each in batch]
        candidates = {
            number: self._candidates(incoming)
            for number, _found, _noted, incoming in read
            if incoming
        }
        ids = [pk for pair in candidates.values() for pk in pair]
        owners = _owners_of(ids)
        for number, found, noted, incoming in read:
            if self.cursor["open"] is None:
                self.report.take(noted)
                self.report.found += 1
            if incoming is None:
                self.report.add_broken(as_text(found.get("title")) or as_text(found.get("id")))
            else:
                yield from self._parts_of(incoming, candidates[number], owners, number)
            self.cursor = _cursor(number)
            yield None

    def _parts_of(self, incoming, candidates, owners, number):
        """Yield the _Parts of `incoming`, the file's conversation `number` (from 1); none if the
        person has it already, or if it is empty. `candidates` and `owners` are as in `_new_id`."""
        resumed = self._resumed["open"] if number == self._resumed["conversations"] + 1 else None
        if resumed:
            pk, done = UUID(resumed), self._resumed["messages"]
        else:
            pk, done = self._new_id(candidates, owners), 0
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
            part = _Part(pk, [each.message(pk, self._replies) for each in turns])
            part.conversation = conversation if start == 0 else None
            end = start + len(turns)
            if end < len(plan):
                self.cursor = _cursor(number - 1, str(pk), end)
            else:
                part.completion = completion
                self.cursor = _cursor(number)
            yield part

    def _candidates(self, incoming):
        """Return the UUIDs that an ImportedConversation may get, the best first.

        They are the id in the file, if that is a UUID, and one derived from the person and that id
        or, without one, the texts: importing a file again gives the same ids.
        """
        own = as_uuid(incoming.id)
        told = incoming.id or "\n".join(
            [incoming.title, str(incoming.created_at), *(t.id + t.text for t in incoming.turns)]
        )
        made = uuid5(NAMESPACE_URL, f"chatsite-import:{self._person.pk}:{told}")
        return [own, made] if own else [made]

    def _new_id(self, candidates, owners):
        """Return a UUID for a new conversation: the first of `candidates` that no conversation has;
        None if the person has one with any of them, or this import had one, so that it is known.

        `owners` maps UUIDs of stored conversations to the ids of their owners, None for those that
        are hidden from their owners; these count as somebody else's. If all candidates are taken,
        further UUIDs are derived in a fixed series.
        """
        while True:
            if any(pk in self._read_ids or owners.get(pk) == self._person.pk for pk in candidates):
                return None
            free = [pk for pk in candidates if pk not in owners]
            if free:
                self._read_ids.add(free[0])
                return free[0]
            candidates = [uuid5(candidates[-1], "again")]
            owners = _owners_of(candidates)


def _owners_of(ids):
    """Return `{UUID: id of the owner}` for those conversations with the UUIDs `ids` that exist; the
    owner is None for one that is deleted for its owner but kept under a legal hold."""
    stored = Conversation.objects.filter(pk__in=ids).values_list("pk", "owner_id", "hidden_at")
    return {pk: None if hidden_at else owner_id for pk, owner_id, hidden_at in stored}


def _read(found):
    """Return the ImportedConversation in `found`, parsed JSON; None if it cannot be read."""
    try:
        return (native_json if native_json.is_ours(found) else chatgpt).read(found)
    except (ValueError, RecursionError):
        return None


@dataclass(frozen=True, slots=True)
class _PlannedMessage:
    """A Turn with the id, parent and time of the Message it becomes. The HTML is not rendered yet,
    since that takes time."""

    turn: Turn
    pk: UUID
    parent_id: UUID | None
    created_at: datetime

    def message(self, conversation_id, replies):
        """Return the Message, not saved; `replies` (_Replies) sets the HTML of a reply later."""
        turn, is_reply = self.turn, self.turn.role == Message.Role.ASSISTANT
        items = imported_items(turn.items, turn.role) if turn.items else None
        if not is_reply:
            columns = _of_person(turn, items)
        elif items:
            columns = asdict(projections(items, str(self.pk), replies.account))
        else:
            columns = {"text": turn.text[:LONGEST], "reasoning": turn.reasoning[:LONGEST]}
        message = Message(
            pk=self.pk,
            conversation_id=conversation_id,
            parent_id=self.parent_id,
            role=turn.role,
            created_at=self.created_at,
            items=items,
            **columns,
        )
        if is_reply and not items:
            replies.add(message)
        return message


class _Replies:
    """Renderer of the Markdown of many imported replies together; `account` is the id of the person
    whose share of syntax highlighting is used."""

    def __init__(self, account):
        self.account = account
        self._begin()

    def _begin(self):
        self._batch = Batch(self.account)
        self._streams = []  # (Message, name of its field, Stream)

    def add(self, message):
        """Begin to render text and reasoning of the Message `message`, a reply; `finish` sets its
        columns of HTML."""
        for name, text, prefix in (
            ("html", message.text, ""),
            ("reasoning_html", message.reasoning, THOUGHTS),
        ):
            if text:
                stream = self._batch.add(text, prefix, name=str(message.pk))
                self._streams.append((message, name, stream))

    def finish(self):
        """Set the columns of HTML of all messages that were added. Waits for their syntax
        highlighting; code that is not highlighted after 10 seconds stays so."""
        self._batch.finish()
        for message, name, stream in self._streams:
            setattr(message, name, "".join(stream.frozen))
        self._begin()


def _of_person(turn, items):
    """Return the columns `{name: value}` of text and HTML for `turn`, a person's message. If there
    are `items` (None: none) the text is theirs, since that is what the model will read."""
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
    """Return the `cursor` of an Importer that has read so many `conversations` of the file and, of
    the next one (with this id), so many `messages`."""
    return {"conversations": conversations, "open": conversation_id, "messages": messages}


def _longest(name):
    """Return the most characters of the column `name` of a Conversation."""
    return Conversation._meta.get_field(name).max_length
