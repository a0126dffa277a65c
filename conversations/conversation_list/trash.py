"""The trash: deleted conversations, which their person can restore for TRASH_DAYS.

After that every server process deletes them for good (chatsite/periodic_tasks.py), and so does
`manage.py purge_trash`.
"""

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from conversations.models import Conversation, Message
from conversations.search import index

TRASH_DAYS = 30


def trash(conversation):
    """Put it into the trash; no list and no search finds it there."""
    Conversation.objects.filter(pk=conversation.pk).update(trashed_at=timezone.now())


def restore(conversation):
    """Take it out of the trash, to where it was."""
    Conversation.objects.filter(pk=conversation.pk).update(trashed_at=None)


def due(now=None):
    """A queryset of the conversations that were in the trash for TRASH_DAYS."""
    limit = (now or timezone.now()) - timedelta(days=TRASH_DAYS)
    return Conversation.objects.filter(trashed_at__lte=limit)


def erase(conversation):
    """Delete a conversation for good. Of its Responses the figures stay in the books; a trigger
    empties their texts (`conversations.database.triggers`)."""
    conversation.delete()


def erase_piece(conversation, most):
    """Erase a conversation, or of a longer one its newest `most` messages; whether it is gone."""
    messages = conversation.messages.order_by("-created_at", "-id").values_list("pk", flat=True)
    newest = list(messages[: most + 1])
    if len(newest) <= most:
        erase(conversation)
        return True
    with transaction.atomic():
        Message.objects.filter(pk__in=newest[:most]).delete()
    return False


def purge(now=None, most=None):
    """Erase the conversations that are due, at most `most`. Returns their number."""
    erased = 0
    for conversation in due(now).order_by("trashed_at")[:most]:
        erase(conversation)
        erased += 1
    return erased


def scrub():
    """Remove erased text from the database's files too. For a quiet hour: it rewrites the index.

    SQLite keeps deleted words in free pages and in its log until they are used again, and FTS5
    until it merges. PostgreSQL's VACUUM does the same for its tables.
    """
    index.database().optimise()
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            cursor.execute("VACUUM")
