"""Space on disk for files that wait for their import: a bound for the site, and a share of it for
each person."""

from contextlib import suppress

from django.conf import settings

from chatsite.person_shares import share_of
from conversations.models import Job


class NoImportSpace(Exception):
    """No more bytes may wait; `is_share` says that the person's own share is used up."""

    def __init__(self, is_share):
        super().__init__("share" if is_share else "site")
        self.is_share = is_share


def check_space(person_id, size, under_way=0):
    """Raise NoImportSpace where `size` more bytes of a person may not wait, beside the files that
    do and `under_way` bytes that are being received."""
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
    total = 0
    for path in paths:
        # One that is gone meanwhile, or lies on another machine.
        with suppress(OSError):
            total += path.stat().st_size
    return total
