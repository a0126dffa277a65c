"""Quotas of files: how much one person and the whole site may store, and how many files a person
may upload without sending them. Call all functions in a transaction."""

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, Q, Sum
from django.utils import timezone

from conversations.files.refused import FileRefused
from conversations.models import Attachment, Person, StoredFile

# So many messages' worth of unsent files (each FILES_PER_MESSAGE) a person may have.
MESSAGES_OF_DRAFTS = 10
# Key of an advisory lock of PostgreSQL, under which files are counted for the whole site.
_SITE_LOCK = 0x66696C6573


def lock(person):
    """Lock the row of `person` until the transaction ends, so that uploads of one person are stored
    one after the other. Raise FileRefused if the account was deleted meanwhile."""
    locked = Person.objects.select_for_update(no_key=True).filter(pk=person.pk)
    if not locked.values_list("pk").first():
        raise FileRefused("account_gone")


def check_drafts(person):
    """Raise FileRefused if `person` has MESSAGES_OF_DRAFTS × FILES_PER_MESSAGE or more files that
    are not sent. Their number is limited since each has its extracted text in the database, also
    where several have the same bytes."""
    most = MESSAGES_OF_DRAFTS * settings.FILES_PER_MESSAGE
    if Attachment.objects.unsent().filter(owner=person).count() >= most:
        raise FileRefused("too_many_drafts")


def reserve(attachment, small):
    """Insert and return the StoredFile for the bytes of `attachment`, before they are written;
    `small` is the size of the small picture in bytes (0: none). Raise FileRefused if the space of
    the owner (FILES_PER_PERSON) or of the site (FILES_PER_SITE) is used up."""
    now = timezone.now()
    stored = StoredFile(
        owner_id=attachment.owner_id,
        sha256=attachment.sha256,
        size=attachment.size,
        small=small,
        unheld_since=now,
        created_at=now,
    )
    kept = StoredFile.objects.filter(doomed_at=None)
    mine = kept.filter(owner_id=attachment.owner_id).filter(~_is_hidden())
    needed = stored.size + small
    if _bytes_of(mine) + needed > settings.FILES_PER_PERSON:
        raise FileRefused("person_full")
    if settings.FILES_PER_SITE:
        _lock_site()
        if _bytes_of(kept) + needed > settings.FILES_PER_SITE:
            raise FileRefused("site_full")
    stored.save(force_insert=True)
    return stored


def _lock_site():
    """Take the lock under which one process at a time reserves space for files, until the
    transaction ends: on PostgreSQL an advisory lock. On SQLite only one transaction writes at a
    time anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SITE_LOCK])


def _is_hidden():
    """Return a query condition that is true for StoredFiles that only a legal hold keeps: for their
    owner they are deleted, and use none of the owner's space."""
    holders = Attachment.with_hidden.filter(stored=OuterRef("pk"))
    shown = Attachment.objects.filter(stored=OuterRef("pk"))
    shown = shown.filter(Q(conversation=None) | Q(conversation__hidden_at=None))
    return Exists(holders) & ~Exists(shown)


def _bytes_of(stored):
    """Return the total size in bytes of the StoredFiles in the queryset `stored`, with their small
    pictures."""
    sums = stored.aggregate(size=Sum("size"), small=Sum("small"))
    return (sums["size"] or 0) + (sums["small"] or 0)
