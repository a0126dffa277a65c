"""Threads in which requests are answered: a few lasting ones, shared fairly between people.

A request of somebody who has fewer threads goes before one of somebody who has more; nobody has
more than a share of them, and long work (reports, exports) has at most half, one at a time for each
person. A request that waits for a thread does so on the event loop.

A request that has waited on the database for longer than its deadline is cut off from it.
"""

import asyncio
import logging
import threading
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from chatsite.share import share_of
from chatsite.stuck_queries import cut, waiting_connection
from chatsite.unread_answers import Unread

logger = logging.getLogger(__name__)

DEADLINE = 4.0  # seconds that a request may take where it waits on the database
LONG_DEADLINE = 30.0  # the same for reports, files and the search of reviews
LOOK = 0.25  # seconds between two looks for requests past their deadline
RECENTLY = 5.0  # seconds after a cut for which the database counts as stuck


class DatabaseStuck(Exception):
    """Raised if a request got no thread in time, since others wait on a frozen database."""


@dataclass(eq=False, slots=True)
class Work:
    """Call that needs a thread, for one request.

    `requester` is a string that names the person or address whose share it counts in, `is_long`
    says that it is long work. `answer` is the Unread of the answer that it begins; None if it
    makes a further piece of one. `asked_at` and `began_at` are times of time.monotonic(): when it
    asked for a thread, and when it got one (None: not yet). `ready` is a future whose result is the
    RequestThread, None if it need not wait for one.
    """

    requester: str
    is_long: bool = False
    answer: Unread | None = None
    asked_at: float = field(default_factory=time.monotonic)
    began_at: float | None = None
    ready: asyncio.Future | None = None

    @property
    def seconds(self):
        """Deadline: how many seconds the work may take if it waits on the database."""
        return LONG_DEADLINE if self.is_long else DEADLINE

    def is_late(self, now, is_stuck):
        """Return True if the work's deadline has passed at `now`, a time of time.monotonic().

        The deadline counts from when the work got its thread; while the database is stuck
        (`is_stuck`), from when it asked for one, since nobody is to wait first for a thread and
        then for the database.
        """
        if is_stuck:
            return now > self.asked_at + self.seconds
        return self.began_at is not None and now > self.began_at + self.seconds


class RequestThread:
    """Lasting thread that runs one function at a time. `number` becomes part of its name; `work` is
    the Work that it does now, None if it is free."""

    def __init__(self, number):
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=f"request-{number}")
        self.work = None
        self._id = None

    def submit(self, loop, function, *arguments):
        """Run `function(*arguments)` in the thread; return a future of its result on `loop`, the
        event loop."""
        return loop.run_in_executor(self._executor, self._run, function, *arguments)

    def _run(self, function, *arguments):
        """Store the thread's ident, by which a stuck query is found, and return
        `function(*arguments)`."""
        self._id = threading.get_ident()
        return function(*arguments)

    def cut_if_late(self, now, is_stuck):
        """Cut the thread off from the database if it waits there past its deadline.

        `now` is a time of time.monotonic(); `is_stuck` says that the database counts as stuck.
        Returns True if it was cut off.
        """
        if self.work is None or not self.work.is_late(now, is_stuck):
            return False
        connection = waiting_connection(self._id)
        if connection is None:
            return False
        cut(connection)
        return True


