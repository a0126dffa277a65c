"""Telling an outage of the database from a mistake of ours."""

from django.db import InterfaceError, OperationalError


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
