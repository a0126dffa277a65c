"""SQL statements run without the ORM, for small queries that are made very often.

The ORM compiles a query anew each time, which takes several times as long as the database takes to
answer one as small as these.
"""

from functools import cache
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

_UUID = models.UUIDField()
_MOMENT = models.DateTimeField()


def rows(statement, *values):
    """Execute the SQL `statement` and return all rows as a list of tuples.

    `values` take the place of each %s in it, in order.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def compiled(queryset):
    """Return `queryset` as `(statement, *values)`, for calls of `rows` that need not compile it.

    Keep it only where the query's values never change. The values in the rows are not converted to
    Python's types: use `from_stored` for UUIDs; on SQLite booleans are 0 and 1.
    """
    statement, values = queryset.query.sql_with_params()
    return statement, *values


def change(statement, *values):
    """Execute `statement`, an UPDATE, DELETE or INSERT, and return the number of rows changed.

    `values` take the place of each %s in it, in order.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def among(ids):
    """Return the SQL `IN (%s, …)` with a place for each of `ids`, a list that is not empty."""
    return f"IN ({', '.join(['%s'] * len(ids))})"


def insert(*instances):
    """Insert `instances`, new objects of one model, by a single INSERT; no signal is sent.

    Their primary keys must be set already, such as UUIDs. The value of a field may be an
    expression, such as the database's Now(). Raises IntegrityError as `save()` would.
    """
    into, fields = _insertion(type(instances[0]))
    # Once: `connection` is a proxy, which finds the connection anew at each use.
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
    """Return `(statement, fields)`: the INSERT statement of `model` (a model class) up to VALUES,
    and the model fields in the order of its columns."""
    fields = model._meta.concrete_fields
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    return f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ", fields  # noqa: S608


def _expression(value):
    """Return `(SQL, parameters)` of `value`, a Django expression such as Now()."""
    return connection.ops.compiler("SQLCompiler")(None, connection, None).compile(value)


def as_stored(pk):
    """Return `pk`, a UUID or its text, as the database holds it; None returns None.

    That is 32 hex digits on SQLite, a UUID on PostgreSQL. Used as a value in a statement, and to
    compare with ids in `rows`.
    """
    return _UUID.get_db_prep_value(pk, connection)


def moment(at):
    """Return `at`, a datetime, in the form in which the database's driver takes it as a value."""
    return _MOMENT.get_db_prep_value(at, connection)


def from_stored(stored):
    """Return the UUID for `stored`, an id from `rows` (hex digits or a UUID); None returns None."""
    return stored if stored is None or isinstance(stored, UUID) else UUID(stored)
