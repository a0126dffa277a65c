"""Removal: deletes conversations for good, or hides them from their owners while a legal hold keeps
them.

Everything that deletes conversations calls `remove_piece`: the trash, the retention rules,
temporary conversations, the erasure of a person. Database triggers refuse to delete what is under a
legal hold (`conversations.database.triggers`).
"""

import time
import uuid

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Coalesce
from django.utils import timezone

from conversations.database.statements import as_stored, rows
from conversations.keeping import row_deletion
from conversations.keeping.piece_size import PieceSize, weight
from conversations.models import Attachment, Conversation, Hold, Message, QueuedMessage

HIDING = 5  # rows that hiding a conversation counts as

_size = PieceSize()


def remove_piece(conversations):
    """Delete for good some of `conversations` (a list of Conversations), from the first on, in one
    short transaction: as many as about 20 ms allow; of one that is too long for that, only its
    newest messages, at least one. Those under a legal hold are hidden from their owners instead.

    Return `(deleted, hidden)`, two lists of the Conversations that are done; call it again with the
    others until none is left. Rows of Responses stay, for usage reports, without their texts.
    """
    with transaction.atomic():
        began = time.monotonic()
        # A conversation has two messages or more, nearly always.
        some = conversations[: 1 + _size.rows // 3]
        held = _held(some)
        deleted, hidden, messages, count = [], [], [], 0
        for conversation in some:
            if conversation.pk in held:
                hide(conversation)
                hidden.append(conversation)
                count += HIDING
            else:
                ids, weighed, is_whole = _newest(conversation, _size.rows - count)
                messages += ids
                count += weighed
                if is_whole:
                    deleted.append(conversation)
            if count >= _size.rows:
                break
        row_deletion.delete([each.pk for each in deleted], messages)
    _size.took(count, time.monotonic() - began)
    return deleted, hidden


def _newest(conversation, most):
    """Return `(ids, count, is_whole)`: the UUIDs of the newest messages of `conversation` that
    together count as about `most` rows (`piece_size.weight`), at least one message; that count; and
    True if these are all its messages."""
    ids, count = [], 1
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, length(text), (SELECT count(*) FROM conversations_attachment file"
            " WHERE file.message_id = message.id), (SELECT COALESCE(sum(indexed), 0)"
            " FROM conversations_attachment file WHERE file.message_id = message.id)"
            " FROM conversations_message message WHERE conversation_id = %s"
            " ORDER BY created_at DESC, id DESC LIMIT %s",
            [as_stored(conversation.pk), max(most, 1) + 1],
        )
        # Not fetched at once: SQLite reads a text when it comes to it.
        for pk, length, files, indexed in cursor:
            if ids and count >= most:
                return ids, count, False
            ids.append(pk)
            count += weight(length, files, indexed)
    return ids, count, True


def remove(conversation):
    """Delete the Conversation for good, however long it is, in several short transactions; if it is
    under a legal hold, hide it from its owner instead."""
    while remove_piece([conversation]) == ([], []):
        pass


def _held(conversations):
    """Return the set of ids of those of `conversations` (a list of Conversations) that are under a
    legal hold, or whose owner is."""
    # Nearly always there is no hold at all, which this finds out in a tenth of the time.
    if not rows("SELECT 1 FROM conversations_hold WHERE released_at IS NULL LIMIT 1"):
        return set()
    ids = [conversation.pk for conversation in conversations]
    found = Conversation.objects.filter(Hold.of_conversation(), pk__in=ids)
    return set(found.values_list("pk", flat=True))


def hide(conversation):
    """Hide the Conversation from its owner, as if it were deleted, and keep it for reviewers, in
    the trash. The submission ids of its messages (ids of the forms that sent them) are removed, so
    that the same forms can be sent again; its queued messages are not sent any more."""
    now = timezone.now()
    hidden = Conversation.objects.filter(pk=conversation.pk, hidden_at=None)
    hidden.update(hidden_at=now, trashed_at=Coalesce("trashed_at", now))
    Message.objects.filter(conversation_id=conversation.pk).exclude(submission=None).update(
        submission=None
    )
    # Queued messages are kept too, but not sent any more.
    QueuedMessage.objects.filter(conversation_id=conversation.pk).update(
        submission=uuid.uuid4(), refused=True
    )


def remove_files(conversation):
    """Delete some of the files attached to messages of the Conversation, at least one, in one short
    transaction; if it is under a legal hold, hide all of them from its owner instead. Return
    `(number of files deleted or hidden, True if none is left)`; call it again until True."""
    with transaction.atomic():
        began = time.monotonic()
        files = Attachment.objects.filter(conversation=conversation, message__isnull=False)
        if _held([conversation]):
            return files.update(hidden_at=timezone.now()), True
        some, count, is_whole = [], 0, True
        for pk, indexed in files.order_by("pk").values_list("pk", "indexed"):
            if some and count >= _size.rows:
                is_whole = False
                break
            some.append(pk)
            count += weight(0, 1, indexed)
        deleted = files.filter(pk__in=some).delete()[1].get(Attachment._meta.label, 0)
    _size.took(count, time.monotonic() - began)
    return deleted, is_whole


def released_files():
    """Return a queryset of the Attachments that were hidden from their owners instead of being
    deleted, under a legal hold which has been released since; they are to be deleted for good."""
    hidden = Attachment.with_hidden.filter(hidden_at__isnull=False)
    held = Conversation.objects.filter(Hold.of_conversation(), pk=OuterRef("conversation_id"))
    return hidden.filter(~Exists(held))


def released():
    """Return a queryset of the Conversations that were hidden from their owners instead of being
    deleted, under a legal hold which has been released since; they are to be deleted for good."""
    return Conversation.objects.filter(hidden_at__isnull=False).exclude(Hold.of_conversation())
