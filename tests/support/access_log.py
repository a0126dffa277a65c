"""Ways around the access log's triggers that only somebody with the database in hand has."""

from contextlib import contextmanager

from django.db import connection, transaction

LOG = "conversations_reviewaccess"
HEAD = "conversations_accessloghead"
WORDS = "conversations_accesswords"


@contextmanager
def tampering():
    """Within it the database refuses no change to the log; afterwards it does again."""
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
    """Remove all rows, as the end of a test that committed some has to."""
    with tampering() as cursor:
        cursor.execute(f"DELETE FROM {WORDS}")
        cursor.execute(f"DELETE FROM {LOG}")
        cursor.execute(f"DELETE FROM {HEAD}")
