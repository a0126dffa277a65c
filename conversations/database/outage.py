"""Classification of database errors: temporary outages, told apart from mistakes in the code."""

import math
import re
import time

from django.db import InterfaceError, OperationalError, ProgrammingError

LASTS = 2.0  # seconds after a time-out in which no other request waits for the database

_noticed = -math.inf


def is_outage(error):
    """Return True if `error`, an exception, is a temporary failure of the database.

    That is: it does not answer, is locked or full, or its connection pool timed out. What failed
    may then be tried again.
    """
    return isinstance(error, OperationalError | InterfaceError) or type(error).__name__ in (
        "PoolTimeout",
        "PoolClosed",
    )


def sentence(error):
    """Return what kind of outage `error` is, as an English sentence without full stop, for logging.

    One of: the disk is full, migrations are pending, the database is locked or read-only; else that
    it does not answer.
    """
    said = f"{type(error.__cause__).__name__} {error}"
    return next((each for pattern, each in _SENTENCES if pattern.search(said)), _SILENT)


# In messages of SQLite; PostgreSQL has exception classes for it.
_NO_TABLE = re.compile(r"no such (table|column)|has no column")
_SILENT = "The database does not answer"
_SENTENCES = (
    (re.compile(r"disk is full|DiskFull|No space left", re.I), "The database's disk is full"),
    (
        re.compile(r"no such (table|column)|has no column|Undefined(Table|Column)"),
        "Migrations are pending: run manage.py migrate",
    ),
    (re.compile(r"is locked|LockNotAvailable|QueryCanceled"), "The database is locked"),
    (re.compile(r"readonly database|ReadOnlySql", re.I), "The database is read-only"),
)


def passes(error):
    """Return True if a periodic task should log the exception `error` as `sentence(error)` alone,
    without a traceback: it is an outage, or a table or column is missing, as while migrations are
    pending."""
    return is_outage(error) or names_no_table(error)


def names_no_table(error):
    """Return True if `error`, an exception, says that a table or a column is missing: migrations
    are pending, or the database was replaced."""
    if isinstance(error, ProgrammingError):
        return type(error.__cause__).__name__ in ("UndefinedTable", "UndefinedColumn")
    return isinstance(error, OperationalError) and bool(_NO_TABLE.search(str(error)))


def brief(error):
    """Return the first line of the database error `error`, at most 200 characters, for logging.

    Without a message it is the name of the exception's class.
    """
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def notice(error):
    """Record the time if `error` is a time-out of the connection pool; other errors are ignored.

    For the next LASTS seconds `is_lasting` then returns True, so that other requests need not wait.
    """
    global _noticed
    if "PoolTimeout" in (type(error).__name__, type(error.__cause__).__name__):
        _noticed = time.monotonic()


def forget():
    """Forget the time-out that `notice` recorded, since the database has answered: from now on
    `is_lasting` returns False."""
    global _noticed
    _noticed = -math.inf


def is_lasting():
    """Return True if waiting for a database connection timed out within the last LASTS seconds.

    Requests are then refused at once: a process has few threads, and one after another would wait.
    """
    return time.monotonic() - _noticed < LASTS
