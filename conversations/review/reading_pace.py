"""Rate limit of reviews: how often in an hour a reviewer may read other people's text, and how many
conversations they may export as cases (REVIEW_READINGS_PER_HOUR for each)."""

import math
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from conversations.models import ReviewAccess

HOUR = timedelta(hours=1)


class TooManyReadings(Exception):
    """Exception: a reviewer has reached `limit`, REVIEW_READINGS_PER_HOUR. `retry_after` is the
    number of seconds until the next reading is allowed."""

    def __init__(self, retry_after):
        super().__init__()
        self.limit = settings.REVIEW_READINGS_PER_HOUR
        self.retry_after = retry_after


def check_pace(reviewer_id):
    """Raise TooManyReadings if the reviewer with the id `reviewer_id` exceeds
    REVIEW_READINGS_PER_HOUR (0: no limit). Call it after writing the new reading to the access log,
    in the same transaction.

    Since writers of the log wait for each other, readings at the same time count each other. Only
    as many rows as the limit allows are read, however long the log is.
    """
    limit = settings.REVIEW_READINGS_PER_HOUR
    if limit:
        readings = ReviewAccess.objects.filter(
            reviewer_id=reviewer_id, action__in=ReviewAccess.READING
        )
        _refuse_if_recent(readings, limit)


def check_export_pace(reviewer_id):
    """Raise TooManyReadings if the reviewer with the id `reviewer_id` has exported
    REVIEW_READINGS_PER_HOUR conversations or more in the last hour (0: no limit). Call it before a
    case begins: one case may have more than that."""
    limit = settings.REVIEW_READINGS_PER_HOUR
    if limit:
        exports = ReviewAccess.objects.filter(
            reviewer_id=reviewer_id,
            action=ReviewAccess.Action.EXPORTED_CASE,
            at__gt=timezone.now() - HOUR,
        )
        _refuse_if_recent(exports, limit - 1)


def _refuse_if_recent(rows, newer):
    """Raise TooManyReadings if more than `newer` (a number of rows) of `rows`, a queryset of
    ReviewAccess, are from the last hour."""
    oldest = next(
        iter(rows.order_by("-number").values_list("at", flat=True)[newer : newer + 1]), None
    )
    if oldest is not None and (wait := oldest + HOUR - timezone.now()) > timedelta(0):
        raise TooManyReadings(math.ceil(wait.total_seconds()))


def is_noted(reviewer_id):
    """Return True if a row of the access log in the last hour says that the reviewer with the id
    `reviewer_id` has reached the limit of readings. Used to record that only once an hour."""
    return ReviewAccess.objects.filter(
        reviewer_id=reviewer_id,
        action=ReviewAccess.Action.LIMITED,
        at__gt=timezone.now() - HOUR,
    ).exists()
