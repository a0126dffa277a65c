"""Runner of background jobs: does the Jobs that a process has claimed, one piece of each in turn.

`Runner.step` is called once a second, and sooner while there is work, in a thread with its own
database connection. The thread that stores replies does not do it: a piece takes longer than
replies may wait.
"""

import asyncio
import logging
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from conversations.database.outage import passes, sentence
from conversations.jobs import lease as leases
from conversations.jobs.erase_work import order_erasing
from conversations.jobs.job_kinds import is_here, open_work
from conversations.models import Conversation, Job
from conversations.readiness import readiness
from conversations.transfer.report import Unreadable

logger = logging.getLogger(__name__)

LOOK = 1  # seconds between two queries for Jobs while there are none
# Seconds between two pieces: PAUSE if the process has done anything else in the last LULL seconds,
# to which about half of its time is left; else BRIEF_PAUSE, in which a first request can begin.
PAUSE = 0.1
BRIEF_PAUSE = 0.005
# A pause is at least so many times as long as the transaction of the piece before it. A process
# that waits for SQLite's lock polls it every 1 to 25 ms: with pauses of 5 ms after pieces of 17 ms
# the longest wait of a writer was 110 ms, with these 41 ms.
LEFT_TO_OTHERS = 2
LULL = 1
WALL_FACTOR = 5  # limit of elapsed time in `run_briefly`, as a multiple of its `seconds`
AT_ONCE = 4  # jobs of a process, at most one of each person
BEAT = 5  # seconds between two heartbeats while nothing is to be stored
KEPT = timedelta(days=30)  # for which the row of an ended Job is kept
FORGOTTEN = 86_400  # seconds after which a file without an open import is deleted

State = Job.State
_brief = threading.Lock()


async def run_jobs(is_busy):
    """Coroutine: do background jobs in this process until the coroutine is cancelled, then set
    unfinished ones to waiting, for another process. `is_busy(seconds)` is a function that returns
    True if the process did anything else in the last `seconds`; the pauses between pieces are then
    longer (PAUSE instead of BRIEF_PAUSE)."""
    runner, loop = Runner(), asyncio.get_running_loop()
    with ThreadPoolExecutor(1, thread_name_prefix="jobs") as thread:
        try:
            while True:
                await asyncio.sleep(LOOK)
                if readiness.is_waiting:
                    continue
                while await loop.run_in_executor(thread, _step, runner):
                    least = PAUSE if is_busy(LULL) else BRIEF_PAUSE
                    await asyncio.sleep(max(least, LEFT_TO_OTHERS * runner.held))
        finally:
            thread.submit(_close, runner)


def _step(runner):
    """Call and return `runner.step()`; if that raises, log the exception and return False. Close
    the thread's database connections while there is no work."""
    works = False
    try:
        works = runner.step()
    except Exception as error:
        readiness.notice(error)
        if passes(error):
            logger.warning("%s: background jobs wait.", sentence(error))
        else:
            logger.exception("The background jobs failed.")
    finally:
        if not works:
            connections.close_all()
    return works


def _close(runner):
    """Call `runner.close()` and close the thread's database connections."""
    try:
        runner.close()
    except Exception:
        logger.exception("The background jobs were not given back.")
    finally:
        connections.close_all()


class Runner:
    """Runner of the Jobs that one process has claimed, one piece of each in turn: at most AT_ONCE,
    of which at most one of each person (those of the site have no owner).

    `held` is the duration in seconds of the transaction that stored the last piece."""

    def __init__(self):
        self.held = 0.0
        self._lease = uuid.uuid4()
        self._running = {}  # job id -> (Job, work)
        self._looked = self._cleaned = float("-inf")

    def step(self):
        """Claim a further Job if there is one, and do one piece of the Job whose turn it is; every
        ten minutes also `clean_up`. Return True if a piece was done, so that the next call should
        follow soon."""
        may_look = not self._running or time.monotonic() - self._looked > LOOK
        if may_look and len(self._running) < AT_ONCE:
            job = leases.claim(self._lease, is_here=is_here)
            if job is None:
                self._looked = time.monotonic()
            else:
                self._open(job)
        worked = bool(self._running)
        if worked:
            pk, (job, work) = next(iter(self._running.items()))
            del self._running[pk]
            goes_on, self.held = do_piece(job, work, self._lease)
            if goes_on:
                self._running[pk] = (job, work)  # after the others
            else:
                work.close()
        if time.monotonic() - self._cleaned > 600:
            self._cleaned = time.monotonic()
            clean_up()
        return worked

    def close(self):
        """Set all running Jobs to waiting, so that another process can continue them at once."""
        for job, work in self._running.values():
            work.close()
            leases.release(job, self._lease)
        self._running.clear()

    def _open(self, job):
        """Add `job`, which this process has claimed, to the running Jobs; end it as failed if its
        file cannot be opened."""
        try:
            self._running[job.pk] = (job, open_work(job))
        except OSError as error:
            logger.error("The file of job %s cannot be opened: %s", job.pk, error)
            leases.end_without_file(job)


