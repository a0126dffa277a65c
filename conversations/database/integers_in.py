"""`field__in` with integers that the column cannot hold: they match no row.

Django does so for `field=…`. In a list, where ids from a form end up (the actions of the
administration, fields of several choices), it hands them on, and SQLite's driver and PostgreSQL
raise.
"""

from django.db.models import AutoField, BigAutoField, IntegerField
from django.db.models.lookups import In


class IntegersIn(In):
    """The look-up `in` of integer columns."""

    def process_rhs(self, compiler, connection):
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
    """Have every integer column use it; once, when the app is ready."""
    for field in (IntegerField, AutoField, BigAutoField):
        field.register_lookup(IntegersIn)
