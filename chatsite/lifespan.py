"""The life of a process: Django answers no lifespan messages, so this does."""

import asyncio
import contextvars
import gc
import logging
import sys

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connections

from chatsite import periodic_tasks
from chatsite.file_modes import close_to_others, private_files
from conversations.checks import START
from conversations.database.outage import sentence
from conversations.models import LanguageModel, Person
from conversations.replies import drain
from conversations.replies.engine import Engine
from conversations.views import health
from conversations.views.first_visit import setup_code

logger = logging.getLogger(__name__)

# How long a thread may keep the interpreter while another waits for it. Python's own 5 ms are felt:
# a request changes threads several times, and the loop that carries the streams waits each time.
SWITCH_INTERVAL = 0.0005  # seconds

# Seconds for replies to finish; gunicorn.conf.py sets a time of its own.
DRAIN = 25


class Lifespan:
    """Starts the engine of this process before it serves, and ends it cleanly."""

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
                Engine.serving = Engine.here()
                # In an empty context: a task keeps what it inherits, also a database connection.
                periodic = asyncio.create_task(periodic_tasks.run(), context=contextvars.Context())
                await sync_to_async(_prepare)()
                # What was imported stays: the collector need not look at it again and again.
                gc.collect()
                gc.freeze()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                periodic.cancel()
                await drain.finish(DRAIN)
                await Engine.serving.close()
                Engine.serving = None
                await send({"type": "lifespan.shutdown.complete"})
                return None


def _refusal():
    """Why the site must not start as it is set up, "" if it may; warns of what is only unwise."""
    found = checks.run_checks(tags=[START])
    for each in found:
        if each.level < checks.ERROR:
            logger.warning("%s %s", each.msg, each.hint)
    return " ".join(f"{each.msg} {each.hint}" for each in found if each.level >= checks.ERROR)


def _prepare():
    """Close files to other accounts, and look at the database: say what is missing there."""
    close_to_others(private_files(settings.DATABASES["default"], settings.BASE_DIR))
    try:
        if health.pending_migrations():
            logger.warning("Migrations are pending: run manage.py migrate. /readyz answers 503.")
            return
        LanguageModel.objects.ensure_default()
        if not Person.objects.exists():
            logger.warning(
                "There is no account yet. Open the site to make the administrator's; from "
                "another machine it asks for this set-up code: %s",
                setup_code(),
            )
    except DatabaseError as error:
        logger.warning("%s.", sentence(error))
    finally:
        connections.close_all()