def run_briefly(job, seconds):
    """Do the waiting Job `job` in the caller's thread, so that a short one is done within the
    request: for up to `seconds` of the thread's processor time, and up to WALL_FACTOR times as many
    seconds of elapsed time, for child processes that read files. Return the Job with its present
    columns; if it is not done, the background runners continue it.

    Nothing is done if another Job of its owner is running, or another thread of this process is in
    this function, since few threads serve requests.
    """
    if not _brief.acquire(blocking=False):
        return job
    try:
        return _run(job, seconds)
    finally:
        _brief.release()


def _run(job, seconds):
    """Claim the Job and work on it within the limits of `run_briefly`; return it reloaded from the
    database, unchanged if it could not be claimed."""
    lease, began, wall = uuid.uuid4(), time.thread_time(), time.monotonic()
    claimed = leases.claim(lease, is_here=is_here, job_id=job.pk)
    if claimed is not None:
        work = open_work(claimed)
        try:
            while do_piece(claimed, work, lease)[0]:
                used = max(time.thread_time() - began, (time.monotonic() - wall) / WALL_FACTOR)
                if used > seconds:
                    leases.release(claimed, lease)
                    break
        finally:
            work.close()
    job.refresh_from_db()
    return job


def do_piece(job, work, lease):
    """Do the next piece of a claimed Job in one transaction. Return `(goes_on, held)`. `goes_on` is
    True if more pieces follow, False if the Job is done, has failed or was lost to another process;
    `held` is how many seconds the transaction took, 0 if there was none.

    `work` is the work object of the Job (`jobs.job_kinds`), `lease` the UUID under which this
    process claimed it. Exceptions are not raised: after an unexpected one (logged, unless it is an
    outage of the database) `goes_on` is False, and the Job is claimed again when its lease has
    ended.
    """
    held = 0.0
    try:
        piece = work.read()
        if piece or piece is None or time.monotonic() - getattr(work, "beaten", 0) > BEAT:
            began = time.monotonic()
            with transaction.atomic():
                # First, since it also locks the row: who cancels waits until this piece is stored.
                leases.hold(job, lease)
                if piece:
                    work.store(piece)
                ending = {} if piece is not None else {"state": State.DONE}
                if ending:
                    work.finish()
                    ending["finished_at"] = timezone.now()
                leases.hold(job, lease, **work.fields(), **ending)
            work.beaten = time.monotonic()
            held = work.beaten - began
        if piece is None:
            leases.remove_file(job)
        return piece is not None, held
    except leases.Lost:
        return False, held
    except Unreadable:
        leases.end(job, State.FAILED, report=work.fields()["report"])
        return False, held
    except Exception as error:
        # It is claimed again when its lease has run out, at most MOST_ATTEMPTS times.
        if not passes(error):
            logger.exception("A piece of job %s failed.", job.pk)
        return False, held


def cancel(job):
    """End the open Job `job` as cancelled. What it has done stays, except a conversation that was
    imported only in part: another Job is created to delete that. Do nothing if the Job has
    ended."""
    if not leases.end(job, State.CANCELLED):
        return
    job.refresh_from_db()
    opened = (job.cursor or {}).get("open")
    half = Conversation.objects.of(job.owner).filter(pk=opened).first() if opened else None
    if half is not None:
        order_erasing(half)


def clean_up():
    """Delete the rows of Jobs that ended more than KEPT ago, and files of IMPORT_FOLDER that belong
    to no open import and are older than FORGOTTEN seconds."""
    Job.objects.filter(finished_at__lt=timezone.now() - KEPT).delete()
    if not settings.IMPORT_FOLDER.is_dir():
        return
    wanted = set(
        Job.objects.filter(kind=Job.Kind.IMPORT, state__in=Job.OPEN).values_list(
            "subject", flat=True
        )
    )
    for path in settings.IMPORT_FOLDER.iterdir():
        old = time.time() - path.stat().st_mtime > FORGOTTEN
        if old and path.is_file() and path.name not in wanted:
            path.unlink(missing_ok=True)
