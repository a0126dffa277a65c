"""Leases of jobs: which process works on which, by guarded updates."""

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
    """The job is no longer ours: it was cancelled, or another process has it."""


def claim(lease, *, is_here, job_id=None):
    """A Job that is waiting, or whose process died, with `lease` on it now; None where there is
    none for this process. `is_here(job)` says whether it can be done by it; only `job_id` is looked
    at where that is given."""
    dead = Q(state=State.RUNNING, heartbeat_at__lt=Now() - DEAD_AFTER)
    free = Job.objects.filter(Q(state=State.WAITING) | dead)
    looked_at = free.filter(owner__is_active=True).order_by("created_at")
    if job_id is not None:
        looked_at = looked_at.filter(pk=job_id)
    busy = Job.objects.filter(state=State.RUNNING, heartbeat_at__gte=Now() - DEAD_AFTER)
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
    """Beat the heart of a job and store `fields` of it. Raises Lost where it is no longer ours."""
    held = Job.objects.filter(pk=job.pk, lease=lease, state=State.RUNNING)
    if not held.update(heartbeat_at=Now(), attempts=0, **fields):
        raise Lost


def release(job, lease):
    """Give a job back, so that any process goes on with it."""
    Job.objects.filter(pk=job.pk, lease=lease, state=State.RUNNING).update(
        state=State.WAITING, lease=None, attempts=0
    )


def end(job, state, **fields):
    """End an open job as `state`, store `fields` of it and remove the file of an import; whether it
    was open."""
    ended = Job.objects.filter(pk=job.pk, state__in=Job.OPEN)
    if not ended.update(state=state, lease=None, finished_at=Now(), **fields):
        return False
    remove_file(job)
    return True


def end_without_file(job):
    """End the import whose file is gone, and say so in its report."""
    fault = {**Report.from_json(job.report).as_json(), "fault": "gone"}
    end(job, State.FAILED, report=fault)


def remove_file(job):
    """Remove the file of an import that has ended."""
    if job.kind == Job.Kind.IMPORT and job.subject:
        (settings.IMPORT_FOLDER / job.subject).unlink(missing_ok=True)


def _is_nowhere(job):
    """Whether a file that is not here cannot be expected elsewhere: where the database is a file
    of this machine there is no other one."""
    last = max(job.heartbeat_at or job.created_at, job.created_at)
    return connection.vendor == "sqlite" or timezone.now() - last > GONE_AFTER
