"""Time limits of the database for requests, set anew each time a thread takes a connection.

They are not in DATABASES, for requests share the pool with what writes replies and with commands,
which may wait longer: a limit that one left behind is overwritten by the next that takes it.
"""

import threading

from django.db.backends.signals import connection_created

_of_thread = threading.local()


def limit_statements(seconds):
    """For what this thread does from now on: seconds that one statement may take (PostgreSQL) or
    wait for a lock (SQLite). 0 is no limit."""
    _of_thread.seconds = seconds


def apply_limit(sender, connection, **kwargs):
    """The receiver of `connection_created`, which Django sends for one from the pool too."""
    seconds = getattr(_of_thread, "seconds", 0)
    if connection.vendor == "postgresql":
        statement = f"SET statement_timeout = {int(seconds * 1000)}"
    elif seconds:
        statement = f"PRAGMA busy_timeout = {int(seconds * 1000)}"
    else:
        return
    with connection.cursor() as cursor:
        cursor.execute(statement)


def connect():
    """Begin to apply limits; called once, where requests are served."""
    connection_created.connect(apply_limit, dispatch_uid="limits of requests")
