"""The threads in which requests are answered: a few lasting ones, shared fairly between people.

A request of somebody who has fewer threads goes before one of somebody who has more; nobody has
more than a share of them, and long work (reports, exports) has at most half, one at a time for each
person. What waits does so on the event loop and costs no thread.

A request that has waited on the database for longer than its deadline is cut off from it.
"""

import asyncio
import logging
import threading
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from chatsite.person_shares import share_of
from chatsite.stuck_queries import cut, waiting_connection

logger = logging.getLogger(__name__)

DEADLINE = 4.0  # seconds that a request may take where it waits on the database
LONG_DEADLINE = 30.0  # the same for reports, files and the search of reviews
LOOK = 0.25  # seconds between two looks for requests past their deadline
RECENTLY = 5.0  # seconds after a cut for which the database counts as stuck


class DatabaseStuck(Exception):
    """No thread was free in time, since requests before this one wait on the database."""


@dataclass(eq=False, slots=True)
class Work:
    """One request for a thread: whose it is, whether it is long, and since when it waits and runs
    (time.monotonic())."""

    requester: str
    is_long: bool = False
    asked_at: float = field(default_factory=time.monotonic)
    began_at: float | None = None
    ready: asyncio.Future | None = None

    @property
    def seconds(self):
        return LONG_DEADLINE if self.is_long else DEADLINE

    def is_late(self, now, is_stuck):
        """Whether its deadline has passed at the moment `now`. It counts from when the request got
        its thread; while the database is stuck from when it asked for one, since nobody is to wait
        first for a thread and then for the database."""
        if is_stuck:
            return now > self.asked_at + self.seconds
        return self.began_at is not None and now > self.began_at + self.seconds


class RequestThread:
    """A thread that runs one function at a time."""

    def __init__(self, number):
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=f"request-{number}")
        self.work = None
        self._id = None

    def submit(self, loop, function, *arguments):
        """Run `function(*arguments)`; a future of its result."""
        return loop.run_in_executor(self._executor, self._run, function, *arguments)

    def _run(self, function, *arguments):
        self._id = threading.get_ident()
        return function(*arguments)

    def cut_if_late(self, now, is_stuck):
        """Cut it off from the database where it waits there past its deadline. Returns whether it
        did."""
        if self.work is None or not self.work.is_late(now, is_stuck):
            return False
        connection = waiting_connection(self._id)
        if connection is None:
            return False
        cut(connection)
        return True


class RequestThreads:
    """The threads of a process; used on its event loop."""

    def __init__(self, count):
        self._threads = [RequestThread(number) for number in range(count)]
        self._free = list(self._threads)
        self._most_long = max(count // 2, 1)
        self._waiting = {}
        self._used = Counter()
        self._long = Counter()
        self._watching = None
        self._cut_at = float("-inf")

    async def run(self, requester, function, *arguments, is_long=False):
        """The result of `function(*arguments)` in one of the threads, for the requester of
        `chatsite.person_shares`. Raises DatabaseStuck where none is to be had in time.

        A call that began runs to its end, also when nobody waits for it any more.
        """
        work = Work(requester, is_long)
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
        if self._used[work.requester] >= share_of(len(self._threads)):
            return False
        if not work.is_long:
            return True
        return not self._long[work.requester] and self._long.total() < self._most_long

    def _start(self, work):
        thread = self._free.pop()
        thread.work = work
        work.began_at = time.monotonic()
        self._used[work.requester] += 1
        if work.is_long:
            self._long[work.requester] += 1
        return thread

    def _give_back(self, thread):
        work, thread.work = thread.work, None
        for counts in (self._used, self._long) if work.is_long else (self._used,):
            counts[work.requester] -= 1
            if not counts[work.requester]:
                del counts[work.requester]
        self._free.append(thread)
        self._start_next()

    def _start_next(self):
        """Give free threads to those who wait: first to whoever has the fewest."""
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
        """The first of one requester's waiting work that may start now; None where none may."""
        return next((work for work in queue if self._may_start(work)), None)

    def _watch(self):
        if self._watching is None or self._watching.done():
            self._watching = asyncio.get_running_loop().create_task(self._cut_what_is_stuck())

    async def _cut_what_is_stuck(self):
        """While there is work: look for requests past their deadline."""
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
        for queue in self._waiting.values():
            for work in [work for work in queue if work.is_late(now, is_stuck=True)]:
                queue.remove(work)
                if not work.ready.done():
                    work.ready.set_exception(DatabaseStuck())
