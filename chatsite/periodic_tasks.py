"""Periodic tasks of a server process that belong to no request or reply, such as sending mail.

Each is a function that is called every so many seconds in the thread in which replies are stored,
so that the process needs no further connection to the database; background jobs, which work longer,
have a thread of their own.
"""

import asyncio
import logging

from django.conf import settings

from conversations import replies
from conversations.conversation_list import trash
from conversations.database.outage import passes, sentence
from conversations.jobs.runner import run_jobs
from conversations.mail.delivery import send_next
from conversations.review.access_log_heads import log_each_hour

logger = logging.getLogger(__name__)

PAUSE = 0.1  # seconds between two deletions, so that nobody waits for a long series of them


async def run():
    """Run all periodic tasks and background jobs until this coroutine is cancelled."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_every(settings.TRASH_SWEEP, "the sweep of the trash", trash.purge_piece))
        group.create_task(run_jobs())
        group.create_task(_every(settings.HEAD_LOOK, "the access log's head", log_each_hour))
        group.create_task(_every(settings.MAIL_LOOK, "the sending of e-mails", send_next))


async def _every(seconds, name, unit):
    """Call `unit` every `seconds`, and again after PAUSE seconds for as long as it returns True.

    An exception is logged with `name`, not raised.
    """
    while True:
        await asyncio.sleep(seconds)
        try:
            while await replies.run_in_lane(unit):
                await asyncio.sleep(PAUSE)
        except Exception as error:
            if passes(error):
                logger.warning("%s: %s is skipped.", sentence(error), name)
            else:
                logger.exception("Failed: %s.", name)
