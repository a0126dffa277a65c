"""A lane: one thread with one database connection, for all that the tasks of a process store.

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
    """Runs units of work, plain functions, one at a time on a thread of its own."""

    def __init__(self, name):
        self._executor = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def run(self, unit, *arguments):
        """The result of `unit(*arguments)`; a unit must be safe to repeat.

        On an error of the database the connection is dropped and the unit repeated once, since
        a connection that died with the server stays dead. Raises the second error.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, _repeatable, unit, arguments)

    async def insist(self, unit, *arguments, pause=0.5):
        """Like `run`, but repeated for as long as the database does not answer.

        For what must not be lost: the end of a reply. The caller's cancellation ends it.
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
        """Close the connection and end the thread, after what is under way."""
        self._executor.submit(connections.close_all)
        self._executor.shutdown(wait=False)


def _repeatable(unit, arguments):
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
    """Once a connection: wait for locks no longer than LOCK_WAIT."""
    if connection.connection is not None:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"PRAGMA busy_timeout = {LOCK_WAIT * 1000}")
        else:
            cursor.execute(f"SET lock_timeout = '{LOCK_WAIT}s'")
