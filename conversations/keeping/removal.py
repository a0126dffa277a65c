"""Removal: deletes a conversation for good, or hides it from its owner while a legal hold keeps it.

Everything that deletes conversations calls `remove_piece`: the trash, the retention rules,
temporary conversations, the erasure of a person. Database triggers refuse what would go past it
(`conversations.database.triggers`).
"""

import time
import uuid

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Coalesce
from django.utils import timezone

from conversations.models import Attachment, Conversation, Hold, Message, QueuedMessage
from conversations.search import index

# Messages that one statement deletes, and seconds after which a transaction ends: writers wait for
# each other on SQLite, and no reply may wait long for its text to be stored.
AT_ONCE = 10
PIECE_SECONDS = 0.02


def remove_piece(conversation, seconds=PIECE_SECONDS):
    """Delete a Conversation for good, or as many of its newest messages as `seconds` allow, in one
    short transaction. Return True if it is gone; if not, call it again.

    Under a legal hold it is hidden from its owner instead, which counts as gone. Rows of its
    Responses stay, for usage reports; a database trigger empties their texts.
    """
    began = time.monotonic()
    with transaction.atomic():
        if is_held(conversation):
            hide(conversation)
            return True
        messages = Message.objects.filter(conversation_id=conversation.pk)
        while True:
            newest = messages.order_by("-created_at", "-id").values_list("pk", flat=True)
            ids = list(newest[:AT_ONCE])
            if len(ids) < AT_ONCE:
                with index.forgetting(ids):
                    Conversation.objects.filter(pk=conversation.pk).delete()
                return True
            with index.forgetting(ids):
                Message.objects.filter(pk__in=ids).delete()
            if time.monotonic() - began > seconds:
                return False


def remove(conversation):
    """Delete a Conversation for good, however long it is, in several transactions; hide it under a
    legal hold."""
    while not remove_piece(conversation):
        pass


def is_held(conversation):
    """Return True if `conversation`, or its owner, is under a legal hold."""
    found = Conversation.objects.filter(Hold.of_conversation(), pk=conversation.pk)
    return found.exists()


def hide(conversation):
    """Make `conversation` look deleted to its owner, and keep it. It stays in the trash for those
    who review it. The ids of forms that sent its messages are free again, as after a deletion."""
    now = timezone.now()
    hidden = Conversation.objects.filter(pk=conversation.pk, hidden_at=None)
    hidden.update(hidden_at=now, trashed_at=Coalesce("trashed_at", now))
    Message.objects.filter(conversation_id=conversation.pk).exclude(submission=None).update(
        submission=None
    )
    # Kept as well, but sent no more.
    QueuedMessage.objects.filter(conversation_id=conversation.pk).update(
        submission=uuid.uuid4(), refused=True
    )


def remove_files(conversation):
    """Delete the files of the messages of `conversation`, or hide them from its owner under a legal
    hold, in one short transaction; return their number."""
    with transaction.atomic():
        files = Attachment.objects.filter(conversation=conversation, message__isnull=False)
        if is_held(conversation):
            return files.update(hidden_at=timezone.now())
        return files.delete()[1].get(Attachment._meta.label, 0)


def released_files():
    """Return a queryset of the files that are deleted for their owners and under no hold any more:
    they are deleted for good."""
    hidden = Attachment.with_hidden.filter(hidden_at__isnull=False)
    held = Conversation.objects.filter(Hold.of_conversation(), pk=OuterRef("conversation_id"))
    return hidden.filter(~Exists(held))


def released():
    """Return a queryset of the conversations that are deleted for their owners and under no hold
    any more: they are deleted for good."""
    return Conversation.objects.filter(hidden_at__isnull=False).exclude(Hold.of_conversation())
