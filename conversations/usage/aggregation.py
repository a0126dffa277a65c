"""Aggregation: SUM … GROUP BY over the tables UsageDay and UsageRollup, for reports.

Written in SQL: a report asks for up to forty sums at once, and the ORM took longer to compile
that query than the database to answer it.
"""

from django.db import connection

from conversations.models import Person, UsageDay, UsageRollup

DAYS = UsageDay._meta.db_table
ROLLUPS = UsageRollup._meta.db_table
MEMBERS = Person.groups.through._meta.db_table
# What `add_up` can sum by besides a column: the ids of a person's groups, "3,7", NULL for none.
GROUPS = "groups"


class Where:
    """WHERE clause of a query over UsageDay or UsageRollup: conditions joined by AND, and their
    values. The methods that add a condition return the Where itself, so that calls can be
    chained."""

    def __init__(self):
        self._parts = []
        self._values = []

    def add(self, part, *values):
        """Add a condition: `part` is SQL text, `values` are the parameters for each %s in it."""
        self._parts.append(part)
        self._values += values
        return self

    def one_of(self, expression, values, inner="%s"):
        """Add the condition `expression IN (…)`: `expression` is SQL text such as a column name,
        `values` an iterable of parameters; an empty one selects no row. `inner` is the SQL within
        the parentheses, with one %s for the list of placeholders; give it to use a subquery."""
        values = list(values)
        if not values:
            return self.add("1 = 0")
        return self.add(f"{expression} IN ({inner % ', '.join(['%s'] * len(values))})", *values)

    def between(self, first, last):
        """Add a condition that selects the rows of the dates from `first` to `last`, both
        included."""
        return self.add("day BETWEEN %s AND %s", _stored(first), _stored(last))

    def days(self, days):
        """Add a condition that selects the rows of exactly the dates in `days` (an iterable)."""
        return self.one_of("day", map(_stored, days))

    def spans(self, grains):
        """Add a condition that selects rows of UsageRollup: `grains` maps a UsageRollup.Grain
        (the kind of sum, such as "per person and week") to a list of the first dates of the
        wanted rows."""
        parts, values = [], []
        for grain, days in grains.items():
            # The grain stands in the SQL itself: SQLite uses no partial index for a parameter.
            parts.append(f"grain = {grain:d} AND day IN ({', '.join(['%s'] * len(days))})")
            values += map(_stored, days)
        return self.add(f"({' OR '.join(f'({part})' for part in parts)})", *values)

    def chosen(self, selection):
        """Add conditions for the people, groups, model and purpose of `selection` (a
        reports.Selection), none for what it does not limit. Its dates are not added."""
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
        """Run the query: return `[(value of key, [sums])]`, the sums (int) of the columns `names`
        in this order, grouped by the column `key`, over the rows of `table` (DAYS or ROLLUPS) that
        meet the conditions, of which there must be one at least.

        With `key` = GROUPS rows are grouped by the set of groups that a person is in: the value is
        text such as "3,7" (ids in any order), None for no group. Only then is `groups` used: the
        ids of the groups to tell apart (None: all).
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
    """Return `(sql, values)` of a JOIN that gives each row the column GROUPS, the group ids of its
    person; `groups` are the ids to take into account (None: all).

    Joined in the database: to fetch forty sums for each person and add them up in Python took
    longer.
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
    """Return the date `day` in the form in which the database driver takes it as a parameter."""
    return connection.ops.adapt_datefield_value(day)
