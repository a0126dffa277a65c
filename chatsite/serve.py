"""Migrate the database, then become gunicorn: the command of the container image.

python -m chatsite.serve [--no-migrate] [GUNICORN'S OPTIONS]

gunicorn takes the place of this process (exec), so that it is the one to whom the signals of a
container go. Several containers may start at once, since `manage.py migrate` has them wait for each
other. With `--no-migrate` whoever deploys the site runs `manage.py migrate` before.
"""

import logging
import os
import signal
import sys
import time
from pathlib import Path

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connections

from chatsite.file_modes import UMASK

ROOT = Path(__file__).resolve().parent.parent
NO_MIGRATE = "--no-migrate"
# Seconds for which a database that does not answer is asked again, and seconds between two tries.
PATIENCE = 60
PAUSE = 2

logger = logging.getLogger(__name__)


def migrate():
    """Run `manage.py migrate` once the database answers; PostgreSQL has PATIENCE seconds for that.

    Ends the process with a sentence if a setting cannot be used, or if the database does not answer
    or cannot be migrated by this release.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    try:
        django.setup(set_prefix=False)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    # They need the settings.
    from conversations.database.outage import brief
    from conversations.doctor.database import why_unreachable

    give_up = time.monotonic() + PATIENCE
    is_told = False
    while why := why_unreachable():
        if settings.ON_SQLITE:
            # To wait is of no use: a file that cannot be opened now cannot be later.
            name, user = settings.DATABASES["default"]["NAME"], f"{os.getuid()}:{os.getgid()}"
            sys.exit(f"{name}: {why}. The user {user} has to be able to write to its folder.")
        if time.monotonic() > give_up:
            sys.exit(f"The database does not answer: {why}")
        if not is_told:
            logger.warning("The database does not answer yet, it is asked again: %s", why)
            is_told = True
        time.sleep(PAUSE)
    try:
        call_command("migrate", verbosity=1)
    except CommandError as error:
        sys.exit(str(error))
    except DatabaseError as error:
        sys.exit(f"The database could not be migrated: {brief(error)}")
    finally:
        connections.close_all()


def main(arguments):
    """Run with the command line's `arguments`, a list. Never returns: gunicorn takes the place of
    the process, or an exception ends it.

    SIGTERM raises SystemExit, which rolls back a migration: without a handler process 1 of a
    container would ignore the signal.
    """
    os.umask(UMASK)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if NO_MIGRATE not in arguments:
        migrate()
    options = [argument for argument in arguments if argument != NO_MIGRATE]
    gunicorn = Path(sys.executable).with_name("gunicorn")
    command = [gunicorn, "-c", ROOT / "gunicorn.conf.py", *options, "chatsite.asgi:application"]
    # What is buffered would be lost with this program.
    sys.stdout.flush()
    os.execv(gunicorn, list(map(str, command)))  # noqa: S606 (no shell is wanted)


if __name__ == "__main__":
    main(sys.argv[1:])
