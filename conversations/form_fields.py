"""Form fields for dates and groups. Their values are safe for date arithmetic, for the integers of
SQLite and PostgreSQL, and for display beside other text."""

from datetime import date

from django import forms
from django.utils.translation import gettext_lazy

from conversations.rendering.isolated_text import isolated

# Arithmetic with days, months and time zones overflows near the ends of Python's calendar (years 1
# and 9999). No date that a form asks for lies outside of these limits.
FIRST_DAY = date(1970, 1, 2)
LAST_DAY = date(2999, 12, 31)
# The largest signed 64-bit integer: the largest id that SQLite and PostgreSQL accept.
LARGEST_ID = 2**63 - 1


def refuse_day_out_of_range(day):
    """Raise ValidationError, with a sentence for the person, if `day` (a date) is before FIRST_DAY
    or after LAST_DAY."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise forms.ValidationError(
            gettext_lazy("Choose a day from %(first)s to %(last)s."),
            code="out_of_range",
            params={"first": FIRST_DAY.isoformat(), "last": LAST_DAY.isoformat()},
        )


class DayField(forms.DateField):
    """Form field for a date in the format of browsers (YYYY-MM-DD), from FIRST_DAY to LAST_DAY. Its
    value is a `date`, or None for an empty field, which is valid unless `required`. Other text is a
    validation error."""

    def __init__(self, *, required=False, **kwargs):
        kwargs.setdefault("input_formats", ["%Y-%m-%d"])
        kwargs.setdefault("widget", forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
        super().__init__(required=required, **kwargs)

    def to_python(self, value):
        """Return the date written in `value` (text), None for an empty one. Raise ValidationError
        if it is no date or out of range."""
        day = super().to_python(value)
        if day is not None:
            refuse_day_out_of_range(day)
        return day


class GroupField(forms.ModelChoiceField):
    """Form field to choose a Group. Groups are listed by their names, with direction isolates where
    right-to-left or invisible characters would reorder the text beside a name."""

    def label_from_instance(self, group):
        """Return the text that the choice of `group` shows: its name, with direction isolates where
        needed."""
        return isolated(group.name)
