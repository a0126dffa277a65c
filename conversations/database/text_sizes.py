"""Sizes of columns of text in SQL, for queries that decide how much is read at a time."""

from django.db import connection

_SIZES = {
    # In bytes on both databases: to count characters PostgreSQL would have to read the texts.
    "sqlite": "LENGTH(CAST({} AS BLOB))",
    "postgresql": "OCTET_LENGTH({}::text)",
}


def size_in_bytes(*columns):
    """Return an SQL expression for the size in bytes of all `columns` (names of text columns) of a
    row together; NULL counts as 0."""
    size = _SIZES[connection.vendor]
    return " + ".join(f"COALESCE({size.format(column)}, 0)" for column in columns)
