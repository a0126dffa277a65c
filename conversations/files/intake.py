"""Intake of uploaded files: identifies a file, reads it in a child process, stores its bytes and
makes an Attachment of it.

No transaction is open while a file is read or its bytes are written: a document may take twenty
seconds. The row for the bytes (StoredFile) is inserted first, the Attachment last, so that the
periodic deletion (`sweep`) finds whatever a process that dies leaves behind.
"""

import contextlib
import hashlib
import logging
import tempfile

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, Q, Sum
from django.utils import timezone

from conversations.extraction.finding import DOCUMENT, PICTURE, REFUSALS, TEXT, Finding, Refusal
from conversations.extraction.limits import WALL_SECONDS
from conversations.extraction.process import read_file, read_pages
from conversations.files import names, scanner, storage, sweep
from conversations.files import seal as seal_of_pictures
from conversations.files.refused import FileRefused
from conversations.models import Attachment, Person, StoredFile
from conversations.models.attachment import PICTURES, UNREAD
from conversations.search import index

logger = logging.getLogger(__name__)

# Texts whose ending says what they are; any other is text/plain. All are shown as text.
TEXTS = {"csv": "text/csv", "md": "text/markdown", "json": "application/json"}
_BLOCK = 1 << 20
# A person may have the files of so many messages that were not sent yet.
MESSAGES_OF_DRAFTS = 10
# Seconds for `prepare`: less than those after which a job without a sign of life is taken for dead.
PREPARING = 8
# Key of an advisory lock of PostgreSQL, under which files are counted for the whole site.
_SITE_LOCK = 0x66696C6573


def take(person, upload, *, conversation=None):
    """Read and store the uploaded file `upload` (Django's UploadedFile) for `person`; return its
    Attachment, a draft that is not sent yet. `conversation` is the Conversation it is meant for
    (None: a new one).

    Raise FileRefused if the file is not accepted; nothing of it is kept then. Takes up to a minute.
    """
    name = names.clean(upload.name or "")
    if not upload.size:
        raise FileRefused("empty")
    if upload.size > settings.MAX_FILE:
        raise FileRefused("too_large_file")
    with _on_disk(upload) as file:
        with _extracted(read_file, file) as extract:
            is_picture = extract.finding.kind == PICTURE
            content = extract.large if is_picture else file
            attachment = _attachment(person, name, extract.finding, content, conversation)
            _store(attachment, content, extract.small if is_picture else b"")
    return scanner.check(attachment)


def prepare(person, name, file, *, seal="", media_type=""):
    """Read the open `file` (binary, with a file descriptor), called `name`, and store its bytes for
    `person`; return its Attachment, which is not saved yet: `keep` saves it. The sweep deletes the
    bytes after an hour if nothing did.

    A picture with a valid `seal` (files/seal.py) for its `media_type` is stored as it is. Raise
    FileRefused if the file is not accepted, also if a virus check forbids it; nothing of it is kept
    then. Takes up to PREPARING seconds.
    """
    name = names.clean(name)
    with _extracted(read_file, file, PREPARING) as extract:
        is_picture = extract.finding.kind == PICTURE
        content = extract.large if is_picture else file
        if is_picture and seal_of_pictures.fits(seal, media_type, _measure(file)[1]):
            content, extract.finding.media_type = file, media_type
        attachment = _attachment(person, name, extract.finding, content, None)
        with transaction.atomic():
            _lock(attachment.owner)
            attachment.stored = _same(attachment)
            if attachment.stored is None:
                stored = _reserve(attachment, len(extract.small))
        if attachment.stored is None:
            _write(stored, content, extract.small)
            attachment.stored = stored
    scanner.check(attachment)
    if attachment.state in (attachment.State.SUSPICIOUS, attachment.State.TOO_LARGE_TO_SCAN):
        sweep.remove_or_leave(attachment.stored_id)
        raise FileRefused(str(attachment.state))
    return attachment


