"""Threads for requests: shared fairly, and got back from a database that does not answer."""

import asyncio
import sqlite3
import threading
import time

import pytest

from chatsite.request_threads import DatabaseStuck, RequestThreads

pytestmark = pytest.mark.once


def run(scenario):
    """Run the coroutine function `scenario(threads)` with six threads; it must end in time."""

    async def main():
        async with asyncio.timeout(60):
            return await scenario(RequestThreads(6))

    return asyncio.run(main())


class Busy:
    """Functions for threads that run until they are let go."""

    def __init__(self):
        self._permits = threading.Semaphore(0)
        self._lock = threading.Lock()
        self.running = []
        self.order = []

    def work(self, name):
        with self._lock:
            self.running.append(name)
            self.order.append(name)
        self._permits.acquire(timeout=30)
        with self._lock:
            self.running.remove(name)
        return name

    def let_go(self, count=1_000):
        """Let so many of those that run, or will run, end."""
        self._permits.release(count)


async def settled(condition):
    while not condition():
        await asyncio.sleep(0.01)


def test_one_person_has_at_most_a_share_and_others_go_on():
    async def scenario(threads):
        busy = Busy()
        greedy = [asyncio.ensure_future(threads.run("person 1", busy.work, "1")) for _ in range(50)]
        await settled(lambda: len(busy.running) == 4)
        other = asyncio.ensure_future(threads.run("person 2", lambda: "here"))
        assert await other == "here"
        assert busy.running == ["1"] * 4
        busy.let_go()
        assert await asyncio.gather(*greedy) == ["1"] * 50

    run(scenario)


def test_who_has_fewest_threads_is_next():
    async def scenario(threads):
        busy = Busy()
        asked = [
            asyncio.ensure_future(threads.run(f"person {person}", busy.work, person))
            for person in (1, 1, 1, 1, 2, 2, 2, 2, 3)
        ]
        await settled(lambda: len(busy.order) == 6)
        busy.let_go(1)
        await settled(lambda: len(busy.order) == 7)
        # The third person came last, and had none.
        assert busy.order[-1] == 3
        busy.let_go()
        await asyncio.gather(*asked)

    run(scenario)


def test_long_work_leaves_half_of_the_threads_and_is_one_at_a_time():
    async def scenario(threads):
        busy = Busy()
        reports = [
            asyncio.ensure_future(threads.run(f"person {person}", busy.work, person, is_long=True))
            for person in (1, 1, 2, 3, 4)
        ]
        await settled(lambda: len(busy.running) == 3)
        assert sorted(busy.running) == [1, 2, 3]
        assert await threads.run("person 1", lambda: "a page") == "a page"
        assert len(busy.running) == 3
        busy.let_go()
        await asyncio.gather(*reports)

    run(scenario)


def test_a_request_that_left_while_it_waited_takes_no_thread():
    async def scenario(threads):
        busy = Busy()
        asked = [asyncio.ensure_future(threads.run("person 1", busy.work, "1")) for _ in range(4)]
        await settled(lambda: len(busy.running) == 4)
        left = asyncio.ensure_future(threads.run("person 1", busy.work, "left"))
        await asyncio.sleep(0)
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left
        busy.let_go()
        await asyncio.gather(*asked)
        assert await threads.run("person 1", lambda: "next") == "next"
        assert "left" not in busy.order

    run(scenario)


def endless(database):
    """A query of SQLite that never ends by itself."""
    counting = (
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"
    )
    return database.cursor().execute(counting).fetchall()


class Connection(sqlite3.Connection):
    """As Django's, whose cursors are a class of Python, so that its calls are on the stack."""

    def cursor(self):
        return super().cursor(Cursor)


class Cursor(sqlite3.Cursor):
    def execute(self, statement):
        return super().execute(statement)


def database():
    """A database of one query, never of two at once: Python waits for SQLite's lock, with its own
    in hand, to read the error of one query while the other runs on."""
    return sqlite3.connect(":memory:", factory=Connection, check_same_thread=False)


def test_a_query_past_its_deadline_is_cut_and_those_behind_it_are_refused_in_time():
    async def scenario(threads):
        stuck = [
            asyncio.ensure_future(threads.run(f"person {number}", endless, database()))
            for number in range(6)
        ]
        await asyncio.sleep(0.1)
        began = time.monotonic()
        late = await asyncio.gather(
            *(threads.run("person 9", endless, database()) for _ in range(8)),
            return_exceptions=True,
        )
        took = time.monotonic() - began
        ends = await asyncio.gather(*stuck, return_exceptions=True)
        assert {type(end) for end in ends} == {sqlite3.OperationalError}
        assert {type(end) for end in late} <= {DatabaseStuck, sqlite3.OperationalError}
        assert DatabaseStuck in {type(end) for end in late}
        assert took < 10  # seconds; a server says more exactly, in test_stuck_database.py
        assert await threads.run("person 9", lambda: "back") == "back"

    run(scenario)


def test_work_that_only_computes_is_not_cut():
    async def scenario(threads):
        ends = time.monotonic() + 5
        assert await threads.run("person 1", lambda: _compute(ends)) == "whole"

    run(scenario)


def _compute(ends):
    while time.monotonic() < ends:
        sum(range(1000))
    return "whole"


class Answer:
    """An answer for which there is room, or not."""

    def __init__(self, has_room):
        self.has_room = lambda: has_room
        self.begin = lambda: None


def test_answers_wait_for_room_and_further_pieces_do_not():
    async def scenario(threads):
        full = Answer(has_room=False)
        waiting = [
            asyncio.ensure_future(threads.run("person 1", lambda: "1", answer=full))
            for _ in range(3)
        ]
        assert await threads.run("person 1", lambda: "further") == "further"
        assert await threads.run("person 2", lambda: "2", answer=Answer(has_room=True)) == "2"
        assert not any(each.done() for each in waiting)
        full.has_room = lambda: True
        threads.start_next()
        assert await asyncio.gather(*waiting) == ["1"] * 3

    run(scenario)
