"""Figures of the pages of usage beside their table: the chart, the sums of today, this week and
this month, what titles took, and models without a price."""

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from conversations.models import Budget
from conversations.models.response import DISTINCT_TOKENS
from conversations.models.usage_day import FIGURES as COUNTED
from conversations.usage import calendar, reports
from conversations.usage.chart import draw
from conversations.usage.missing_costs import missing_prices
from conversations.usage.prices import NO_PRICE
from conversations.usage.reports import Selection
from conversations.usage.sentences import amount_of

CHARTED = ("cost_units", *DISTINCT_TOKENS)


def chart(selection):
    """Return the chart of `selection` (a reports.Selection), by day or month, of the cost, or of
    tokens if nothing has a cost, as a dict for the template: `drawn` is a chart.Chart, `metric` a
    Budget.Metric (money or tokens), `period` "day" or "month"."""
    period, found = reports.timeline(selection, CHARTED)
    costs = any(sums["cost_units"] for sums in found.values())
    form = "MONTH_DAY_FORMAT" if period == calendar.DAY else "YEAR_MONTH_FORMAT"
    points = [
        (date_format(day, form), sums.cost if costs else sums.tokens) for day, sums in found.items()
    ]
    metric = Budget.Metric.COST if costs else Budget.Metric.TOKENS
    drawn = draw(points, lambda value: amount_of(metric, value))
    return {"drawn": drawn, "metric": metric, "period": period}


def periods(person_id):
    """Return `[(name, Sums)]`: the usage of the person with the id `person_id` today, this week and
    this month."""
    today = calendar.today()
    starts = [
        (name, calendar.first_day(period, today))
        for name, period in (
            (_("Today"), calendar.DAY),
            (_("This week"), calendar.WEEK),
            (_("This month"), calendar.MONTH),
        )
    ]
    since = min(start for _name, start in starts)
    days = reports.sums_by("day", Selection(since, today, [person_id]), COUNTED)
    return [
        (name, reports.added(sums for day, sums in days.items() if day >= start))
        for name, start in starts
    ]


def titles(selection):
    """Return the Sums of the Responses in `selection` (a reports.Selection) that wrote titles of
    conversations; None if there are none."""
    return reports.sums_by("purpose", selection, COUNTED).get("title")


def unpriced(selection):
    """Return `[(model, number of Responses, what has no price)]`, sorted by name: the models in
    `selection` that have Responses without a cost. What has no price is text such as
    "cache_write, web_search"; "" where the model has no price at all."""
    found = reports.sums_by("model", selection, ("unpriced",))
    return [
        (model, sums["unpriced"], _missing(model, selection))
        for model, sums in sorted(found.items())
        if sums["unpriced"]
    ]


def _missing(model, selection):
    """Return the names of what has no price in the Responses of the language model `model` in the
    days of `selection` (a reports.Selection), as text with commas; "" if the model has no price at
    all."""
    names = missing_prices(model, selection.since, selection.until)
    return ", ".join(name for name in names if name != NO_PRICE)
