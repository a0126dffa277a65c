"""Statements for what every request or order asks.

The ORM compiles a query anew each time, which takes several times what the database takes to
answer one as small as these.
"""

from functools import cache
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

_UUID = models.UUIDField()
_MOMENT = models.DateTimeField()


def rows(statement, *values):
    """The rows of a statement, as tuples."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def compiled(queryset):
    """`(statement, *values)` for `rows`, to be kept where the values of a query never change.

    The rows are as the database has them: UUIDs for `from_stored`, 0 and 1.
    """
    statement, values = queryset.query.sql_with_params()
    return statement, *values


def change(statement, *values):
    """How many rows a statement changed."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def insert(*instances):
    """Store new instances of one model, whose ids are their own; no signal is sent. A value may be
    an expression, such as the database's Now(). Raises IntegrityError as saving them would."""
    into, fields = _insertion(type(instances[0]))
    # Not by way of `connection`, which looks for it anew each time, and each field asks it.
    database = connections[DEFAULT_DB_ALIAS]
    places, values = [], []
    for instance in instances:
        row = []
        for field in fields:
            value = field.get_db_prep_save(field.pre_save(instance, add=True), database)
            place, given = _expression(value) if hasattr(value, "as_sql") else ("%s", (value,))
            row.append(place)
            values += given
        places.append(f"({', '.join(row)})")
    with database.cursor() as cursor:
        cursor.execute(into + ", ".join(places), values)
    for instance in instances:
        instance._state.adding = False
        instance._state.db = database.alias


@cache
def _insertion(model):
    fields = model._meta.concrete_fields
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    return f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ", fields  # noqa: S608


def _expression(value):
    return connection.ops.compiler("SQLCompiler")(None, connection, None).compile(value)


def as_stored(pk):
    """An id as the database has it, for a statement and to compare with what one gave."""
    return _UUID.get_db_prep_value(pk, connection)


def moment(at):
    """A time as the database has it."""
    return _MOMENT.get_db_prep_value(at, connection)


def from_stored(stored):
    """The UUID of an id as the database has it; None of None."""
    return stored if stored is None or isinstance(stored, UUID) else UUID(stored)
