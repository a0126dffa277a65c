"""The work of the nightly job that deletes what the retention rules say, and ordering that job."""

from contextlib import suppress
from datetime import datetime, time, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from conversations.keeping.sweep import Sweep
from conversations.models import Job, RetentionRule
from conversations.review.record_access import record_change

# The hour of the day, in the site's time zone (TIME_ZONE), from which on a night's run is ordered.
HOUR = 2


class RetentionWork:
    """Deletes all conversations that are due when the Job was created; the Job's `report` has their
    numbers by kind. Its methods are those that `conversations.jobs.work` describes."""

    def __init__(self, job):
        self._sweep = Sweep(now=job.created_at, counts=job.report)

    def read(self):
        """Return the next `(kind, list of Conversations)` to delete; None if none is left."""
        return self._sweep.next()

    def store(self, piece):
        """Delete some of the conversations of `piece`, within some 20 ms; `read` returns the
        others again. Needs a transaction."""
        self._sweep.remove(*piece)

    def finish(self):
        """Record the numbers in the access log; needs the transaction that ends the Job."""
        self._sweep.record(record_change)

    def fields(self):
        """Return the columns of the Job that say how far it is: `report` and `done`."""
        counts = self._sweep.counts
        return {"report": counts, "done": sum(counts.values()) - counts["held"] - counts["files"]}

    def close(self):
        """Do nothing: no file is open."""


def order_nightly(now=None):
    """Create the Job of this night's retention run, once a day for all processes together, from
    HOUR on, if there are rules. `now` is an aware datetime (None: the current time)."""
    now = timezone.localtime(now, timezone.get_default_timezone())
    began = timezone.make_aware(datetime.combine(now.date(), time(HOUR)), now.tzinfo)
    if now < began or not RetentionRule.objects.exists():
        return
    runs = Job.objects.filter(kind=Job.Kind.RETENTION)
    if runs.filter(created_at__gte=began, created_at__lt=began + timedelta(days=1)).exists():
        return
    # Refused if another process was first, or the run of the night before is not done yet.
    with suppress(IntegrityError), transaction.atomic():
        Job.objects.create(owner=None, kind=Job.Kind.RETENTION)
