"""Leases of jobs: which process works on which Job. Each change is one guarded UPDATE.

A lease is a UUID that a process has, or a request that does a job by itself. It stands on the row
of the Job and ends if its heartbeat is not renewed.
"""

from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from conversations.models import Job
from conversations.transfer.report import Report

State = Job.State
# A lease without a heartbeat for so long belongs to a process that died.
DEAD_AFTER = timedelta(seconds=settings.REPLY_DEAD)
MOST_ATTEMPTS = 5
# A file that no machine has had for so long is taken as gone.
GONE_AFTER = timedelta(days=1)
_LOOKED_AT = 20  # of the oldest jobs, when one is claimed


class Lost(Exception):
    """Raised if a process does not have a Job any more: it was cancelled, or taken by another."""


def claim(lease, *, is_here, job_id=None):
    """Take a Job that waits, or whose process died, for the process with the UUID `lease`.

    Returns the Job, None if there is none to take. `is_here(job)` returns True if this process can
    do it, since an import's file may lie on another machine. `job_id` restricts it to that Job. A
    person has one running Job at a time. Jobs that were begun MOST_ATTEMPTS times in vain are
    ended.
    """
    dead = Q(state=State.RUNNING, heartbeat_at__lt=Now() - DEAD_AFTER)
    free = Job.objects.filter(Q(state=State.WAITING) | dead)
    # A Job of the site itself has no owner.
    mine = Q(owner=None) | Q(owner__is_active=True)
    looked_at = free.filter(mine).order_by("created_at")
    if job_id is not None:
        looked_at = looked_at.filter(pk=job_id)
    busy = Job.objects.filter(
        state=State.RUNNING, heartbeat_at__gte=Now() - DEAD_AFTER, owner__isnull=False
    )
    for job in looked_at.exclude(owner__in=busy.values("owner"))[:_LOOKED_AT]:
        if job.attempts >= MOST_ATTEMPTS:
            end(job, State.FAILED)
        elif not is_here(job):
            if _is_nowhere(job):
                end_without_file(job)
        elif _take(free.filter(pk=job.pk), lease):
            return Job.objects.select_related("owner").get(pk=job.pk)
    return None


def _take(free, lease):
    """Mark the Job of the query `free` as running under `lease`; return 1, or 0 if it was taken."""
    try:
        with transaction.atomic():
            return free.update(
                state=State.RUNNING,
                lease=lease,
                heartbeat_at=Now(),
                attempts=F("attempts") + 1,
            )
    except IntegrityError:
        # Another process began another job of the same person.
        return 0


def hold(job, lease, **fields):
    """Renew the heartbeat of a Job and store `fields`, columns of it. Call it in a transaction to
    lock the row. Raises Lost if the process with this `lease` does not have the Job any more."""
    held = Job.objects.filter(pk=job.pk, lease=lease, state=State.RUNNING)
    if not held.update(heartbeat_at=Now(), attempts=0, **fields):
        raise Lost


def release(job, lease):
    """Return a running Job to the waiting ones, so that any process continues it at once."""
    Job.objects.filter(pk=job.pk, lease=lease, state=State.RUNNING).update(
        state=State.WAITING, lease=None, attempts=0
    )


def end(job, state, **fields):
    """End an open Job as `state` (a Job.State), store `fields`, columns of it, and remove the file
    of an import. Returns True if the Job was open; else it does nothing and returns False."""
    ended = Job.objects.filter(pk=job.pk, state__in=Job.OPEN)
    if not ended.update(state=state, lease=None, finished_at=Now(), **fields):
        return False
    remove_file(job)
    return True


def end_without_file(job):
    """End an import as failed since its file is missing, and note that in its report."""
    fault = {**Report.from_json(job.report).as_json(), "fault": "gone"}
    end(job, State.FAILED, report=fault)


def remove_file(job):
    """Remove the uploaded file of a Job that has ended, if it is an import and has one."""
    if job.kind == Job.Kind.IMPORT and job.subject:
        (settings.IMPORT_FOLDER / job.subject).unlink(missing_ok=True)


def _is_nowhere(job):
    """Return True if the missing file of an import cannot be expected on another machine either:
    with SQLite there is only this one, else after GONE_AFTER."""
    last = max(job.heartbeat_at or job.created_at, job.created_at)
    return connection.vendor == "sqlite" or timezone.now() - last > GONE_AFTER
