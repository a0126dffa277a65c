"""The trash sweep: what every process deletes for good once its time in the trash is over."""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import connections

from conversations.conversation_list import trash
from conversations.database.outage import is_outage

logger = logging.getLogger(__name__)

PAUSE = 0.1  # seconds between two deletions, so that nobody waits for a long series of them


async def sweep_trash():
    """Sweep every TRASH_SWEEP seconds until it is cancelled. An error is logged, and the next sweep
    tries again."""
    while True:
        await asyncio.sleep(settings.TRASH_SWEEP)
        try:
            # A thread for the sweep alone: it would be idle for the ten minutes between two.
            with ThreadPoolExecutor(1, thread_name_prefix="trash-sweep") as thread:
                while await asyncio.get_running_loop().run_in_executor(thread, _erase_one):
                    await asyncio.sleep(PAUSE)
        except Exception as error:
            if is_outage(error):
                logger.warning("The database does not answer: the sweep of the trash is skipped.")
            else:
                logger.exception("The sweep of the trash failed.")


def _erase_one():
    """How many were erased: 1, or 0 where nothing is due."""
    try:
        return trash.purge(most=1)
    finally:
        connections.close_all()
