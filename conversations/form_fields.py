"""Fields of forms whose values every calculation and both databases can hold."""

from datetime import date

from django import forms
from django.utils.translation import gettext_lazy

from conversations.rendering.isolated_text import isolated

# Days around the ends of Python's calendar (years 1 and 9999) cannot be moved by a day, a month or
# a zone, and nothing here is older than the site or was planned for after these.
FIRST_DAY = date(1970, 1, 2)
LAST_DAY = date(2999, 12, 31)
# Of a 64-bit integer, which both databases take for an id.
LARGEST_ID = 2**63 - 1


def refuse_day_out_of_range(day):
    """Raise ValidationError with a sentence for a date before FIRST_DAY or after LAST_DAY."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise forms.ValidationError(
            gettext_lazy("Choose a day from %(first)s to %(last)s."),
            code="out_of_range",
            params={"first": FIRST_DAY.isoformat(), "last": LAST_DAY.isoformat()},
        )


class DayField(forms.DateField):
    """A day as browsers send it, from FIRST_DAY to LAST_DAY; empty unless `required`.

    Any other text is refused with a sentence.
    """

    def __init__(self, *, required=False, **kwargs):
        kwargs.setdefault("input_formats", ["%Y-%m-%d"])
        kwargs.setdefault("widget", forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
        super().__init__(required=required, **kwargs)

    def to_python(self, value):
        day = super().to_python(value)
        if day is not None:
            refuse_day_out_of_range(day)
        return day


class GroupField(forms.ModelChoiceField):
    """A choice of groups, whose names cannot turn the order of the text beside them."""

    def label_from_instance(self, group):
        return isolated(group.name)
