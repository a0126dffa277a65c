"""ASGI lifespan: what a server process does before it serves and at its end (Django has none)."""

import asyncio
import contextvars
import gc
import logging
import sys

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core import checks
from django.db import connections

from chatsite import periodic_tasks, said_once
from chatsite.file_modes import close_to_others, private_files
from conversations.checks import START
from conversations.database.outage import is_outage
from conversations.doctor import static_files
from conversations.models import LanguageModel, Person
from conversations.readiness import readiness
from conversations.replies import drain
from conversations.replies.engine import Engine
from conversations.views.first_visit import setup_code

logger = logging.getLogger(__name__)

# How long a thread may keep the interpreter while another waits for it. Python's own 5 ms are felt:
# a request changes threads several times, and the loop that carries the streams waits each time.
SWITCH_INTERVAL = 0.0005  # seconds

# Seconds between two looks whether what was missing at the start is there.
LOOK = 1.0
# Seconds for replies to finish; gunicorn.conf.py sets a time of its own.
DRAIN = 25


class Lifespan:
    """ASGI middleware that answers lifespan messages and passes all else to `application`.

    At start-up it checks the settings, creates the Engine that writes replies and starts the
    periodic tasks, which wait until the installation is complete; at shutdown it lets replies
    finish for up to DRAIN seconds and closes the Engine.
    """

    def __init__(self, application):
        self._application = application

    async def __call__(self, scope, receive, send):
        if scope["type"] != "lifespan":
            return await self._application(scope, receive, send)
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                if refusal := _refusal():
                    await send({"type": "lifespan.startup.failed", "message": refusal})
                    return None
                sys.setswitchinterval(SWITCH_INTERVAL)
                readiness.start()
                Engine.serving = Engine.here()
                # In an empty context: a task keeps what it inherits, also a database connection.
                context = contextvars.Context()
                close_to_others(private_files(settings.DATABASES["default"], settings.BASE_DIR))
                is_ready = await sync_to_async(_look)()
                periodic = asyncio.create_task(periodic_tasks.run(), context=context)
                watch = asyncio.create_task(_watch(is_ready), context=context)
                # What was imported stays: the collector need not look at it again and again.
                gc.collect()
                gc.freeze()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                periodic.cancel()
                watch.cancel()
                await drain.finish(DRAIN)
                await Engine.serving.close()
                Engine.serving = None
                await send({"type": "lifespan.shutdown.complete"})
                return None


def _refusal():
    """Return sentences that say why the site must not start as it is configured; "" if it may.

    What is only unwise is logged as a warning.
    """
    found = checks.run_checks(tags=[START])
    for each in found:
        if each.level < checks.ERROR:
            logger.warning("%s %s", each.msg, each.hint)
    return " ".join(f"{each.msg} {each.hint}" for each in found if each.level >= checks.ERROR)


async def _watch(is_ready):
    """Repeat `_look`, the check whether the installation is complete, every LOOK seconds; pause
    while the last result was True and nothing hints that something was lost since. Never returns.
    `is_ready` is the result of the first check, at the start."""
    while True:
        await asyncio.sleep(LOOK)
        if not is_ready or readiness.is_look_due:
            is_ready = await asyncio.to_thread(_look)


def _look():
    """Check whether the installation is complete. If so, create the default LanguageModel if there
    is none, log the set-up code if there is no account, and return True; else return False. Never
    raises: errors of the check are logged, except an outage of the database."""
    try:
        if readiness.look():
            return False
        if static_files.are_stale() and said_once.is_new(said_once.STATIC_FILES, "stale"):
            logger.warning("%s", static_files.STALE)
        LanguageModel.objects.ensure_default()
        if not Person.objects.exists() and said_once.is_new(said_once.SETUP_CODE, setup_code()):
            logger.warning(
                "There is no account yet. Open the site to make the administrator's; from "
                "another machine it asks for this set-up code: %s",
                setup_code(),
            )
        return True
    except Exception as error:
        if not is_outage(error):
            logger.exception("The look at the installation failed.")
        return False
    finally:
        connections.close_all()
