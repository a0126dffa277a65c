"""Statements for what every request or order asks.

The ORM compiles a query anew each time, which takes several times what the database takes to
answer one as small as these.
"""

from django.db import connection


def rows(statement, *values):
    """The rows of a statement, as tuples."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()
