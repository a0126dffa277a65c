"""`manage.py migrate`: Django's command, which here also creates the table of the cache, and which
several instances of a site may start at the same time."""

import contextlib
import fcntl
from pathlib import Path

from django.core.management import CommandError, call_command
from django.core.management.commands import migrate
from django.db import DatabaseError, connections

from conversations.database.outage import brief
from conversations.doctor import database as database_check
from conversations.doctor import migrations

# Number of the advisory lock: any that no other program uses in this database.
LOCK = 0x6D696772  # "migr"


class Command(migrate.Command):
    """Command `migrate`: applies the migrations and creates the table of the cache. While one runs,
    a second one waits, and then finds nothing to do. Raises CommandError, with a sentence, for a
    database that cannot be migrated by this release."""

    def handle(self, *args, **options):
        """Run the command; the arguments are those of Django's BaseCommand.handle."""
        database = options["database"]
        if fault := _fault(is_whole=not options["app_label"]):
            raise CommandError(fault)
        with _alone(connections[database]):
            super().handle(*args, **options)
            if not (options["plan"] or options["check_unapplied"] or options["app_label"]):
                call_command("createcachetable", database=database, verbosity=0)


def _fault(is_whole):
    """Return a sentence that says why this release cannot migrate the database; "" if it can.
    `is_whole` is True if all migrations are to be applied, False for those of one app: only the
    former is refused for a database of a newer release."""
    if why := database_check.why_unreachable():
        return f"The database does not answer: {why}"
    try:
        if fault := database_check.encoding_fault() or database_check.read_only_fault():
            return fault
        state, names = migrations.state()
    except DatabaseError as error:
        return f"The database refuses what the site needs: {brief(error)}"
    return migrations.sentence(state, names) if is_whole and state == migrations.AHEAD else ""


def _alone(connection):
    """Return a context manager that lets only one process at a time migrate the database of
    `connection`; entering it waits for another one to finish."""
    if connection.vendor == "postgresql":
        return _advisory_lock(connection)
    return _file_lock(str(connection.settings_dict["NAME"]))


@contextlib.contextmanager
def _advisory_lock(connection):
    """Context manager: hold an advisory lock of PostgreSQL, on a connection of its own, since
    migrations open and close transactions on `connection`."""
    holder = connection.copy()
    holder.settings_dict["OPTIONS"].pop("pool", None)
    try:
        with holder.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        yield
    finally:
        # The lock ends with the session, also where the process is killed.
        holder.close()


@contextlib.contextmanager
def _file_lock(path):
    """Context manager: hold a lock on a file beside the SQLite database at `path`; without a lock
    if that is in memory or its folder does not exist."""
    folder = Path(path).resolve().parent
    if ":memory:" in path or not folder.is_dir():
        # Without a lock: Django's own error says what is wrong with the folder.
        yield
        return
    # Beside the database, in a folder to which the account that migrates must be able to write.
    with open(f"{path}.migrating", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
