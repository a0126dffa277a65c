"""The trash: deleted conversations, which their person can restore for TRASH_DAYS days.

After that every server process erases them (`chatsite/periodic_tasks.py`), as does `manage.py
purge_trash`.
"""

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from conversations.models import Conversation, Message
from conversations.search import index

TRASH_DAYS = 30
PIECE_MESSAGES = 100  # messages of a conversation that are erased in one transaction


def trash(conversation):
    """Move a Conversation to the trash: its owner's lists and searches no longer show it."""
    Conversation.objects.filter(pk=conversation.pk).update(trashed_at=timezone.now())


def restore(conversation):
    """Move a Conversation out of the trash, to where it was: the list, pinned or the archive."""
    Conversation.objects.filter(pk=conversation.pk).update(trashed_at=None)


def due(now=None):
    """Return a queryset of the conversations that have been in the trash for TRASH_DAYS days at the
    time `now` (datetime; None: the current time), of all people."""
    limit = (now or timezone.now()) - timedelta(days=TRASH_DAYS)
    return Conversation.objects.filter(trashed_at__lte=limit)


def erase(conversation):
    """Delete a Conversation and its messages for good. Rows of its Responses stay, for usage
    reports; a database trigger empties their texts (`conversations.database.triggers`)."""
    conversation.delete()


def erase_piece(conversation, most):
    """Delete a Conversation for good if it has at most `most` messages, else only its newest `most`
    messages. Return True if the conversation was deleted; if not, call it again."""
    messages = conversation.messages.order_by("-created_at", "-id").values_list("pk", flat=True)
    newest = list(messages[: most + 1])
    if len(newest) <= most:
        erase(conversation)
        return True
    with transaction.atomic():
        Message.objects.filter(pk__in=newest[:most]).delete()
    return False


def purge(now=None):
    """Delete for good all conversations that are `due` at the time `now` (datetime; None: the
    current time), in short transactions. Return their number."""
    erased = 0
    for conversation in due(now).order_by("trashed_at"):
        while not erase_piece(conversation, PIECE_MESSAGES):
            pass
        erased += 1
    return erased


def purge_piece(now=None):
    """Delete for good one conversation that is `due` at the time `now` (None: the current time), or
    the newest PIECE_MESSAGES messages of a longer one, in one short transaction.

    Return True if there was one, False if there is nothing to do.
    """
    conversation = due(now).order_by("trashed_at").first()
    if conversation is None:
        return False
    erase_piece(conversation, PIECE_MESSAGES)
    return True


def scrub():
    """Remove the text of deleted conversations from the files of the database, by VACUUM and by
    merging the full-text search index. This rewrites whole files: call it in quiet hours.

    SQLite keeps deleted text in free pages and in its write-ahead log until they are overwritten,
    FTS5 until it merges; PostgreSQL keeps deleted rows in its tables until VACUUM.
    """
    index.database().optimise()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            cursor.execute("VACUUM")
