"""A lane: one thread with one database connection, in which a process's tasks use the database.

An asyncio task that used Django's own async ORM would hold a connection for its life: on PostgreSQL
with 100 connections 29 of 135 replies were lost that way. Everything goes through a lane instead,
one short unit of work after another, which also makes the process a single writer to SQLite: the
slowest percentile of writes took 19 ms instead of 2 s.
"""

import asyncio
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import connection, connections

from chatsite.stuck_queries import cut, waiting_connection
from conversations.database.outage import brief, is_outage, sentence

logger = logging.getLogger(__name__)

# Seconds that a unit waits for somebody else's lock before it is repeated. SQLite has one lock for
# all writing and grants it in no order: many writers at once are all served within this time, and
# not within less.
LOCK_WAIT = {"sqlite": 20, "postgresql": 5}
LOOK = 1.0  # seconds between two looks whether the unit that runs is stuck


class Lane:
    """A thread with a database connection of its own, for coroutines that need the database.

    It runs units of work, which are plain functions, one at a time. `name` is the thread's name.
    """

    def __init__(self, name):
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)
        # The thread's ident, and when the unit that it runs began (time.monotonic(); None: none).
        self._thread_id = None
        self._began = None

    async def run(self, unit, *arguments):
        """Return `unit(*arguments)`, called in the lane's thread; it may be called twice.

        After any exception the connection is closed, since one that died with the server stays
        dead. If the exception means that the database is unavailable, the call is repeated once;
        the exception is raised if that fails too, and at once if it means something else.
        """
        loop = asyncio.get_running_loop()
        running = loop.run_in_executor(self._executor, self._repeatable, unit, arguments)
        try:
            while not running.done():
                await asyncio.wait({running}, timeout=LOOK)
                self._cut_if_stuck()
        except asyncio.CancelledError:
            running.cancel()
            raise
        return running.result()

    async def insist(self, unit, *arguments, pause=0.5):
        """Return `unit(*arguments)`, called in the lane's thread, and repeated until the database
        is available; so it may be called several times. For what must be stored, such as the end of
        a reply.

        `pause` is the number of seconds before the first repetition; it doubles up to 5. Exceptions
        that do not mean an unavailable database are raised; cancelling ends it.
        """
        while True:
            try:
                return await self.run(unit, *arguments)
            except Exception as error:
                if not is_outage(error):
                    raise
                logger.warning("%s (%s); trying again.", sentence(error), brief(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5)

    def close(self):
        """Close the connection and end the thread after its running unit; returns at once."""
        self._executor.submit(connections.close_all)
        self._executor.shutdown(wait=False)

    def _repeatable(self, unit, arguments):
        """Return `unit(*arguments)`; repeat the call once after an exception that means an outage.

        Runs in the lane's thread.
        """
        self._thread_id = threading.get_ident()
        try:
            return self._attempt(unit, arguments)
        except Exception as error:
            if not is_outage(error):
                raise
            return self._attempt(unit, arguments)

    def _attempt(self, unit, arguments):
        self._began = time.monotonic()
        try:
            _wait_briefly()
            return unit(*arguments)
        except Exception:
            connections.close_all()
            raise
        finally:
            self._began = None

    def _cut_if_stuck(self):
        """Cut the connection to PostgreSQL that the running unit waits on, if the unit began more
        than DATABASE_STUCK seconds ago: the server, or a proxy before it, may never answer on an
        old connection and still serve new ones."""
        began = self._began
        if began is None or connection.vendor == "sqlite":
            return
        if time.monotonic() - began < settings.DATABASE_STUCK:
            return
        held = waiting_connection(self._thread_id)
        if held is not None:
            cut(held)


def _wait_briefly():
    """Open the thread's database connection, with waits for locks limited to LOCK_WAIT seconds;
    does nothing if it is open already. Call it before each unit of work."""
    if connection.connection is not None:
        return
    seconds = LOCK_WAIT[connection.vendor]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"PRAGMA busy_timeout = {seconds * 1000}")
        else:
            cursor.execute(f"SET lock_timeout = '{seconds}s'")
