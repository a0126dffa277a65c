"""Outages of the database: errors that pass, told apart from mistakes in our code."""

import math
import re
import time

from django.db import InterfaceError, OperationalError, ProgrammingError

LASTS = 2.0  # seconds for which nobody else waits for a database that did not answer one

_noticed = -math.inf


def is_outage(error):
    """Whether an exception says that the database does not answer, is locked or full, or that its
    connection pool timed out. Such errors pass: what failed may be tried again."""
    return isinstance(error, OperationalError | InterfaceError) or type(error).__name__ in (
        "PoolTimeout",
        "PoolClosed",
    )


def sentence(error):
    """What an outage is, for the log: the disk is full, tables are missing, somebody else holds a
    lock, or the database does not answer."""
    said = f"{type(error.__cause__).__name__} {error}"
    return next((each for pattern, each in _SENTENCES if pattern.search(said)), _SILENT)


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
    """Whether work that is repeated anyway need say no more of an exception than its `sentence`: an
    outage, or a table that is missing, which on PostgreSQL counts as a mistake of ours."""
    missing = type(error.__cause__).__name__ in ("UndefinedTable", "UndefinedColumn")
    return is_outage(error) or (isinstance(error, ProgrammingError) and missing)


def brief(error):
    """The first line of a database error, at most 200 characters, for the log."""
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def notice(error):
    """Remember that no connection could be had, so that the requests of the next LASTS seconds need
    not wait for that again; see `is_lasting`."""
    global _noticed
    if "PoolTimeout" in (type(error).__name__, type(error.__cause__).__name__):
        _noticed = time.monotonic()


def is_lasting():
    """Whether no connection could be had within the last LASTS seconds. Requests are then refused
    at once: a process has few threads, and one after another would wait for the time-out."""
    return time.monotonic() - _noticed < LASTS
