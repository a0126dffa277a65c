"""Import of a file as a person's conversations, in small pieces that can be repeated.

`Importer` reads a piece (a number of messages) that the caller stores in one short transaction; its
`cursor` says where to continue after a crash. Ids of conversations and messages are derived from
the file, so that what was imported before is recognised. No Response rows are created, so imported
conversations cost nothing and do not count in usage reports.

Over 300 lines since Importer's generators share the state from which an import continues.
"""

import time
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from conversations.files import intake
from conversations.keeping import temporary
from conversations.models import Conversation, LanguageModel, Message
from conversations.search import index
from conversations.thread.page import as_uuid
from conversations.transfer import chatgpt, import_plan, native_json
from conversations.transfer.import_file import MEGABYTE, MOST_BYTES, ImportFile
from conversations.transfer.import_plan import LONGEST, MOST_MESSAGES
from conversations.transfer.imported_conversation import as_text
from conversations.transfer.incoming_files import IncomingFiles
from conversations.transfer.report import Report, Unreadable

__all__ = ["MEGABYTE", "MOST_BYTES", "Importer", "Unreadable", "bring_in"]

MOST_CONVERSATIONS = 20_000

# A piece ends with whichever comes first.
PIECE_SECONDS = 0.1  # of processor time
PIECE_WALL = 1  # seconds, for files are read by another process
PIECE_CONVERSATIONS = 50
PIECE_MESSAGES = 200
PIECE_FILES = 10  # a part ends before the message whose files would exceed it


def bring_in(person, file, most_bytes=None):
    """Import the conversations in `file` (binary, seekable: JSON or a zip) for the Person `person`.

    Returns the Report, which also lists what could not be read. Raises Unreadable if no
    conversation was found, or if all conversations of the person have to be temporary. `most_bytes`
    is how many bytes the file may have, of a zip unpacked; None for the default limit of
    ImportFile.
    """
    importer = Importer(person, file, most_bytes=most_bytes)
    while (piece := importer.read()) is not None:
        if piece:
            with transaction.atomic():
                importer.store(piece)
    return importer.report


@dataclass
class _Part:
    """Part of a conversation that is stored at once: up to PIECE_MESSAGES new `messages` in their
    order, fewer if they have more than PIECE_FILES files.

    `files` maps the id of a message to a list of its Attachments, not saved yet; `entries` are the
    Entries of the full-text search index for these texts. The first part has the `conversation` to
    create (None in others). If there are further parts, it is created in the trash, and the last
    part has in `completion` the columns of the Conversation to update then.
    """

    conversation_id: UUID
    messages: list
    entries: list = field(default_factory=list)
    files: dict = field(default_factory=dict)
    conversation: Conversation | None = None
    completion: dict = field(default_factory=dict)


