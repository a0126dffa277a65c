"""Which box of code is coloured next, and what is known of those that were."""

import atexit
import logging
import os
import threading
from collections import OrderedDict, deque
from collections.abc import Hashable
from concurrent.futures import Future
from hashlib import blake2b
from typing import NamedTuple

from ..sanitizer import clean
from .limits import AGAIN_SECONDS, JOB_SECONDS
from .process import Crash, Process, Unavailable

logger = logging.getLogger(__name__)

# How many boxes it is remembered of what they cost.
REMEMBERED = 5_000


class Coloured(NamedTuple):
    """The colours of a box of code.

    html: the code as sanitised HTML with its colours, None where it gets none. seconds: what of
    a text's allowance of processor time this takes; the same for the same code ever after, as
    long as it is remembered.
    """

    html: str | None
    seconds: float


class Job(NamedTuple):
    """A box of code to colour: `lexer` is Pygments' name of its language."""

    code: str
    lexer: str
    future: Future


class Jobs:
    """Jobs of all accounts, done one at a time, on one thread, by one process.

    Next is the account that has had the least processor time (start-time fair queueing), and of
    its jobs the oldest: whoever asks for much waits for those who ask for little, and who comes
    anew waits for one job.
    """

    def __init__(self) -> None:
        self.process = Process()
        self._lock = threading.Condition()
        self._waiting: dict[Hashable, deque[Job]] = {}
        # Seconds that each account has used, and how many the one that was served last had.
        self._used: dict[Hashable, float] = {}
        self._level = 0.0
        # What boxes cost, by their hash; JOB_SECONDS or more says that they get no colours.
        self._costs: OrderedDict[bytes, float] = OrderedDict()
        self._thread: threading.Thread | None = None

    def add(self, code: str, lexer: str, account: Hashable) -> Future:
        """The future Coloured of a box. Cancel it where nobody waits any longer."""
        future: Future = Future()
        with self._lock:
            cost = self._costs.get(_key(code, lexer), 0)
            if cost >= JOB_SECONDS:
                future.set_result(Coloured(None, cost))
                return future
            self._used[account] = max(self._used.get(account, 0), self._level)
            self._waiting.setdefault(account, deque()).append(Job(code, lexer, future))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="colouring", daemon=True)
                self._thread.start()
            self._lock.notify()
        return future

    def _run(self) -> None:
        while True:
            with self._lock:
                while not self._waiting:
                    self._lock.wait()
                account, job = self._next()
            if not job.future.set_running_or_notify_cancel():
                continue
            try:
                coloured = self._colour(job)
            except BaseException as error:
                job.future.set_exception(error)
                continue
            with self._lock:
                self._used[account] = self._used.get(account, self._level) + coloured.seconds
            job.future.set_result(coloured)

    def _next(self) -> tuple[Hashable, Job]:
        account = min(self._waiting, key=self._used.__getitem__)
        self._level = self._used[account]
        jobs = self._waiting[account]
        job = jobs.popleft()
        if not jobs:
            del self._waiting[account]
        # Who has had no more than those who come anew is one of them.
        for name in [name for name, used in self._used.items() if used < self._level]:
            del self._used[name]
        return account, job

    def _colour(self, job: Job) -> Coloured:
        """Have a job done, by a second process where the first one ended with it."""
        with self._lock:
            is_known = _key(job.code, job.lexer) in self._costs
        limit = AGAIN_SECONDS if is_known else JOB_SECONDS
        for last in (False, True):
            try:
                answer = self.process.ask({"code": job.code, "lexer": job.lexer, "limit": limit})
            except Unavailable as error:
                # The machine is too busy, or the process was stopped: no fault of the code's.
                logger.warning("The process that colours code: %s", error)
                return Coloured(None, 0)
            except Crash as error:
                if last:
                    logger.warning("The process that colours code: %s", error)
                    answer = {"html": None, "seconds": JOB_SECONDS}
            else:
                break
        html = answer["html"]
        seconds = self._remember(job, answer["seconds"] if html is not None else JOB_SECONDS)
        if html is None or seconds >= JOB_SECONDS:
            return Coloured(None, seconds)
        return Coloured(clean(html), seconds)

    def _remember(self, job: Job, seconds: float) -> float:
        """What the job costs: what it took, or what it took the first time."""
        key = _key(job.code, job.lexer)
        with self._lock:
            seconds = self._costs.setdefault(key, seconds)
            self._costs.move_to_end(key)
            if len(self._costs) > REMEMBERED:
                self._costs.popitem(last=False)
        return seconds


def _key(code: str, lexer: str) -> bytes:
    return blake2b(f"{lexer}\n{code}".encode(), digest_size=16).digest()


_jobs = Jobs()


def colour(code: str, lexer: str, account: Hashable = None) -> Future:
    """The future Coloured of a box of code, from any thread; cancel it where nobody waits.

    lexer is Pygments' name of its language. Accounts (any hashable value, as a person's id) share
    the process fairly.
    """
    return _jobs.add(code, lexer, account)


def pid() -> int | None:
    """The id of the process that colours for this one, None where there is none."""
    return _jobs.process.pid


def _forked() -> None:
    global _jobs
    _jobs.process.forget()
    _jobs = Jobs()


atexit.register(lambda: _jobs.process.close())
os.register_at_fork(after_in_child=_forked)
