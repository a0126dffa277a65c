"""The files of a conversation in a case: their names in the zip, and their bytes."""

import re

from conversations.files import storage
from conversations.models import Attachment

BLOCK = 1 << 18  # bytes that are read at a time

# What file systems refuse in names, and what could lead out of the folder.
_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*]+')


def of(conversation):
    """Return a queryset of the Attachments of the Conversation that were sent, also of those that
    are deleted for its owner, in the order of their messages, without their text."""
    sent = Attachment.with_hidden.filter(conversation=conversation, message__isnull=False)
    return sent.select_related("stored").defer("text").order_by("created_at", "id")


def name_of(attachment):
    """Return the name of the Attachment in the zip: the beginning of its id, which makes it unlike
    every other, and the name that its owner gave it, without what file systems refuse."""
    name = _UNFIT.sub(" ", attachment.name)[-80:].strip(" .")
    return f"{attachment.pk.hex[:12]} {name}".strip()


def contents(conversation):
    """Yield `(name, pieces of bytes)` for each file of the Conversation whose bytes are there."""
    for attachment in of(conversation).iterator(chunk_size=100):
        if attachment.stored is None:
            continue
        try:
            opened = storage.open_stored(attachment.stored.name)
        except OSError:
            continue  # deleted meanwhile; `manage.py check_files` tells what is missing
        with opened:
            yield name_of(attachment), iter(lambda file=opened: file.read(BLOCK), b"")
