"""Changes to the access log that its triggers refuse, as an administrator of the database could
make them."""

from contextlib import contextmanager

from django.db import connection, transaction

LOG = "conversations_reviewaccess"
HEAD = "conversations_accessloghead"
WORDS = "conversations_accesswords"


@contextmanager
def tampering():
    """Context manager: remove the access log's triggers in a transaction, yield a database cursor,
    and restore the triggers at the end."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s",
                ["access_%"],
            )
            triggers = cursor.fetchall()
            for name, _sql in triggers:
                cursor.execute(f"DROP TRIGGER {name}")
            yield cursor
            for _name, sql in triggers:
                cursor.execute(sql)
        else:
            for table in (LOG, HEAD, WORDS):
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            yield cursor
            for table in (LOG, HEAD, WORDS):
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def empty():
    """Delete all rows of the access log, of its head and of the free texts beside it, within
    `tampering`, since their triggers refuse it; for the end of a test that committed some."""
    with tampering() as cursor:
        cursor.execute(f"DELETE FROM {WORDS}")
        cursor.execute(f"DELETE FROM {LOG}")
        cursor.execute(f"DELETE FROM {HEAD}")