class RequestThreads:
    """Pool of `count` lasting threads, shared fairly between people; used on the event loop."""

    def __init__(self, count):
        self._threads = [RequestThread(number) for number in range(count)]
        self._free = list(self._threads)
        self._most_long = max(count // 2, 1)
        self._waiting = {}
        self._used = Counter()
        self._long = Counter()
        self._watching = None
        self._cut_at = float("-inf")

    async def run(self, requester, function, *arguments, is_long=False, answer=None):
        """Return `function(*arguments)`, called in one of the threads; wait until one is free.

        `requester` is a string that names the person or address whose share is counted, `is_long`
        says that it is long work. `answer` is the Unread of the answer that it begins, which waits
        until there is room for it; None if it makes a further piece of one. Raises DatabaseStuck if
        no thread is free in time. A call that began runs to its end, also when the caller is
        cancelled.
        """
        work = Work(requester, is_long, answer)
        thread = await self._take(work)
        loop = asyncio.get_running_loop()
        answer = thread.submit(loop, function, *arguments)
        answer.add_done_callback(lambda _answer: self._give_back(thread))
        try:
            await asyncio.wait({answer})
        except asyncio.CancelledError:
            # It cannot be stopped: the caller may not go on while its thread still works.
            await asyncio.wait({answer})
            raise
        return answer.result()

    async def _take(self, work):
        """Wait for a free thread for `work` (a Work), and return the RequestThread, which is
        occupied then. Raise DatabaseStuck if the database is stuck and the work's deadline
        passes."""
        self._watch()
        if self._free and self._may_start(work):
            return self._start(work)
        work.ready = asyncio.get_running_loop().create_future()
        queue = self._waiting.setdefault(work.requester, deque())
        queue.append(work)
        try:
            return await work.ready
        except asyncio.CancelledError:
            if work in queue:
                queue.remove(work)
            elif work.ready.done() and not work.ready.cancelled() and not work.ready.exception():
                self._give_back(work.ready.result())
            raise

    def _may_start(self, work):
        """Return True if `work` (a Work) may get a thread: its requester has less than their share
        of threads, there is memory for the answer that it begins, and long work is within its
        limits (one for each requester, half of all threads)."""
        if self._used[work.requester] >= share_of(len(self._threads)):
            return False
        if work.answer is not None and not work.answer.has_room():
            return False
        if not work.is_long:
            return True
        return not self._long[work.requester] and self._long.total() < self._most_long

    def _start(self, work):
        """Give `work` (a Work) a free thread, count it for its requester, and return the
        RequestThread."""
        thread = self._free.pop()
        thread.work = work
        work.began_at = time.monotonic()
        if work.answer is not None:
            work.answer.begin()
        self._used[work.requester] += 1
        if work.is_long:
            self._long[work.requester] += 1
        return thread

    def _give_back(self, thread):
        """Make `thread` (a RequestThread) free again, and give it to a waiting call."""
        work, thread.work = thread.work, None
        for counts in (self._used, self._long) if work.is_long else (self._used,):
            counts[work.requester] -= 1
            if not counts[work.requester]:
                del counts[work.requester]
        self._free.append(thread)
        self.start_next()

    def start_next(self):
        """Give free threads to waiting calls, first to those of the requester with the fewest
        threads. Call it when a thread is free, or when there is memory for further answers."""
        while self._free:
            ready = [
                (self._used[requester], queue)
                for requester, queue in self._waiting.items()
                if queue and self._next_of(queue) is not None
            ]
            if not ready:
                break
            _used, queue = min(ready, key=lambda each: each[0])
            work = self._next_of(queue)
            queue.remove(work)
            # Behind all others who wait.
            self._waiting[work.requester] = self._waiting.pop(work.requester)
            if not work.ready.done():
                work.ready.set_result(self._start(work))
        for requester in [name for name, queue in self._waiting.items() if not queue]:
            del self._waiting[requester]

    def _next_of(self, queue):
        """Return the first Work in one requester's `queue` that may start now; None if none may."""
        return next((work for work in queue if self._may_start(work)), None)

    def _watch(self):
        """Start the task that cuts off calls that are stuck, unless it is running."""
        if self._watching is None or self._watching.done():
            self._watching = asyncio.get_running_loop().create_task(self._cut_what_is_stuck())

    async def _cut_what_is_stuck(self):
        """Look every LOOK seconds for calls that wait on the database past their deadline, and cut
        them off; return when no call runs or waits. While the database is stuck, calls that wait
        for a thread past their deadline are refused too."""
        while len(self._free) < len(self._threads) or self._waiting:
            await asyncio.sleep(LOOK)
            now = time.monotonic()
            is_stuck = now - self._cut_at < RECENTLY
            cuts = [thread.cut_if_late(now, is_stuck) for thread in self._threads]
            if any(cuts):
                self._cut_at = now
                logger.warning(
                    "Requests waited too long for the database and were cut off: %s.", sum(cuts)
                )
            if is_stuck or any(cuts):
                self._refuse_late(now)

    def _refuse_late(self, now):
        """Refuse the calls that wait for a thread and whose deadline has passed at `now`, a time of
        time.monotonic(): they raise DatabaseStuck."""
        for queue in self._waiting.values():
            for work in [work for work in queue if work.is_late(now, is_stuck=True)]:
                queue.remove(work)
                if not work.ready.done():
                    work.ready.set_exception(DatabaseStuck())
