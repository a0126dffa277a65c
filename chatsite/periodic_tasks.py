"""Periodic tasks of a server process that belong to no request or reply, such as sending mail.

Each is a function that is called every so many seconds in the thread in which replies are stored,
so that the process needs no further connection to the database; background jobs, which work longer,
have a thread of their own.
"""

import asyncio
import logging

from django.conf import settings
from django.db import connections

from conversations import replies
from conversations.database.outage import passes, sentence
from conversations.files import machine_folders
from conversations.files.scanner import check_piece
from conversations.files.sweep import sweep_piece
from conversations.jobs.erase_person_work import erase_again
from conversations.jobs.retention_work import order_nightly
from conversations.jobs.runner import run_jobs
from conversations.keeping.sweep import remove_next
from conversations.mail.delivery import send_next
from conversations.readiness import readiness
from conversations.review.access_log_heads import log_each_hour

logger = logging.getLogger(__name__)

PAUSE = 0.1  # seconds between two deletions, so that nobody waits for a long series of them


async def run():
    """Run all periodic tasks and background jobs until this coroutine is cancelled."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_every(settings.TRASH_SWEEP, "the sweep of the trash", remove_next))
        group.create_task(_every(settings.TRASH_SWEEP, "the retention run's order", order_nightly))
        group.create_task(_every(settings.ERASURE_LOOK, "the list of erasures", erase_again))
        group.create_task(run_jobs(replies.is_busy))
        group.create_task(_every(settings.HEAD_LOOK, "the access log's head", log_each_hour))
        group.create_task(_every(settings.MAIL_LOOK, "the sending of e-mails", send_next))
        group.create_task(
            _every(settings.FILE_SWEEP, "the sweep of files", sweep_piece, run=_aside)
        )
        group.create_task(
            _every(settings.FOLDER_LOOK, "the look at folders", machine_folders.look, run=_aside)
        )
        group.create_task(_every(settings.SCAN_LOOK, "the check of files", check_piece, run=_aside))


async def _aside(unit):
    """Return the result of `unit()`, a periodic task's function, called in a thread other than the
    one that stores replies: it may wait for the file storage or the virus scanner."""
    return await asyncio.to_thread(_and_close, unit)


def _and_close(unit):
    """Return the result of `unit()`; close the thread's database connections in any case."""
    try:
        return unit()
    finally:
        connections.close_all()


async def _every(seconds, name, unit, run=replies.run_in_lane):
    """Call `unit` (a function that does a small piece of work) every `seconds`, and again after
    PAUSE seconds as long as it returns a true value. Never returns.

    `run(unit)` is a coroutine function that calls it in a thread. An exception is logged with
    `name`, the task's name for people, and not raised. `unit` is not called while the installation
    is not complete (`readiness`).
    """
    while True:
        await asyncio.sleep(seconds)
        if readiness.is_waiting:
            continue
        try:
            while await run(unit):
                await asyncio.sleep(PAUSE)
        except Exception as error:
            readiness.notice(error)
            if passes(error):
                logger.warning("%s: %s is skipped.", sentence(error), name)
            else:
                logger.exception("Failed: %s.", name)
