"""Lookup of `field__in` that drops integers too large for the column: they match no row.

Django does so for `field=…`. For a list it passes them on, and SQLite's driver and PostgreSQL
raise; ids from a form end up in such lists (actions of the admin site, fields of several choices).
"""

from django.db.models import AutoField, BigAutoField, IntegerField
from django.db.models.lookups import In


class IntegersIn(In):
    """Lookup `field__in` for integer columns. It drops integers beyond the column's range, which
    match no row, where Django's own lookup makes the database raise an error."""

    def process_rhs(self, compiler, connection):
        """Return the SQL of the list, without integers beyond the column's range, and its
        parameters."""
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
