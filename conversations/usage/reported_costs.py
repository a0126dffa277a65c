"""Reported costs: what calls cost according to the gateway, compared by day and model with what
this site computed."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Sum

from conversations.models import Person, UsageDay, UsageRollup
from conversations.models.usage_day import COSTS
from conversations.usage import reports
from conversations.usage.report_tables import PAGE
from conversations.usage.reports import Sums


@dataclass(frozen=True)
class Row:
    """Row of a Comparison: one model on one day. `sums` (reports.Sums) has the measures
    usage_day.COSTS of the calls for which the gateway reported a cost."""

    day: date
    model: str
    sums: Sums


@dataclass(frozen=True)
class Comparison:
    """Comparison of reported with computed costs: `rows` (a list of Row, newest day first), and
    their `total` (reports.Sums)."""

    rows: list
    total: Sums

    def page(self, number):
        """Return the list of rows on the page `number`, counted from 1; empty beyond the last
        page."""
        return self.rows[(number - 1) * PAGE : number * PAGE]

    @property
    def pages(self):
        """Return the number of pages, at least 1."""
        return max(-(-len(self.rows) // PAGE), 1)


def compare_costs(selection):
    """Return the Comparison, by day and model, for `selection`, a reports.Selection of which dates,
    groups and model are used (`people` must be None). Days and models for which the gateway
    reported no cost are left out."""
    if selection.everyone:
        found = UsageRollup.objects.filter(grain=UsageRollup.Grain.MODEL_DAY)
    else:
        members = Person.groups.through.objects.filter(group_id__in=selection.groups)
        found = UsageDay.objects.filter(person_id__in=members.values("person_id"))
    found = found.filter(day__range=(selection.since, selection.until), cost_reports__gt=0)
    if selection.model:
        found = found.filter(model=selection.model)
    cells = found.values("day", "model").annotate(**{f"sum_{name}": Sum(name) for name in COSTS})
    rows = [
        Row(cell["day"], cell["model"], Sums({name: int(cell[f"sum_{name}"]) for name in COSTS}))
        for cell in cells.order_by("-day", "model")
    ]
    return Comparison(rows, reports.added(row.sums for row in rows))