class Importer:
    """Import of one `file` (binary, seekable) for the Person `person`, in pieces: call `read`, and
    `store` with what it returned, until `read` returns None. `report` is its Report so far.

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
        self._replies = import_plan.Replies(person.pk)
        self._incoming = IncomingFiles(person, self.report)
        self._parts = self._read_parts()

    @property
    def done(self):
        """Return the number of bytes of the file that were read so far (of a zip: unpacked), of
        `total`."""
        return self._file.done

    @property
    def total(self):
        """Return the number of bytes to read in all; it grows when a zip or a message's file in the
        zip is unpacked."""
        return self._file.total

    def read(self):
        """Read on in the file, for about PIECE_SECONDS of processor time or PIECE_WALL seconds at
        most, and return the new messages as a list for `store`; it may be empty. Returns None at
        the end of the file. Must not be called in a transaction: it stores the bytes of files.

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
        """Return `(parts, is_end)`: the next _Parts as a list for `store`, and True if the file has
        ended. Code in the messages may not be highlighted yet."""
        piece, messages = [], 0
        began, wall = time.thread_time(), time.monotonic()
        for part in self._parts:
            if part is not None:
                piece.append(part)
                messages += len(part.messages)
            if (
                messages >= PIECE_MESSAGES
                or len(piece) >= PIECE_CONVERSATIONS
                or time.thread_time() - began > PIECE_SECONDS
                or time.monotonic() - wall > PIECE_WALL
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
        """Insert conversations, messages and files of the _Parts `piece`, and add their texts to
        the full-text search index."""
        Conversation.objects.bulk_create(part.conversation for part in piece if part.conversation)
        messages = [message for part in piece for message in part.messages]
        Message.objects.bulk_create(messages, batch_size=500)
        for part in piece:
            if part.completion:
                # Not a conversation that was deleted meanwhile and is kept under a legal hold.
                shown = Conversation.objects.filter(pk=part.conversation_id, hidden_at=None)
                shown.update(**part.completion)
        index.add_entries([entry for part in piece for entry in part.entries])
        for part in piece:
            for message in part.messages:
                if message.pk in part.files:
                    self._store_files(message, part.files[message.pk])

    def _store_files(self, message, attachments):
        """Insert `attachments`, a list of Attachments that are not saved yet, as the files of the
        Message `message`. Those whose bytes were swept meanwhile are left out."""
        kept = [each for place, each in enumerate(attachments) if intake.keep(each, message, place)]
        index.add_files(self._person.pk, message, kept)

    # --- Reading ------------------------------------------------------------------------

    def _read_parts(self):
        """Yield a _Part for each group of new messages in the file, and None at intervals, so that
        the caller can pause."""
        batch, number, fault = [], 0, None
        try:
            for found in self._file:
                if found is not None:
                    number += 1
                    if number > MOST_CONVERSATIONS:
                        raise Unreadable("size")
                    noted, self._file.report = self._file.report, Report()
                    if number > self._resumed["conversations"]:
                        batch.append((number, found, noted, self._file.files))
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

        `batch` is a list of `(number, found, noted, files)`: the conversation's number in the file
        (from 1), its parsed JSON, the Report of what could not be read before it, and the
        ArchiveFiles of the zip it is in (None: no zip).

        One query for the whole batch finds out which of its conversations the person already has.
        """
        read = [(*each, _read(each[1])) for each in batch]
        candidates = {
            number: self._candidates(incoming)
            for number, _found, _noted, _files, incoming in read
            if incoming
        }
        ids = [pk for pair in candidates.values() for pk in pair]
        owners = _owners_of(ids)
        for number, found, noted, files, incoming in read:
            if self.cursor["open"] is None:
                self.report.take(noted)
                self.report.found += 1
            if incoming is None:
                self.report.add_broken(as_text(found.get("title")) or as_text(found.get("id")))
            else:
                pair = candidates[number]
                yield from self._parts_of(incoming, pair, owners, number, files)
            self.cursor = _cursor(number)
            yield None

    def _parts_of(self, incoming, candidates, owners, number, files):
        """Yield the _Parts of `incoming`, the file's conversation `number` (from 1), and None after
        each file of a message; no part if the person has it already, or if it is empty.
        `candidates` are UUIDs for it in the order in which they are tried, `owners` maps UUIDs of
        stored conversations to the ids of their owners (None: hidden from their owner), `files` is
        the ArchiveFiles of the zip that it is in (None: no zip)."""
        resumed = self._resumed["open"] if number == self._resumed["conversations"] + 1 else None
        if resumed:
            pk, done = UUID(resumed), self._resumed["messages"]
        else:
            pk, done = self._new_id(candidates, owners), 0
            self.report.left_out += incoming.left_out
            if pk is None:
                self.report.known += 1
                return
            if all(turn.is_empty for turn in incoming.turns):
                self.report.empty += 1
                return
        conversation, plan = import_plan.plan(self._person, pk, incoming, self._names)
        if not resumed:
            self.report.conversations += 1
            self.report.left_out["many"] += max(0, len(incoming.turns) - MOST_MESSAGES)
            self.report.add_missing(conversation.title, incoming.missing)
        completion = {"trashed_at": conversation.trashed_at, "active_id": conversation.active_id}
        bounds = _bounds(plan, done)
        if done or len(bounds) > 1:
            conversation.trashed_at, conversation.active_id = timezone.now(), None
        else:
            completion = {}
        self._incoming.begin_conversation()
        for start, end in bounds:
            part = _Part(pk, [])
            for each in plan[start:end]:
                attachments = yield from self._files_of(each.turn, files)
                message = each.message(pk, self._replies, attachments)
                part.messages.append(message)
                if attachments:
                    part.files[message.pk] = list(attachments.values())
                self.report.left_out["long"] += len(each.turn.text) > LONGEST
            self.report.messages += len(part.messages)
            part.conversation = conversation if start == 0 else None
            # Not in `store`, whose transaction locks the database: this takes longer than all that.
            part.entries = self._entries_of(part)
            if end < len(plan):
                self.cursor = _cursor(number - 1, str(pk), end)
            else:
                part.completion = completion
                self.cursor = _cursor(number)
            yield part

    def _entries_of(self, part):
        """Return the entries of the search index for the title and the messages of a _Part."""
        owner_id, made = self._person.pk, part.conversation
        rows = [index.row_of(owner_id, message) for message in part.messages]
        if made is not None:
            rows.insert(0, (owner_id, made.pk, None, made.created_at, made.title))
        return index.entries_of(rows)

    def _files_of(self, turn, files):
        """Generator that reads the files of `turn` (a Turn) from `files`, the ArchiveFiles of a zip
        (None: no zip): yields None after each, and returns `{FileNote: Attachment, not saved yet}`
        of those that were accepted. The others are counted in the report."""
        attachments = {}
        most = _most_files(turn)
        for note in turn.files[:most]:
            attachment = self._incoming.take(note, files)
            if attachment is not None:
                attachments[note] = attachment
            yield None
        self.report.left_out["many_files"] += max(0, len(turn.files) - most)
        return attachments

    def _candidates(self, incoming):
        """Return a list of the UUIDs that the ImportedConversation `incoming` may get, the best
        first.

        They are its id in the file, if that is a UUID, and one derived from the person and that id
        (without an id: from the person, title, time and texts), so that importing a file again
        gives the same UUIDs.
        """
        own = as_uuid(incoming.id)
        told = incoming.id or "\n".join(
            [incoming.title, str(incoming.created_at), *(t.id + t.text for t in incoming.turns)]
        )
        made = uuid5(NAMESPACE_URL, f"chatsite-import:{self._person.pk}:{told}")
        return [own, made] if own else [made]

    def _new_id(self, candidates, owners):
        """Return a UUID for a new conversation: the first of `candidates` that no conversation has.
        None if the conversation was imported before: one of them is the id of a conversation of the
        person, or of one that this Importer has read.

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


def _bounds(plan, done):
    """Return a list of `(start, end)`, slices of `plan` (a list of PlannedMessages) from the
    position `done` to its end; the messages of each slice become one _Part."""
    bounds, start, files = [], done, 0
    for at in range(done, len(plan)):
        more = min(len(plan[at].turn.files), _most_files(plan[at].turn))
        if at > start and (at - start >= PIECE_MESSAGES or files + more > PIECE_FILES):
            bounds.append((start, at))
            start, files = at, 0
        files += more
    return [*bounds, (start, len(plan))] if start < len(plan) else bounds


def _most_files(turn):
    """Return how many files of the Turn `turn` are imported at most: FILES_PER_MESSAGE for a
    person's message, native_json.MOST_FILES for a reply, whose files the model made."""
    is_reply = turn.role == Message.Role.ASSISTANT
    return native_json.MOST_FILES if is_reply else settings.FILES_PER_MESSAGE


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


def _cursor(conversations, conversation_id=None, messages=0):
    """Return the `cursor` of an Importer, a dict: `conversations` is the number of those read in
    full; `conversation_id` (text; None: none) is the id of one read in part, of which `messages` is
    the number of messages read."""
    return {"conversations": conversations, "open": conversation_id, "messages": messages}
