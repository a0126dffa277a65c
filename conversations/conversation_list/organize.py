"""What a person does with a conversation besides talking: name it, pin it, put or throw it away.

What is thrown away stays in the trash for TRASH_DAYS; then every process's sweep, or
`manage.py purge_trash`, deletes it for good.
"""

from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from conversations.models import Conversation, Response
from conversations.search import index

TRASH_DAYS = 30


def rename(conversation, title):
    """Give the conversation a `title` of the person's own, which no model overwrites."""
    with transaction.atomic():
        Conversation.objects.select_for_update().get(pk=conversation.pk)
        index.change_title(conversation.pk, title, title_source=Conversation.TitleSource.PERSON)


def pin(conversation):
    """Keep it at the top of the list."""
    _set(conversation, pinned_at=timezone.now(), archived_at=None)


def unpin(conversation):
    """Back to where its last activity puts it."""
    _set(conversation, pinned_at=None)


def archive(conversation):
    """Out of the list, onto a page of its own."""
    _set(conversation, archived_at=timezone.now(), pinned_at=None)


def unarchive(conversation):
    """Back into the list."""
    _set(conversation, archived_at=None)


def trash(conversation):
    """Into the trash; it is found nowhere else from now on."""
    _set(conversation, trashed_at=timezone.now())


def restore(conversation):
    """Out of the trash, to where it was."""
    _set(conversation, trashed_at=None)


def mark_seen(conversation):
    """Its person has seen what there is."""
    _set(conversation, unseen=False)


def _set(conversation, **fields):
    Conversation.objects.filter(pk=conversation.pk).update(**fields)


def due(now=None):
    """The conversations whose time in the trash is over."""
    limit = (now or timezone.now()) - timedelta(days=TRASH_DAYS)
    return Conversation.objects.filter(trashed_at__lte=limit)


def erase(conversation):
    """Delete it for good, now. What the books keep of its calls is figures."""
    with transaction.atomic():
        Response.objects.filter(conversation=conversation).update(
            request={}, partial="", partial_reasoning="", refusal="", error_message=""
        )
        conversation.delete()


def purge(now=None, most=None):
    """Erase what is due, at most so many conversations. Returns how many were erased."""
    erased = 0
    for conversation in due(now).order_by("trashed_at")[:most]:
        erase(conversation)
        erased += 1
    return erased


def scrub():
    """Let what was erased leave the files too. For a quiet hour: it rewrites the search index.

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
