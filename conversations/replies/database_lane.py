"""A lane: one thread with one database connection, in which a process's tasks use the database.

An asyncio task that used Django's own async ORM would hold a connection for its life: on PostgreSQL
with 100 connections 29 of 135 replies were lost that way. Everything goes through a lane instead,
one short unit of work after another, which also makes the process a single writer to SQLite: the
slowest percentile of writes took 19 ms instead of 2 s.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from django.db import connection, connections

from conversations.database.outage import brief, is_outage, sentence

logger = logging.getLogger(__name__)

# How long a unit waits for somebody else's lock before it is repeated.
LOCK_WAIT = 5  # seconds


class Lane:
    """A thread with a database connection of its own, for coroutines that need the database.

    It runs units of work, which are plain functions, one at a time. `name` is the thread's name.
    """

    def __init__(self, name):
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def run(self, unit, *arguments):
        """Return `unit(*arguments)`, called in the lane's thread; it may be called twice.

        After any exception the connection is closed, since one that died with the server stays
        dead. If the exception means that the database is unavailable, the call is repeated once;
        the exception is raised if that fails too, and at once if it means something else.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, _repeatable, unit, arguments)

    async def insist(self, unit, *arguments, pause=0.5):
        """Return `unit(*arguments)` as `run` does, repeated until the database is available again.

        For what must be stored, such as the end of a reply. `pause` is the number of seconds before
        the first repetition; it doubles up to 5. Other exceptions are raised; cancelling ends it.
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


def _repeatable(unit, arguments):
    """Return `unit(*arguments)`; repeat the call once after an exception that means an outage."""
    try:
        _wait_briefly()
        return unit(*arguments)
    except Exception as error:
        connections.close_all()
        if not is_outage(error):
            raise
        _wait_briefly()
        try:
            return unit(*arguments)
        except Exception:
            connections.close_all()
            raise


def _wait_briefly():
    """Limit waiting for database locks to LOCK_WAIT seconds, once for each new connection."""
    if connection.connection is not None:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"PRAGMA busy_timeout = {LOCK_WAIT * 1000}")
        else:
            cursor.execute(f"SET lock_timeout = '{LOCK_WAIT}s'")
