"""Job that deletes all conversations that are due, each night: its work object, and ordering it."""

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
    """Work object of the nightly Job that deletes all conversations that were due (by retention
    rules, in the trash …) when the Job was created. The Job's `report` has the numbers deleted by
    kind. `conversations.jobs.job_kinds` describes the methods of work objects."""

    def __init__(self, job):
        self._sweep = Sweep(now=job.created_at, counts=job.report)

    def read(self):
        """Return the next `(kind, list of Conversations)` to delete; None if none is left. `kind`
        names the cause, such as a retention rule or the trash. Only reads."""
        return self._sweep.next()

    def store(self, piece):
        """Delete, within about 20 ms, some of the Conversations of `piece` (from `read`); `read`
        then returns the rest again. Call it in a transaction."""
        self._sweep.remove(*piece)

    def finish(self):
        """Record in the access log how much was deleted, by kind; call it in the transaction that
        ends the Job."""
        self._sweep.record(record_change)

    def fields(self):
        """Return the columns of the Job that say how far it is, as a dict: `report`, the numbers
        deleted by kind, and `done`, the number of conversations deleted."""
        counts = self._sweep.counts
        return {"report": counts, "done": sum(counts.values()) - counts["held"] - counts["files"]}

    def close(self):
        """Do nothing: no file is open."""


def order_nightly(now=None):
    """Create the Job that deletes the conversations that are due tonight, if there are retention
    rules, it is HOUR o'clock (site's time zone) or later, no process has created one since then,
    and last night's is done. `now` is an aware datetime (None: the current time)."""
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
