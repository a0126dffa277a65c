"""Intake of uploaded files: identifies a file, reads it in a child process, has its bytes stored
(`storing`) and makes an Attachment of it.

No transaction is open while a file is read or its bytes are written: a document may take twenty
seconds.
"""

import contextlib
import hashlib
import logging
import tempfile

from django.conf import settings
from django.db import transaction

from conversations.extraction.finding import DOCUMENT, PICTURE, REFUSALS, TEXT, Finding, Refusal
from conversations.extraction.limits import WALL_SECONDS
from conversations.extraction.process import read_file, read_pages
from conversations.files import names, quota, scanner, storage, storing, sweep
from conversations.files import seal as seal_of_pictures
from conversations.files.refused import FileRefused
from conversations.models import Attachment, StoredFile
from conversations.models.attachment import PICTURES, UNREAD

logger = logging.getLogger(__name__)

# Texts whose ending says what they are; any other is text/plain. All are shown as text.
TEXTS = {"csv": "text/csv", "md": "text/markdown", "json": "application/json"}
_BLOCK = 1 << 20
# Seconds for `prepare`: fewer than those after which a job without a heartbeat is taken for dead.
PREPARING = 8


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
    with _on_disk(upload) as file, _read_if_possible(file, ()) as (finding, content, small):
        attachment = _attachment(person, name, finding, content, conversation)
        storing.store(attachment, content, small)
    return scanner.check(attachment)


def prepare(person, name, file, *, seal="", media_type=""):
    """Read the open `file` (binary, with a file descriptor), called `name`, and store its bytes for
    `person`; return its Attachment, which is not saved yet: `keep` saves it. If that is not called,
    the sweep deletes the bytes after an hour.

    A picture whose `seal` (text, see files/seal.py; "": none) is valid for `media_type` is stored
    as it is, any other picture is re-encoded. Raise FileRefused if the file is not accepted, also
    if a virus check forbids it; nothing of it is kept then. The child process may read for
    PREPARING seconds.
    """
    name = names.clean(name)
    with _extracted(read_file, file, PREPARING) as extract:
        is_picture = extract.finding.kind == PICTURE
        content = extract.large if is_picture else file
        if is_picture and seal_of_pictures.fits(seal, media_type, _measure(file)[1]):
            content, extract.finding.media_type = file, media_type
        attachment = _attachment(person, name, extract.finding, content, None)
        with transaction.atomic():
            quota.lock(attachment.owner)
            attachment.stored = storing.same_content(attachment)
            if attachment.stored is None:
                stored = quota.reserve(attachment, len(extract.small))
        if attachment.stored is None:
            storing.write(stored, content, extract.small)
            attachment.stored = stored
    scanner.check(attachment)
    if attachment.state in (attachment.State.SUSPICIOUS, attachment.State.TOO_LARGE_TO_SCAN):
        sweep.remove_or_leave(attachment.stored_id)
        raise FileRefused(str(attachment.state))
    return attachment


def keep(attachment, message, position):
    """Insert `attachment`, which `prepare` returned, as a file of the Message `message`, at the
    index `position` (from 0) among its files; return True. Return False, and insert nothing, if the
    stored bytes were deleted meanwhile. Call it in a transaction."""
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

    Raise FileRefused if the PDF cannot be read, or a page is not accepted; the pages before it are
    kept.
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
            storing.store(attachment, extract.large, extract.small)
            taken.append(scanner.check(attachment))
    return taken


def take_made(message, file, name, *, position, as_they_are):
    """Read and store the open `file`, made by the reply `message` (a Message with its conversation
    and the owner loaded); return its Attachment, at the index `position` among those of the
    message.

    A file that is refused with one of the codes `as_they_are` (a collection of REFUSALS) is stored
    unread, to be downloaded only. Raise FileRefused if the file is refused with another code, if
    there is no room, or if the message was deleted meanwhile; nothing of it is kept then. Takes up
    to a minute.
    """
    conversation = message.conversation
    with _read_if_possible(file, as_they_are) as (finding, content, small):
        attachment = _attachment(conversation.owner, name, finding, content, conversation)
        if attachment.size > settings.MAX_FILE:
            raise FileRefused("too_large_file")
        attachment.message, attachment.position = message, position
        storing.store(attachment, content, small)
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
        storing.store(filled, content, small)
    scanner.check(filled)


@contextlib.contextmanager
def _read_if_possible(file, as_they_are):
    """Context manager: read the open `file` in a child process; yield `(Finding, content, small)`.
    `content` is what is to be stored: the re-encoded picture (bytes), else `file`; `small` the
    small picture (bytes, b"" for no picture). For a file that is refused with a code of
    `as_they_are`, the Finding has no text and the media type UNREAD. Raise FileRefused if it is
    refused with another code."""
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
    process, which may run for `seconds`: an Extract, a list of them for `read_pages`. Raise
    FileRefused with the code that the child gave, or "busy" if the child could not be run."""
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
    """Return `text` without what databases refuse: NUL characters are dropped, lone surrogates
    become "?"."""
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
