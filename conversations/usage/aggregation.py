"""Adding up rows of the books in the database.

In SQL by hand: a report asks for up to forty sums at once, and putting those together through
the ORM took more time than the database.
"""

from django.db import connection

from conversations.models import Person, UsageDay, UsageRollup

DAYS = UsageDay._meta.db_table
ROLLUPS = UsageRollup._meta.db_table
MEMBERS = Person.groups.through._meta.db_table
# What `add_up` can sum by besides a column: the ids of a person's groups, "3,7", NULL for none.
GROUPS = "groups"


class Where:
    """Conditions on rows of sums, and their values."""

    def __init__(self):
        self._parts = []
        self._values = []

    def add(self, part, *values):
        """A condition with its values in place of each %s."""
        self._parts.append(part)
        self._values += values
        return self

    def one_of(self, expression, values, inner="%s"):
        """`expression` is one of `values`; for a list that is empty nothing is."""
        values = list(values)
        if not values:
            return self.add("1 = 0")
        return self.add(f"{expression} IN ({inner % ', '.join(['%s'] * len(values))})", *values)

    def between(self, first, last):
        """Days from `first` to `last`."""
        return self.add("day BETWEEN %s AND %s", _stored(first), _stored(last))

    def days(self, days):
        """These days."""
        return self.one_of("day", map(_stored, days))

    def spans(self, grains):
        """Roll-ups of `grains`, a mapping of grain to its first days; at least one."""
        parts, values = [], []
        for grain, days in grains.items():
            # The grain as it is: SQLite does not use a partial index for a value it cannot see.
            parts.append(f"grain = {grain:d} AND day IN ({', '.join(['%s'] * len(days))})")
            values += map(_stored, days)
        return self.add(f"({' OR '.join(f'({part})' for part in parts)})", *values)

    def chosen(self, selection):
        """The people, model and purpose of a Selection."""
        if selection.people is not None:
            self.one_of("person_id", selection.people)
        if selection.groups is not None:
            members = f"SELECT person_id FROM {MEMBERS} WHERE group_id IN (%s)"  # noqa: S608
            self.one_of("person_id", selection.groups, members)
        if selection.model:
            self.add("model = %s", selection.model)
        if selection.purpose:
            self.add("purpose = %s", selection.purpose)
        return self

    def add_up(self, table, key, names, groups=None):
        """`[(value of the column key, [sum of each of names])]` of the rows in `table`.

        With the key GROUPS only `groups` (ids; None: all) are told apart.
        """
        # PostgreSQL gives sums of BIGINT as NUMERIC, which takes Python longer to read.
        sums = ", ".join(f"CAST(SUM({name}) AS BIGINT)" for name in names)
        conditions = " AND ".join(self._parts)
        joined, values = _groups_joined(groups) if key == GROUPS else ("", [])
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {key}, {sums} FROM {table} {joined} "  # noqa: S608
                f"WHERE {conditions} GROUP BY {key}",
                [*values, *self._values],
            )
            rows = cursor.fetchall()
        return [(value, numbers) for value, *numbers in rows]


def _groups_joined(groups):
    """A join that gives each row its person's groups, and its values.

    Added up by the database: to give out forty sums of each person took longer than that.
    """
    chosen = Where()
    if groups is not None:
        chosen.one_of("group_id", groups)
    where = f"WHERE {' AND '.join(chosen._parts)}" if chosen._parts else ""
    on_postgresql = connection.vendor == "postgresql"
    listed = "string_agg(group_id::text, ',')" if on_postgresql else "group_concat(group_id)"
    memberships = (
        f"SELECT person_id, {listed} AS {GROUPS} FROM {MEMBERS} {where} "  # noqa: S608
        "GROUP BY person_id"
    )
    return f"LEFT JOIN ({memberships}) AS memberships USING (person_id)", chosen._values


def _stored(day):
    return connection.ops.adapt_datefield_value(day)
