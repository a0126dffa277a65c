"""Draft files: Attachments that a person has uploaded but not sent yet, and how they become files
of a message."""

from uuid import UUID

from django.conf import settings
from django.db.models import Q

from conversations.models import Attachment, StoredFile

_COPIED = (
    *("owner_id", "stored_id", "name", "media_type", "size", "sha256", "width", "height"),
    *("pages", "text", "characters", "is_cut", "cut_after", "state"),
)


class FilesGone(Exception):
    """Raised if files that a form is to send are no longer drafts: they were removed, deleted for
    their age, or sent by another form."""


def unsent(person, conversation):
    """Return the list of Attachments, without their text, that `person` uploaded for `conversation`
    (None: for a new one) and has not sent yet: at most FILES_PER_MESSAGE, oldest first."""
    mine = Attachment.objects.unsent().filter(owner=person, conversation=conversation)
    return list(mine.defer("text").order_by("created_at", "id")[: settings.FILES_PER_MESSAGE])


def find(person, ids, *, edited=None, queued=None):
    """Return the list of Attachments with these `ids` (UUIDs as text), in their order, that a form
    of `person` may send: drafts, files of the Message `edited` and files of the QueuedMessage
    `queued` (None: no such message). Left out are ids of other files, text that is no UUID, and
    what comes after the first 2 × FILES_PER_MESSAGE ids."""
    wanted = list(dict.fromkeys(filter(None, map(_as_uuid, ids))))[: settings.FILES_PER_MESSAGE * 2]
    if not wanted:
        return []
    allowed = Q(message=None, queued=None)
    if edited is not None:
        allowed |= Q(message=edited, conversation__owner_id=person.pk)
    if queued is not None:
        allowed |= Q(message=None, queued=queued)
    # One of a conversation that is deleted for its owner went with it.
    shown = Q(conversation=None) | Q(conversation__hidden_at=None)
    found = Attachment.objects.filter(allowed, shown, owner=person).in_bulk(wanted)
    return [found[each] for each in wanted if each in found]


def _as_uuid(text):
    """Return the UUID written in `text`; None if it is no UUID."""
    try:
        return UUID(str(text))
    except ValueError:
        return None


def remove(attachments):
    """Delete those of `attachments` (a list of Attachments) that were not sent, and their bytes
    unless another Attachment uses them."""
    # Deleting nothing would still wait for SQLite's one lock for writing, with each message sent.
    if attachments:
        Attachment.objects.unsent().filter(pk__in=[each.pk for each in attachments]).delete()


def give(attachments, message):
    """Make `attachments`, a list that `find` returned, the files of the Message `message`, which
    was just stored; call it in the same transaction. An Attachment of another message is copied:
    the copy uses the same stored bytes.

    Return the list of the message's Attachments. Raise FilesGone if one of `attachments` was sent
    or removed meanwhile.
    """
    given = []
    for position, attachment in enumerate(attachments):
        fields = {
            "message": message,
            "conversation_id": message.conversation_id,
            "queued": None,
            "position": position,
        }
        if attachment.message_id is not None:
            given.append(_copy(attachment, fields))
            continue
        mine = Attachment.objects.filter(pk=attachment.pk, message=None)
        if not mine.update(**fields):
            raise FilesGone
        for name, value in fields.items():
            setattr(attachment, name, value)
        given.append(attachment)
    return given


def _copy(attachment, fields):
    """Insert and return a copy of `attachment`, an Attachment of a message, with the values
    `fields` (a dict by column) in place of its own. Raise FilesGone if its bytes are being
    deleted."""
    if attachment.stored_id is not None:
        # Locked, so that they are not deleted meanwhile.
        kept = StoredFile.objects.select_for_update().filter(
            pk=attachment.stored_id, doomed_at=None
        )
        if not kept.exists():
            raise FilesGone
    copied = Attachment(**{name: getattr(attachment, name) for name in _COPIED}, **fields)
    copied.save(force_insert=True)
    return copied


def queue(attachments, queued):
    """Make those of `attachments` (a list that `find` returned) that belong to no Message files of
    the QueuedMessage `queued` and of its conversation, in addition to its present files."""
    ids = [each.pk for each in attachments]
    Attachment.objects.filter(pk__in=ids, message=None).update(
        queued=queued, conversation_id=queued.conversation_id
    )