def keep(attachment, message, position):
    """Insert `attachment`, which `prepare` returned, as a file of the Message `message`, its number
    `position` (from 0). Return False, and insert nothing, if its bytes were deleted meanwhile. Call
    it in a transaction."""
    stored = StoredFile.objects.filter(pk=attachment.stored_id, doomed_at=None)
    if not stored.update(unheld_since=None):
        return False
    attachment.message, attachment.position = message, position
    attachment.conversation_id = message.conversation_id
    attachment.save(force_insert=True)
    return True


def take_pages(person, scanned, *, conversation=None, most):
    """Make pictures of the first pages of `scanned`, the Attachment of a PDF without text; return a
    list of at most `most` new Attachments, one per page, as drafts of `person` for `conversation`
    (None: a new one).

    Raise FileRefused if a page cannot be accepted; the pages before it are kept.
    """
    with _readable(scanned) as file:
        extracts = _extracted(read_pages, file)
    stem = scanned.name.rpartition(".")[0] or scanned.name
    taken = []
    with contextlib.ExitStack() as stack:
        for each in extracts:
            stack.callback(each.close)
        for number, extract in enumerate(extracts[:most], 1):
            name = names.clean(f"{stem} ({number}).jpg")
            attachment = _attachment(person, name, extract.finding, extract.large, conversation)
            _store(attachment, extract.large, extract.small)
            taken.append(scanner.check(attachment))
    return taken


def take_made(message, file, name, *, position, as_they_are):
    """Read and store the open `file`, made by the reply `message` (a Message with its conversation
    and its owner loaded); return its Attachment, which is at `position` among those of the message.

    A file that is refused with one of the codes `as_they_are` is stored unread, to be downloaded
    only. Raise FileRefused if it is refused with another, if there is no room, or if the message
    was deleted meanwhile; nothing of it is kept then. Takes up to a minute.
    """
    conversation = message.conversation
    with _read_if_possible(file, as_they_are) as (finding, content, small):
        attachment = _attachment(conversation.owner, name, finding, content, conversation)
        if attachment.size > settings.MAX_FILE:
            raise FileRefused("too_large_file")
        attachment.message, attachment.position = message, position
        _store(attachment, content, small)
    return scanner.check(attachment)


def fill(attachment, file):
    """Read and store the open `file` as the content of `attachment`, an Attachment in the state
    FETCHING, with its message, conversation and owner loaded; a file that cannot be read is stored
    unread. Raise FileRefused, and store nothing, if there is no room or the message was deleted
    meanwhile. Takes up to a minute."""
    conversation = attachment.conversation
    with _read_if_possible(file, REFUSALS) as (finding, content, small):
        filled = _attachment(conversation.owner, attachment.name, finding, content, conversation)
        filled.pk, filled.message = attachment.pk, attachment.message
        filled._state.adding = False
        _store(filled, content, small)
    scanner.check(filled)


@contextlib.contextmanager
def _read_if_possible(file, as_they_are):
    """Context manager: yield `(Finding, content, bytes of the small picture)` of the open `file`;
    `content` is what is to be stored, bytes or the file. One that is refused with a code of
    `as_they_are` gets a Finding that says nothing. Raise FileRefused if it is refused with
    another."""
    try:
        extract = _extracted(read_file, file)
    except FileRefused as refused:
        if refused.code not in as_they_are:
            raise
        yield Finding(DOCUMENT, UNREAD), file, b""
    else:
        with extract:
            is_picture = extract.finding.kind == PICTURE
            content = extract.large if is_picture else file
            yield extract.finding, content, extract.small if is_picture else b""


def _extracted(read, file, seconds=WALL_SECONDS):
    """Return what `read` (read_file or read_pages) extracts from the open `file` in a child
    process, which may run for `seconds`. Raise FileRefused with the reason that the child gave, or
    "busy" if there was none."""
    try:
        return read(file, storage.upload_folder(), seconds)
    except Refusal as refusal:
        raise FileRefused(refusal.code) from refusal
    except OSError as error:
        logger.warning("A file could not be read: %s.", error.strerror)
        raise FileRefused("busy") from error


@contextlib.contextmanager
def _readable(attachment):
    """Context manager: yield the stored bytes of an Attachment as a temporary file with a file
    descriptor, which a child process can read. Raise FileRefused ("gone") if they are missing."""
    try:
        content = storage.read(attachment.stored.name)
    except OSError as error:
        raise FileRefused("gone") from error
    with tempfile.TemporaryFile(dir=storage.upload_folder()) as file:
        file.write(content)
        file.flush()
        yield file


