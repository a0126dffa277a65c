"""Attached files of a conversation in a case (an export for an investigation): their names in the
zip, and their bytes."""

import re

from conversations.files import storage
from conversations.models import Attachment
from conversations.transfer.file_members import has_bytes

BLOCK = 1 << 18  # bytes that are read at a time

# What file systems refuse in names, and what could lead out of the folder.
_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')


def of(conversation):
    """Return a queryset of the Attachments that were sent with messages of the Conversation
    `conversation`, oldest first, also those that are deleted for its owner. The column `text`
    (extracted text) is not loaded."""
    sent = Attachment.with_hidden.filter(conversation=conversation, message__isnull=False)
    return sent.select_related("stored").defer("text").order_by("created_at", "id")


def name_of(attachment):
    """Return the file name of the Attachment in the zip: the first 12 hexadecimal digits of its id,
    a space, and the name that its owner gave it (its last 80 characters), with a space in place of
    characters that file systems refuse."""
    name = _UNFIT.sub(" ", attachment.name)[-80:].strip(" .")
    return f"{attachment.pk.hex[:12]} {name}".strip()


def contents(conversation):
    """Yield `(name in the zip, iterator of bytes)` for each file attached to the Conversation.
    Files whose bytes are missing in the storage are left out, and those that a virus check forbids.
    Read each iterator before the next file."""
    for attachment in of(conversation).iterator(chunk_size=100):
        if not has_bytes(attachment):
            continue
        try:
            opened = storage.open_stored(attachment.stored.name)
        except OSError:
            continue  # deleted meanwhile; `manage.py check_files` tells what is missing
        with opened:
            yield name_of(attachment), iter(lambda file=opened: file.read(BLOCK), b"")
