"""Time limits in the database for requests, set anew each time a thread takes a connection.

They are not in DATABASES, since requests share the pool with what writes replies and with commands,
which may wait longer. A limit that a request leaves on a connection is overwritten by whoever takes
the connection next.
"""

import threading

from django.db.backends.signals import connection_created

_of_thread = threading.local()


def limit_statements(seconds):
    """Set the time limit in `seconds` for connections that the current thread takes from now on: of
    one statement (PostgreSQL), of waiting for a lock (SQLite). 0 is no limit."""
    _of_thread.seconds = seconds


def apply_limit(sender, connection, **kwargs):
    """Set the current thread's time limit on `connection`; a receiver of Django's signal
    `connection_created`, which is also sent for a connection from the pool."""
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
    """Register `apply_limit` for Django's signal; call once in a process that serves requests."""
    connection_created.connect(apply_limit, dispatch_uid="limits of requests")
