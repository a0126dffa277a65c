"""Prepared query: a SELECT that Django compiles once, for queries that are made with every request.

Django compiles a queryset anew each time it is evaluated, which takes ten times as long as SQLite
takes to find a row by its key. Compiled each time, the ten queries of a short request took 4 of the
10 ms of processor time until a submitted message was sent on, and half of those of a page.
"""

from operator import itemgetter
from threading import Lock

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Expression
from django.db.models.query import FlatValuesListIterable, ModelIterable, ValuesListIterable


class Parameter(Expression):
    """Placeholder for a value in the queryset of a PreparedQuery: `filter(pk=Parameter("pk",
    Person._meta.pk))`. Calls give the value as the keyword `name`; `field` is the model field that
    converts it for the database."""

    def __init__(self, name, field):
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler, connection):
        """Return `(SQL, parameters)` for Django's compiler, with this Parameter in the place of the
        value."""
        return "%s", [self]


class PreparedQuery:
    """SELECT statement with named parameters. `build` is a function without arguments that returns
    its queryset: of model instances (also with `only`), of `values_list` or of
    `values_list(flat=True)`, with a Parameter for each value that differs between calls.

    It is compiled at the first call. Keep one object in a module: all threads may call it.
    """

    def __init__(self, build):
        self._build = build
        self._compiling = Lock()
        self._compiled = None

    def __call__(self, **values):
        """Run the query and return a list of its results; `values` are the values of the Parameters
        by name."""
        connection = connections[DEFAULT_DB_ALIAS]
        if self._compiled is None:
            with self._compiling:
                self._compiled = self._compiled or _Compiled(self._build(), connection)
        return self._compiled.fetch(connection, values)

    def first(self, **values):
        """Run the query and return its first result, None if there is none; `values` are the values
        of the Parameters by name."""
        return next(iter(self(**values)), None)


class _Compiled:
    """Compiled form of `queryset` for the database of `connection`: its SQL, and how rows become
    objects."""

    def __init__(self, queryset, connection):
        compiler = queryset.query.get_compiler(connection=connection)
        self._statement, self._parameters = compiler.as_sql()
        columns = [column for column, _sql, _alias in compiler.select]
        # {position: ([function(value, expression, connection), …], expression)}
        self._converters = compiler.get_converters(columns)
        self._model = queryset.model
        self._names = [column.target.attname for column in columns]
        self._make = {
            ModelIterable: self._object,
            ValuesListIterable: tuple,
            FlatValuesListIterable: itemgetter(0),
        }[queryset._iterable_class]

    def _object(self, row):
        """Return a model instance for `row`, a sequence of the values of its columns."""
        return self._model.from_db(DEFAULT_DB_ALIAS, self._names, row)

    def fetch(self, connection, values):
        """Execute the SQL with `values` (a dict by the Parameters' names) and return the list of
        its results: model instances, tuples or single values, as the queryset yields."""
        given = [
            parameter.output_field.get_db_prep_value(values[parameter.name], connection)
            if isinstance(parameter, Parameter)
            else parameter
            for parameter in self._parameters
        ]
        with connection.cursor() as cursor:
            cursor.execute(self._statement, given)
            rows = cursor.fetchall()
        if self._converters:
            rows = [self._converted(row, connection) for row in rows]
        return [self._make(row) for row in rows]

    def _converted(self, row, connection):
        """Return `row` as a list with the values converted to Python's types, as Django does."""
        row = list(row)
        for position, (functions, expression) in self._converters.items():
            for function in functions:
                row[position] = function(row[position], expression, connection)
        return row
