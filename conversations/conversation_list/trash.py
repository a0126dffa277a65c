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
PIECE_MESSAGES = 100  # of a conversation, that are erased in one transaction


def trash(conversation):
    """Move the conversation to the trash, out of all lists and of the search."""
    Conversation.objects.filter(pk=conversation.pk).update(trashed_at=timezone.now())


def restore(conversation):
    """Move the conversation out of the trash, to where it was: list, pinned or archive."""
    Conversation.objects.filter(pk=conversation.pk).update(trashed_at=None)


def due(now=None):
    """A queryset of the conversations that have been in the trash for TRASH_DAYS days."""
    limit = (now or timezone.now()) - timedelta(days=TRASH_DAYS)
    return Conversation.objects.filter(trashed_at__lte=limit)


def erase(conversation):
    """Delete a conversation and its messages. The numbers of its Responses stay in the ledger; a
    trigger empties their texts (`conversations.database.triggers`)."""
    conversation.delete()


def erase_piece(conversation, most):
    """Erase the conversation, if it has at most `most` messages, else only its newest `most`.
    Returns whether the conversation is gone."""
    messages = conversation.messages.order_by("-created_at", "-id").values_list("pk", flat=True)
    newest = list(messages[: most + 1])
    if len(newest) <= most:
        erase(conversation)
        return True
    with transaction.atomic():
        Message.objects.filter(pk__in=newest[:most]).delete()
    return False


def purge(now=None):
    """Erase the conversations that are due, in short transactions. Returns their number."""
    erased = 0
    for conversation in due(now).order_by("trashed_at"):
        while not erase_piece(conversation, PIECE_MESSAGES):
            pass
        erased += 1
    return erased


def purge_piece(now=None):
    """Erase one conversation that is due, or the newest PIECE_MESSAGES messages of a longer one, in
    one short transaction. Returns whether there was one."""
    conversation = due(now).order_by("trashed_at").first()
    if conversation is None:
        return False
    erase_piece(conversation, PIECE_MESSAGES)
    return True


def scrub():
    """Remove erased text from the files of the database as well. It rewrites the search index, so
    it is for quiet hours.

    SQLite keeps deleted words in free pages and in its log until they are overwritten, and FTS5
    until it merges. VACUUM of PostgreSQL does the same for its tables.
    """
    index.database().optimise()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            cursor.execute("VACUUM")
