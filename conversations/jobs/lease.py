"""Leases of jobs: which process works on which Job, so that no two do the same one.

A lease is a UUID that each process (or request that does a job by itself) makes for itself; it is
stored in the row of each Job that the process has claimed. It ends if the process does not renew
the Job's heartbeat within DEAD_AFTER. Each change is one conditional UPDATE.
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
# Without a heartbeat for so long, the process that holds a lease counts as dead.
DEAD_AFTER = timedelta(seconds=settings.REPLY_DEAD)
MOST_ATTEMPTS = 5
# After so long without a heartbeat, the file of an import counts as gone on all machines.
GONE_AFTER = timedelta(days=1)
_LOOKED_AT = 20  # number of the oldest Jobs that a claim considers


class Lost(Exception):
    """Raised if a process does not hold the lease of a Job any more: the Job was cancelled, or
    another process has claimed it."""


def claim(lease, *, is_here, job_id=None):
    """Claim a Job that waits, or whose process has died, for the process with the lease `lease` (a
    UUID). Return the Job, or None if there is none to do.

    `is_here(job)` returns True if this process can do the Job, since the file of an import may be
    on another machine. `job_id` limits the choice to one Job. An owner has at most one running Job,
    none if the account is inactive; Jobs of the site itself have no owner. Jobs that were claimed
    MOST_ATTEMPTS times without progress are ended as failed, and so are imports whose file is gone.
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
    """Mark the one Job that the queryset `free` selects as running under `lease` (a UUID); return
    1, or 0 if another process has claimed it, or another Job of its owner, in the meantime."""
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
    """Renew the heartbeat of the Job `job`, set its `attempts` to 0 and store `fields`, further
    columns of it; in a transaction this also locks the row. Raise Lost if the process with this
    `lease` (a UUID) does not have the Job any more."""
    held = Job.objects.filter(pk=job.pk, lease=lease, state=State.RUNNING)
    if not held.update(heartbeat_at=Now(), attempts=0, **fields):
        raise Lost


def release(job, lease):
    """Set a running Job to waiting, so that any process can continue it at once. `lease` is the
    UUID under which it was claimed; do nothing if the Job is no longer held under it."""
    Job.objects.filter(pk=job.pk, lease=lease, state=State.RUNNING).update(
        state=State.WAITING, lease=None, attempts=0
    )


def end(job, state, **fields):
    """Set the state of an open Job to `state` (a final Job.State), store `fields`, further columns
    of it, and delete the file of an import. Return True if the Job was open; otherwise change
    nothing and return False."""
    ended = Job.objects.filter(pk=job.pk, state__in=Job.OPEN)
    if not ended.update(state=state, lease=None, finished_at=Now(), **fields):
        return False
    remove_file(job)
    return True


def end_without_file(job):
    """End the import `job` (a Job) as failed because its file is missing, and store `"fault":
    "gone"` in its report."""
    fault = {**Report.from_json(job.report).as_json(), "fault": "gone"}
    end(job, State.FAILED, report=fault)


def remove_file(job):
    """Delete the uploaded file of the Job `job`, if it is an import that has ended."""
    if job.kind == Job.Kind.IMPORT and job.subject:
        (settings.IMPORT_FOLDER / job.subject).unlink(missing_ok=True)


def _is_nowhere(job):
    """Return True if the file of the import `job`, missing here, is not on another machine either:
    on SQLite there is no other, else none has renewed the heartbeat for GONE_AFTER."""
    last = max(job.heartbeat_at or job.created_at, job.created_at)
    return connection.vendor == "sqlite" or timezone.now() - last > GONE_AFTER
