"""Forms of the usage reports: range of dates, person, group, language model, and what to group by,
from the query of the page's URL."""

from datetime import timedelta

from django import forms
from django.contrib.auth.models import Group
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.form_fields import LARGEST_ID, DayField, GroupField
from conversations.models import Person, UsageRollup
from conversations.rendering.isolated_text import isolated
from conversations.usage import calendar
from conversations.usage.reports import Selection

YEARS = 20  # of the longest range; a longer one is a typing error


def presets():
    """Return the ranges of dates offered as links, as `[(name, first date, last date)]`, both dates
    included: "Today", "Last month" and others; names are in the active language."""
    today = calendar.today()
    this_month = calendar.first_day(calendar.MONTH, today)
    last_month = calendar.first_day(calendar.MONTH, this_month - calendar.ONE_DAY)
    return [
        (_("Today"), today, today),
        (_("This week"), calendar.first_day(calendar.WEEK, today), today),
        (_("This month"), this_month, today),
        (_("Last month"), last_month, this_month - calendar.ONE_DAY),
        (_("Last 30 days"), today - timedelta(days=29), today),
        (_("Last 90 days"), today - timedelta(days=89), today),
        (_("This year"), today.replace(month=1, day=1), today),
    ]


class RangeForm(forms.Form):
    """Form of a range of dates: `from` and `to` (both included; default: this month until today),
    `by` (what the rows are grouped by, one of `cuts`), `sort` (the column to sort by) and `page`
    (number from 1)."""

    by = forms.ChoiceField(required=False)
    sort = forms.CharField(required=False, max_length=50)
    page = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)

    # What rows can be grouped by; the first is the default.
    cuts = ("day", "model", "conversation")

    def __init__(self, data, **kwargs):
        super().__init__(data, **kwargs)
        # "from" is a keyword of Python: it cannot be an attribute of the class.
        self.fields["from"] = DayField(label=gettext_lazy("From"))
        self.fields["to"] = DayField(label=gettext_lazy("To"))
        self.fields["by"].choices = [(cut, cut) for cut in self.cuts]

    def clean(self):
        """Return the cleaned data, with defaults for empty fields. Raise ValidationError if `from`
        is after `to`, or the range is longer than YEARS."""
        cleaned = super().clean()
        today = calendar.today()
        until = cleaned.get("to") or max(today, cleaned.get("from") or today)
        since = cleaned.get("from") or calendar.first_day(calendar.MONTH, until)
        if since > until:
            raise forms.ValidationError(_("The first day must not come after the last."))
        if (until - since).days > YEARS * 366:
            raise forms.ValidationError(_("Choose a shorter range."))
        cleaned["from"], cleaned["to"] = since, until
        cleaned["by"] = cleaned.get("by") or self.cuts[0]
        return cleaned

    def selection(self, **fields):
        """Return the reports.Selection (which Responses to report on) of the dates in the form;
        `fields` are further fields for it. Call it after `is_valid`."""
        return Selection(self.cleaned_data["from"], self.cleaned_data["to"], **fields)


class PersonForm(RangeForm):
    """Form of the report about one person, for somebody who may see usage of others. `id` is the
    person's id, needed for a deleted account whose username somebody else has now."""

    cuts = ("day", "model")
    id = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_ID)


class PeopleForm(RangeForm):
    """Form of the report about everybody, or the members of a group, for all language models or
    one. `groups` is a queryset of the groups whose members the viewer may see (None: everybody)."""

    cuts = ("person", "group", "model", "day")
    group = GroupField(Group.objects.none(), required=False, label=gettext_lazy("Group"))
    model = forms.ChoiceField(required=False, label=gettext_lazy("Model"))

    def __init__(self, data, *, groups=None, **kwargs):
        super().__init__(data, **kwargs)
        self._groups = groups
        self.fields["group"].queryset = Group.objects.order_by("name") if groups is None else groups
        self.fields["group"].empty_label = gettext_lazy("All groups")
        names = (
            UsageRollup.objects.filter(grain=UsageRollup.Grain.MODEL_MONTH)
            .order_by("model")
            .values_list("model", flat=True)
            .distinct()
        )
        self.fields["model"].choices = [
            ("", gettext_lazy("All models")),
            *((name, isolated(name)) for name in names),
        ]

    def selection(self, **fields):
        """Return the reports.Selection (which Responses to report on) of the dates, group and
        language model in the form; `fields` are further fields for it. Call it after `is_valid`."""
        group, groups = self.cleaned_data["group"], None
        if group is not None:
            groups = [group.pk]
        elif self._groups is not None:
            groups = list(self._groups.values_list("pk", flat=True))
        return super().selection(groups=groups, model=self.cleaned_data["model"], **fields)


class CostsForm(PeopleForm):
    """Form of the comparison of the costs that the gateway reported with those that this site
    computed: the fields of a PeopleForm, with rows by day only."""

    cuts = ("day",)


def person_seen(username, person_id, groups):
    """Return `(id, username)` of the person to report on; None if there is no such person, or the
    viewer may not see them. `groups` is a queryset of the groups whose members the viewer may see
    (None: everybody).

    With `person_id` (None: whoever has the username now) a deleted account can be found; its use is
    shown only to viewers who may see everybody.
    """
    person = Person.objects.filter(username=username).first()
    if person_id is None or (person and person.pk == person_id):
        if person is None:
            return None
        if groups is not None and not person.groups.filter(pk__in=groups).exists():
            return None
        return person.pk, person.username
    if groups is not None or Person.objects.filter(pk=person_id).exists():
        return None
    return person_id, username
