"""Telling an outage of the database from a mistake of ours."""

import math
import time

from django.db import InterfaceError, OperationalError

LASTS = 2.0  # seconds for which nobody else waits for a database that did not answer one

_noticed = -math.inf


def is_outage(error):
    """Whether `error` says that the database does not answer, is locked or full; a time-out of
    its pool included. Such errors pass, and what failed may be tried again."""
    return isinstance(error, OperationalError | InterfaceError) or type(error).__name__ in (
        "PoolTimeout",
        "PoolClosed",
    )


def brief(error):
    """The first line of what the database says."""
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__


def notice(error):
    """Remember an outage that each request would wait out again: no connection was to be had."""
    global _noticed
    if "PoolTimeout" in (type(error).__name__, type(error.__cause__).__name__):
        _noticed = time.monotonic()


def is_lasting():
    """Whether the database did not answer just now. Requests then need not ask it: waiting one
    after another for the few threads there are, they would be told only after a long time."""
    return time.monotonic() - _noticed < LASTS
