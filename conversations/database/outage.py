"""Outages of the database: errors that pass, told apart from mistakes in our code."""

import math
import time

from django.db import InterfaceError, OperationalError

LASTS = 2.0  # seconds for which nobody else waits for a database that did not answer one

_noticed = -math.inf


def is_outage(error):
    """Whether an exception says that the database does not answer, is locked or full, or that its
    connection pool timed out. Such errors pass: what failed may be tried again."""
    return isinstance(error, OperationalError | InterfaceError) or type(error).__name__ in (
        "PoolTimeout",
        "PoolClosed",
    )


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