@contextlib.contextmanager
def _on_disk(upload):
    """Context manager: yield the content of `upload` (Django's UploadedFile) as a file with a file
    descriptor, which a child process can read. A small upload, which is in memory, is written to a
    temporary file."""
    try:
        upload.file.fileno()
    except (OSError, AttributeError):
        with tempfile.TemporaryFile(dir=storage.upload_folder()) as file:
            for block in upload.chunks():
                file.write(block)
            file.flush()
            yield file
    else:
        yield upload.file


def _attachment(person, name, finding, content, conversation):
    """Return a new, unsaved Attachment of `person` for a file called `name`, from the Finding of
    the child process that read it. `content` is what will be stored: bytes, or an open binary
    file."""
    media_type = finding.media_type
    if finding.kind == PICTURE:
        name = names.with_ending(name, PICTURES[media_type])
    elif finding.kind == TEXT:
        media_type = TEXTS.get(name.rpartition(".")[2].lower(), media_type)
    size, digest = _measure(content)
    text = _storable(finding.text)
    return Attachment(
        owner=person,
        conversation=conversation,
        name=name,
        media_type=media_type,
        size=size,
        sha256=digest,
        width=finding.width,
        height=finding.height,
        pages=finding.pages,
        text=text,
        characters=len(text) if text.strip() else 0,
        is_cut=finding.is_cut,
        cut_after=finding.cut_after,
        state=scanner.first_state(),
    )


