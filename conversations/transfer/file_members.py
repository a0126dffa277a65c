"""Files of messages in an export: their names in the zip, and their bytes."""

import zipfile
from zipfile import ZipInfo

from django.utils import timezone

from conversations.files import names, storage
from conversations.models import Attachment

FOLDER = "files"
BLOCK = 1 << 18  # bytes that are read at a time
LONGEST = 120  # bytes in UTF-8 of a file's name; many file systems take 255 for all of it
_TEXTS = ("text/", "application/json")  # others are compressed already


def by_message(conversation):
    """Return `{message id: list of Attachments, without their text}` of the Conversation, read by
    one query. Files that are deleted for their owner are left out."""
    found = {}
    sent = Attachment.objects.filter(conversation=conversation, message__isnull=False)
    for file in sent.select_related("stored").defer("text"):
        found.setdefault(file.message_id, []).append(file)
    return found


def has_bytes(attachment):
    """Return True if the bytes of `attachment` (an Attachment) are to be exported: it is ready (not
    still being checked or fetched, and not blocked by a virus check) and its bytes were not
    erased."""
    return attachment.is_ready and attachment.stored_id is not None


def path_of(attachment):
    """Return the path of the zip's member with the bytes of `attachment`: in the folder FOLDER, 16
    hexadecimal digits of the SHA-256, a space, and the name that its owner gave it, cleaned and cut
    to LONGEST bytes. Files with the same name and content have the same path."""
    stem, dot, ending = names.clean(attachment.name).rpartition(".")
    if not dot or len(ending.encode()) > 20:
        stem, dot, ending = stem + dot + ending, "", ""
    room = LONGEST - len((dot + ending).encode())
    stem = stem.encode()[:room].decode(errors="ignore").rstrip(" .")
    return f"{FOLDER}/{attachment.sha256[:16]} {stem}{dot}{ending}"


def write(archive, files, written):
    """Write the bytes of `files`, Attachments, into `archive`, a ZipFile that is being written, and
    yield None after each block, so that the caller can send what was written. `written` is the set
    of paths that the zip has already: such files are skipped, and new paths are added to it.

    Bytes that are missing in the storage are left out.
    """
    for file in files:
        path = path_of(file)
        if path in written or not has_bytes(file):
            continue
        try:
            stored = storage.open_stored(file.stored.name)
        except OSError:
            continue  # deleted meanwhile; `manage.py check_files` tells what is missing
        written.add(path)
        info = ZipInfo(path, timezone.localtime(file.created_at).timetuple()[:6])
        info.compress_type = (
            zipfile.ZIP_DEFLATED if file.media_type.startswith(_TEXTS) else zipfile.ZIP_STORED
        )
        info.file_size = file.size
        with stored, archive.open(info, "w") as member:
            while block := stored.read(BLOCK):
                member.write(block)
                yield
