"""The pace of a reviewer: how many readings of other people's text an hour may have."""

import math
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from conversations.models import ReviewAccess

HOUR = timedelta(hours=1)


class TooManyReadings(Exception):
    """The reading that was about to be recorded is one more than REVIEW_READINGS_PER_HOUR.

    `retry_after` is the number of seconds until the next one may be.
    """

    def __init__(self, retry_after):
        super().__init__()
        self.limit = settings.REVIEW_READINGS_PER_HOUR
        self.retry_after = retry_after


def check_pace(reviewer_id):
    """Raise TooManyReadings where the newest reading of the reviewer, which the caller's
    transaction has just written, exceeds the limit.

    It is asked after writing: writers of the log wait for each other, so readings at the same time
    count each other. Looks at as many rows as the limit allows, however long the log is.
    """
    limit = settings.REVIEW_READINGS_PER_HOUR
    if not limit:
        return
    readings = ReviewAccess.objects.filter(
        reviewer_id=reviewer_id, action__in=ReviewAccess.READING
    ).order_by("-number")
    oldest = next(iter(readings.values_list("at", flat=True)[limit : limit + 1]), None)
    if oldest is not None and (wait := oldest + HOUR - timezone.now()) > timedelta(0):
        raise TooManyReadings(math.ceil(wait.total_seconds()))


def is_noted(reviewer_id):
    """Whether the log already says, within this hour, that the reviewer reached the limit."""
    return ReviewAccess.objects.filter(
        reviewer_id=reviewer_id,
        action=ReviewAccess.Action.LIMITED,
        at__gt=timezone.now() - HOUR,
    ).exists()
