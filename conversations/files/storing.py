"""Storing of an uploaded file that was read: its bytes, and the row of its Attachment.

The row for the bytes (StoredFile) is inserted first, the Attachment last, so that the periodic
deletion (`sweep`) finds whatever a process that dies leaves behind.
"""

import contextlib
import errno
import logging

from django.db import IntegrityError, transaction

from conversations.files import quota, storage, sweep
from conversations.files.refused import FileRefused
from conversations.models import Attachment, StoredFile
from conversations.search import index

logger = logging.getLogger(__name__)

# Columns of a file that is there, in place of those of one that was still to be fetched.
_FETCHED = (
    *("stored_id", "name", "media_type", "size", "sha256", "width", "height", "pages", "text"),
    *("characters", "is_cut", "cut_after", "state", "fetch_at"),
)


def store(attachment, content, small):
    """Store `content` (bytes or an open file) and, for a picture, the small copy `small` (bytes);
    insert `attachment`, or update its row if it has one (in the state FETCHING). Bytes that the
    owner has already are not written again. Raise FileRefused if there is no room, writing fails,
    or the conversation, message or account was deleted meanwhile; nothing is kept then."""
    with _refusing(), transaction.atomic():
        quota.lock(attachment.owner)
        if attachment.message_id is None:
            quota.check_drafts(attachment.owner)
        if _share(attachment):
            return
        stored = quota.reserve(attachment, len(small))
    write(stored, content, small)
    try:
        with _refusing(), transaction.atomic():
            quota.lock(attachment.owner)
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
    """Context manager: raise FileRefused ("conversation_gone") in place of an IntegrityError, which
    the database raises when the transaction ends if the conversation or message of an Attachment
    was deleted meanwhile."""
    try:
        yield
    except IntegrityError as error:
        raise FileRefused("conversation_gone") from error


def write(stored, content, small):
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
        is_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise FileRefused("disk_full" if is_full else "not_stored") from error


def _write_row(attachment):
    """Insert `attachment`, or update its row in the state FETCHING; a file of a reply gets into the
    full-text search index too. Raise IntegrityError if that row was deleted meanwhile."""
    if attachment._state.adding:
        attachment.save(force_insert=True)
    else:
        # Before the row changes: SQLite takes out the words of the name that was indexed.
        index.forget_file(attachment)
        row = Attachment.with_hidden.filter(pk=attachment.pk, state=Attachment.State.FETCHING)
        if not row.update(**{name: getattr(attachment, name) for name in _FETCHED}):
            raise IntegrityError("the file was deleted meanwhile")
    if attachment.message_id is not None:
        index.add_files(attachment.owner_id, attachment.message, [attachment])


def _share(attachment):
    """Insert or update the row of `attachment`, with the StoredFile of the same content that its
    owner has already, and return True. If there is no such StoredFile, do nothing and return False.
    Call it in a transaction."""
    stored = same_content(attachment)
    if stored is None:
        return False
    attachment.stored = stored
    _write_row(attachment)
    return True


def same_content(attachment):
    """Return the StoredFile that the owner of `attachment` has already of the same content, locked
    until the transaction ends; None if there is none."""
    same = StoredFile.objects.select_for_update(of=("self",)).filter(
        owner_id=attachment.owner_id, sha256=attachment.sha256, doomed_at=None, unheld_since=None
    )
    return next(
        (each for each in same if Attachment.with_hidden.filter(stored=each).exists()), None
    )
