"""Queue of syntax highlighting: decides which account's code is next, and remembers how much
processor time each piece of code took."""

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

# For how many pieces of code the processor time is remembered.
REMEMBERED = 5_000


class Highlighted(NamedTuple):
    """Result of highlighting one piece of code.

    html: the code as sanitised HTML with a <span> around each highlighted token, None if it was not
    highlighted. seconds: the processor time to charge to the text that the code is in, which may
    use TEXT_SECONDS; for the same code always that of the first time, as long as that is
    remembered.
    """

    html: str | None
    seconds: float


class Job(NamedTuple):
    """Piece of code to highlight, Pygments' name of its language, and the future for the result
    (Highlighted)."""

    code: str
    lexer: str
    future: Future


class Jobs:
    """Queue of highlighting for all accounts, worked through one job at a time by one thread and
    one child process.

    Next is the account that has used the least processor time (start-time fair queueing), and of
    its jobs the oldest, so that an account with many jobs does not hold up those with few.
    """

    def __init__(self) -> None:
        self.process = Process()
        self._lock = threading.Condition()
        self._waiting: dict[Hashable, deque[Job]] = {}
        # Processor seconds that each account has used, and those of the account served last.
        self._used: dict[Hashable, float] = {}
        self._level = 0.0
        # Processor seconds by hash of the code; JOB_SECONDS or more: it is not highlighted.
        self._costs: OrderedDict[bytes, float] = OrderedDict()
        self._thread: threading.Thread | None = None

    def add(self, code: str, lexer: str, account: Hashable) -> Future:
        """Queue `code` for highlighting and return the future result (Highlighted); if the same
        code took too long before, the future is done already, its `html` None. `lexer` is Pygments'
        name of the language; `account` is any hashable value by which processor time is shared
        fairly, as a person's id."""
        future: Future = Future()
        with self._lock:
            cost = self._costs.get(_key(code, lexer), 0)
            if cost >= JOB_SECONDS:
                future.set_result(Highlighted(None, cost))
                return future
            self._used[account] = max(self._used.get(account, 0), self._level)
            self._waiting.setdefault(account, deque()).append(Job(code, lexer, future))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="highlighting", daemon=True)
                self._thread.start()
            self._lock.notify()
        return future

    def _run(self) -> None:
        """Highlight the code of one job after another, those of the accounts with the least use
        first. Body of the thread; never returns."""
        while True:
            with self._lock:
                while not self._waiting:
                    self._lock.wait()
                account, job = self._next()
            if not job.future.set_running_or_notify_cancel():
                continue
            try:
                highlighted = self._highlight(job)
            except BaseException as error:
                job.future.set_exception(error)
                continue
            with self._lock:
                self._used[account] = self._used.get(account, self._level) + highlighted.seconds
            job.future.set_result(highlighted)

    def _next(self) -> tuple[Hashable, Job]:
        """Remove and return the job to do next, with its account. There must be one."""
        account = min(self._waiting, key=self._used.__getitem__)
        self._level = self._used[account]
        jobs = self._waiting[account]
        job = jobs.popleft()
        if not jobs:
            del self._waiting[account]
        # An account that has used less than a new one starts with is as good as new: forget it.
        for name in [name for name, used in self._used.items() if used < self._level]:
            del self._used[name]
        return account, job

    def _highlight(self, job: Job) -> Highlighted:
        """Return the Highlighted of `job`, whose `html` is None if the code was not highlighted. If
        the child process ends during the job, the job is tried once more in a new process."""
        with self._lock:
            is_known = _key(job.code, job.lexer) in self._costs
        limit = AGAIN_SECONDS if is_known else JOB_SECONDS
        for last in (False, True):
            try:
                answer = self.process.ask({"code": job.code, "lexer": job.lexer, "limit": limit})
            except Unavailable as error:
                # The machine is too busy, or the process was stopped: not because of this code.
                logger.warning("The process that highlights code: %s", error)
                return Highlighted(None, 0)
            except Crash as error:
                if last:
                    logger.warning("The process that highlights code: %s", error)
                    answer = {"html": None, "seconds": JOB_SECONDS}
            else:
                break
        html = answer["html"]
        seconds = self._remember(job, answer["seconds"] if html is not None else JOB_SECONDS)
        if html is None or seconds >= JOB_SECONDS:
            return Highlighted(None, seconds)
        return Highlighted(clean(html), seconds)

    def _remember(self, job: Job, seconds: float) -> float:
        """Return the processor time to charge for the job: that of the first time the same code was
        highlighted, which is `seconds` if it is new."""
        key = _key(job.code, job.lexer)
        with self._lock:
            seconds = self._costs.setdefault(key, seconds)
            self._costs.move_to_end(key)
            if len(self._costs) > REMEMBERED:
                self._costs.popitem(last=False)
        return seconds


def _key(code: str, lexer: str) -> bytes:
    """Return a hash of the code and its language."""
    return blake2b(f"{lexer}\n{code}".encode(), digest_size=16).digest()


_jobs = Jobs()


def highlight(code: str, lexer: str, account: Hashable = None) -> Future:
    """Queue `code` for syntax highlighting and return the future result, a Highlighted. May be
    called from any thread; cancel the future where nobody waits for it any longer.

    `lexer` is Pygments' name of the language. `account` is any hashable value, as a person's id:
    accounts share the child process fairly.
    """
    return _jobs.add(code, lexer, account)


def pid() -> int | None:
    """Return the process id of this process's child that highlights code, None if there is none."""
    return _jobs.process.pid


def _forked() -> None:
    """Replace the queue by an empty one without a child process. Called after a fork, in the new
    process."""
    global _jobs
    _jobs.process.forget()
    _jobs = Jobs()


atexit.register(lambda: _jobs.process.close())
os.register_at_fork(after_in_child=_forked)
