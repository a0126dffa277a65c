"""Share: how much of a process's threads, streams or memory one person may have at a time, so that
others get some too. `chatsite.requester` says for whom it is counted.

gunicorn's master imports this without settings of Django: it calls `share` only.
"""

from django.conf import settings

LEAST = 4  # of anything


def share(total, per_cent):
    """Return how many of `total` (an int) one client may have: `per_cent` of it, rounded down, but
    at least LEAST and at most `total`."""
    return min(total, max(LEAST, total * per_cent // 100))


def share_of(total):
    """Return how many of `total` (threads, streams, bytes …) one person may have at a time.

    That is PERSON_SHARE per cent, but at least four and at most `total`.
    """
    return share(total, settings.PERSON_SHARE)