def _storable(text):
    """Return `text` without what databases refuse: NUL characters, and halves of surrogate
    pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _measure(content):
    """Return `(size in bytes, SHA-256 in hexadecimal digits)` of `content`, bytes or an open
    file."""
    if isinstance(content, bytes):
        return len(content), hashlib.sha256(content).hexdigest()
    content.seek(0)
    digest, size = hashlib.sha256(), 0
    while block := content.read(_BLOCK):
        digest.update(block)
        size += len(block)
    return size, digest.hexdigest()


def _store(attachment, content, small):
    """Store `content` (bytes or an open file) and, for a picture, the small copy `small` (bytes),
    and insert `attachment` or, if it has a row already, one in the state FETCHING, update that.
    Bytes that its owner has already are not written again. Raise FileRefused if there is no room,
    writing fails, or what it belongs to was deleted meanwhile; nothing of it is kept then."""
    with _refusing(), transaction.atomic():
        _lock(attachment.owner)
        if attachment.message_id is None:
            _check_drafts(attachment.owner)
        if _share(attachment):
            return
        stored = _reserve(attachment, len(small))
    _write(stored, content, small)
    try:
        with _refusing(), transaction.atomic():
            _lock(attachment.owner)
            # The same file may have come in twice at a time: the first one stays.
            if not _share(attachment):
                attachment.stored = stored
                _write_row(attachment)
                StoredFile.objects.filter(pk=stored.pk).update(unheld_since=None)
    except FileRefused:
        sweep.remove_or_leave(stored.pk)
        raise
    if attachment.stored_id != stored.pk:
        sweep.remove_or_leave(stored.pk)


@contextlib.contextmanager
def _refusing():
    """Context manager: raise FileRefused in place of the IntegrityError for an Attachment whose
    conversation or message was deleted meanwhile, which the database finds out when the transaction
    ends."""
    try:
        yield
    except IntegrityError as error:
        raise FileRefused("conversation_gone") from error


def _write(stored, content, small):
    """Write `content` (bytes or an open file) and, for a picture, the small copy `small` (bytes)
    into the file storage, as the StoredFile `stored`. Raise FileRefused if that fails; nothing is
    kept then."""
    try:
        storage.write(stored.name, content)
        if small:
            storage.write(stored.small_name, small)
    except Exception as error:
        logger.warning("A file could not be stored: %s.", error)
        sweep.remove_or_leave(stored.pk)
        raise FileRefused("disk_full") from error


def _write_row(attachment):
    """Insert `attachment`, or update its row in the state FETCHING; a file of a reply gets into the
    full-text search index too. Raise IntegrityError if that row was deleted meanwhile."""
    if attachment._state.adding:
        attachment.save(force_insert=True)
    else:
        row = Attachment.with_hidden.filter(pk=attachment.pk, state=Attachment.State.FETCHING)
        if not row.update(**{name: getattr(attachment, name) for name in _FETCHED}):
            raise IntegrityError("the file was deleted meanwhile")
    if attachment.message_id is not None:
        index.forget_file(attachment)
        index.add_files(attachment.owner_id, attachment.message, [attachment])


# Columns of a file that is there, in place of those of one that was still to be fetched.
_FETCHED = (
    *("stored_id", "name", "media_type", "size", "sha256", "width", "height", "pages", "text"),
    *("characters", "is_cut", "cut_after", "state", "fetch_at"),
)


def _lock(person):
    """Lock the row of `person` until the transaction ends, so that uploads of one person are stored
    one after the other. Raise FileRefused if the account was deleted meanwhile."""
    locked = Person.objects.select_for_update(no_key=True).filter(pk=person.pk)
    if not locked.values_list("pk").first():
        raise FileRefused("account_gone")


def _check_drafts(person):
    """Raise FileRefused if `person` has uploaded as many files without sending them as anybody may:
    the extracted text of each is kept, however often the same document is uploaded."""
    most = MESSAGES_OF_DRAFTS * settings.FILES_PER_MESSAGE
    if Attachment.objects.unsent().filter(owner=person).count() >= most:
        raise FileRefused("too_many_drafts")


def _share(attachment):
    """Insert `attachment` with the StoredFile of the same content that its owner has already.
    Return True if that was possible, False (nothing inserted) if there is none. Call it in a
    transaction."""
    stored = _same(attachment)
    if stored is None:
        return False
    attachment.stored = stored
    _write_row(attachment)
    return True


def _same(attachment):
    """Return the StoredFile that the owner of `attachment` has already of the same content, locked
    until the transaction ends; None if there is none."""
    same = StoredFile.objects.select_for_update(of=("self",)).filter(
        owner_id=attachment.owner_id, sha256=attachment.sha256, doomed_at=None, unheld_since=None
    )
    return next(
        (each for each in same if Attachment.with_hidden.filter(stored=each).exists()), None
    )


def _reserve(attachment, small):
    """Insert and return the StoredFile for the bytes of `attachment`, before they are written;
    `small` is the size of the small picture in bytes. Raise FileRefused if the person's or the
    site's space for files is used up."""
    now = timezone.now()
    stored = StoredFile(
        owner_id=attachment.owner_id,
        sha256=attachment.sha256,
        size=attachment.size,
        small=small,
        unheld_since=now,
        created_at=now,
    )
    kept = StoredFile.objects.filter(doomed_at=None)
    mine = kept.filter(owner_id=attachment.owner_id).filter(~_is_hidden())
    needed = stored.size + small
    if _bytes_of(mine) + needed > settings.FILES_PER_PERSON:
        raise FileRefused("person_full")
    if settings.FILES_PER_SITE:
        _lock_site()
        if _bytes_of(kept) + needed > settings.FILES_PER_SITE:
            raise FileRefused("site_full")
    stored.save(force_insert=True)
    return stored


def _lock_site():
    """Lock the reservation of space for files, for all processes, until the transaction ends. On
    SQLite only one transaction writes at a time anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SITE_LOCK])


def _is_hidden():
    """Return a query condition that is true for StoredFiles that only a legal hold keeps: for their
    owner they are deleted, and use none of the owner's space."""
    holders = Attachment.with_hidden.filter(stored=OuterRef("pk"))
    shown = Attachment.objects.filter(stored=OuterRef("pk"))
    shown = shown.filter(Q(conversation=None) | Q(conversation__hidden_at=None))
    return Exists(holders) & ~Exists(shown)


def _bytes_of(stored):
    """Return the total size in bytes of the StoredFiles in the queryset `stored`."""
    sums = stored.aggregate(size=Sum("size"), small=Sum("small"))
    return (sums["size"] or 0) + (sums["small"] or 0)
