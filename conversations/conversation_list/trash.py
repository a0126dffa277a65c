"""Trash: deleted conversations, which their person can restore for TRASH_DAYS days.

After that every server process erases them (`chatsite/periodic_tasks.py`), as do `manage.py
apply_retention` and `purge_trash`.
"""

from datetime import timedelta

from django.db import connection
from django.utils import timezone

from conversations.keeping import removal
from conversations.models import Conversation
from conversations.search import index

TRASH_DAYS = 30


def trash(conversation):
    """Move a Conversation to the trash: its owner's lists and searches no longer show it."""
    Conversation.objects.filter(pk=conversation.pk).update(trashed_at=timezone.now())


def restore(conversation):
    """Move a Conversation out of the trash, to where it was: the list, pinned or the archive. One
    that was deleted for its owner meanwhile, and is kept under a legal hold, stays in the trash."""
    Conversation.objects.filter(pk=conversation.pk, hidden_at=None).update(trashed_at=None)


def due(now=None):
    """Return a queryset of the conversations that have been in the trash for TRASH_DAYS days at the
    time `now` (datetime; None: the current time), of all people. Without those that are deleted for
    their owners already (`keeping.removal`)."""
    limit = (now or timezone.now()) - timedelta(days=TRASH_DAYS)
    return Conversation.objects.filter(trashed_at__lte=limit, hidden_at=None)


def purge(now=None):
    """Delete for good all conversations that are `due` at the time `now` (datetime; None: the
    current time), in short transactions. Return their number."""
    erased = 0
    for conversation in due(now).order_by("trashed_at"):
        removal.remove(conversation)
        erased += 1
    return erased


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
