"""Lookup of `field__in` that drops integers too large for the column: they match no row.

Django itself drops them for `field=…`, but passes a list on as it is, and SQLite's driver and
PostgreSQL then raise an error. Such lists are made of ids from a form (actions of the
administration, multiple-choice fields).
"""

from django.db.models import AutoField, BigAutoField, IntegerField
from django.db.models.lookups import In


class IntegersIn(In):
    """Lookup `field__in` for integer columns. It drops integers beyond the column's range, which
    match no row, where Django's own lookup makes the database raise an error."""

    def process_rhs(self, compiler, connection):
        """Return `(SQL, parameters)` of the list, without integers beyond the column's range; of a
        subquery unchanged. Raise EmptyResultSet, Django's for "no row matches", if none is left."""
        if self.rhs_is_direct_value():
            kind = self.lhs.output_field.get_internal_type()
            least, most = connection.ops.integer_field_range(kind)
            self.rhs = [
                each
                for each in self.rhs
                if not isinstance(each, int)
                or ((least is None or each >= least) and (most is None or each <= most))
            ]
        return super().process_rhs(compiler, connection)


def register():
    """Make integer fields use IntegersIn for the lookup `in`; called when the app is ready."""
    for field in (IntegerField, AutoField, BigAutoField):
        field.register_lookup(IntegersIn)
