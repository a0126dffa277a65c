"""Disk space for files that wait for their import: a limit for the site and one per person."""

from contextlib import suppress

from django.conf import settings

from chatsite.share import share_of
from conversations.models import Job


class NoImportSpace(Exception):
    """Raised if an upload would exceed the disk space for files that wait for their import.
    `is_share` is True if the person's own share is used up, False if the site's space is."""

    def __init__(self, is_share):
        super().__init__("share" if is_share else "site")
        self.is_share = is_share


def check_space(person_id, size, under_way=0):
    """Raise NoImportSpace if an upload of `size` bytes by the person with the id `person_id` would
    exceed the space for files that wait for their import.

    The site's limit also counts `under_way`, the bytes of other uploads that are being received. A
    single file of up to MAX_IMPORT never exceeds the person's share.
    """
    # Whatever the share is, one file is always allowed.
    share = max(share_of(settings.IMPORT_SPACE), settings.MAX_IMPORT)
    theirs = Job.objects.filter(owner=person_id, kind=Job.Kind.IMPORT, state__in=Job.OPEN)
    names = theirs.values_list("subject", flat=True)
    if _bytes_of(settings.IMPORT_FOLDER / name for name in names) + size > share:
        raise NoImportSpace(is_share=True)
    waiting = settings.IMPORT_FOLDER.iterdir() if settings.IMPORT_FOLDER.is_dir() else ()
    if _bytes_of(waiting) + under_way + size > max(settings.IMPORT_SPACE, share):
        raise NoImportSpace(is_share=False)


def _bytes_of(paths):
    """Return the total size in bytes of the files at `paths` (an iterable of Paths); missing ones
    count as 0."""
    total = 0
    for path in paths:
        # The file was deleted meanwhile, or is on another machine.
        with suppress(OSError):
            total += path.stat().st_size
    return total
