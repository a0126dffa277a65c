"""Statements for what every request or order asks.

The ORM compiles a query anew each time, which takes several times what the database takes to
answer one as small as these.
"""

from uuid import UUID

from django.db import connection, models


def rows(statement, *values):
    """The rows of a statement, as tuples."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def as_stored(pk):
    """An id as the database has it, for a statement and to compare with what one gave."""
    return models.UUIDField().get_db_prep_value(pk, connection)


def from_stored(stored):
    """The UUID of an id as the database has it; None of None."""
    return stored if stored is None or isinstance(stored, UUID) else UUID(stored)
