"""Pages of usage (tokens and cost): a person's own, everyone's, and one person's; each also as a
CSV file.

Over 300 lines since the pages share their form, tables and chart, and each has its file beside it.
"""

import csv
import io
from functools import wraps
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from conversations import usage
from conversations.models import Budget, Conversation, Person
from conversations.models.response import DISTINCT_TOKENS
from conversations.models.usage_day import FIGURES as COUNTED
from conversations.usage import calendar, report_tables, reports
from conversations.usage.chart import draw
from conversations.usage.forms import (
    CostsForm,
    PeopleForm,
    PersonForm,
    RangeForm,
    person_seen,
    presets,
)
from conversations.usage.missing_costs import missing_prices
from conversations.usage.prices import NO_PRICE
from conversations.usage.reported_costs import compare_costs, file_rows
from conversations.usage.reports import Selection
from conversations.usage.sentences import amount_of
from conversations.views.long_work import long_work
from conversations.views.ownership import person_required


def usage_viewer_required(view):
    """Return `view` wrapped so that it responds with 404 to people without the permission
    `view_usage`; superusers have it."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        if not request.user.has_perm("conversations.view_usage"):
            raise Http404
        return view(request, *args, **kwargs)

    return person_required(guarded)


@long_work
@person_required
@require_safe
def mine(request):
    """Return the page of the person's own usage: today, this week and this month, budgets, and a
    table by day, model or conversation. 422 if the parameters are not valid."""
    form = RangeForm(request.GET)
    if not form.is_valid():
        return render(request, "usage/mine.html", {"form": form}, status=422)
    table = _own_table(request.user, form, report_tables.SHOWN)
    context = {
        **_context(form, table, _chart(form.selection(people=[request.user.pk]))),
        "periods": _periods(request.user.pk),
        "standings": usage.standings(request.user),
        "titles": _titles(request.user.pk, form),
        "cuts": [
            ("day", _("By day")),
            ("model", _("By model")),
            ("conversation", _("By conversation")),
        ],
    }
    return render(request, "usage/mine.html", context)


@long_work
@person_required
@require_safe
def mine_file(request):
    """Return the table of the person's own usage as a CSV file, with the parameters of the page."""
    form = RangeForm(request.GET)
    if not form.is_valid():
        return render(request, "usage/mine.html", {"form": form}, status=422)
    return _file(request, _own_table(request.user, form, report_tables.WHOLE), "usage", form)


@long_work
@usage_viewer_required
@require_safe
def people(request):
    """Return the page of everyone's usage or, if the viewer has a UsageScope, of the members of its
    groups. 422 if the parameters are not valid."""
    form = PeopleForm(request.GET, groups=reports.visible_groups(request.user))
    if not form.is_valid():
        return render(request, "usage/people.html", {"form": form}, status=422)
    selection = form.selection()
    asked = form.cleaned_data
    if asked["by"] == "person":
        table, rows = report_tables.make_page(selection, asked["sort"], asked["page"] or 1)
    else:
        names = report_tables.SHOWN
        table = report_tables.make_table(asked["by"], selection, asked["sort"], names)
        rows = None
    context = _context(form, table, _chart(selection), rows)
    context["cuts"] = [
        ("person", _("By person")),
        ("group", _("By group")),
        ("model", _("By model")),
        ("day", _("By day")),
    ]
    context["unpriced"] = _unpriced(selection) if context["total"]["unpriced"] else []
    return render(request, "usage/people.html", context)


@long_work
@usage_viewer_required
@require_safe
def people_file(request):
    """Return the table of everyone's usage as a CSV file, with the parameters of the page."""
    form = PeopleForm(request.GET, groups=reports.visible_groups(request.user))
    if not form.is_valid():
        return render(request, "usage/people.html", {"form": form}, status=422)
    asked = form.cleaned_data
    table = report_tables.make_table(asked["by"], form.selection(), asked["sort"])
    return _file(request, table, "usage-people", form)


@long_work
@usage_viewer_required
@require_safe
def costs(request):
    """Return the page that compares what the gateway said that calls cost with what this site
    computed, by day and model. 422 if the parameters are not valid."""
    form = CostsForm(request.GET, groups=reports.visible_groups(request.user))
    if not form.is_valid():
        return render(request, "usage/costs.html", {"form": form}, status=422)
    comparison = compare_costs(form.selection())
    number = min(form.cleaned_data["page"] or 1, comparison.pages)
    context = {
        **_range_context(form),
        "comparison": comparison,
        "rows": comparison.page(number),
        "number": number,
        "pages": comparison.pages,
        "total": comparison.total,
        "currency": settings.CURRENCY,
    }
    return render(request, "usage/costs.html", context)


@long_work
@usage_viewer_required
@require_safe
def costs_file(request):
    """Return the comparison of costs as a CSV file, with the parameters of the page."""
    form = CostsForm(request.GET, groups=reports.visible_groups(request.user))
    if not form.is_valid():
        return render(request, "usage/costs.html", {"form": form}, status=422)
    rows = list(file_rows(compare_costs(form.selection())))
    return _download([_lines(rows)], "usage-costs", form)


@long_work
@usage_viewer_required
@require_safe
def person(request, username):
    """Return the page of one person's usage: numbers, no text. `username` names the person; `?id=`
    is the id of a person whose account was deleted. 404 for a person whom the viewer may not
    see."""
    form = PersonForm(request.GET)
    seen, name = _seen(request, username, form)
    if not form.is_valid():
        return render(request, "usage/person.html", {"form": form, "name": name}, status=422)
    selection = form.selection(people=[seen])
    by, sort = form.cleaned_data["by"], form.cleaned_data["sort"]
    table = report_tables.make_table(by, selection, sort, report_tables.SHOWN)
    owner = Person.objects.filter(pk=seen).first()
    context = {
        **_context(form, table, _chart(selection)),
        "name": name,
        "owner": owner,
        "periods": _periods(seen),
        "standings": usage.standings(owner) if owner else [],
        "titles": _titles(seen, form),
        "cuts": [("day", _("By day")), ("model", _("By model"))],
    }
    return render(request, "usage/person.html", context)


@long_work
@usage_viewer_required
@require_safe
def person_file(request, username):
    """Return the table of one person's usage as a CSV file, with the parameters of the page."""
    form = PersonForm(request.GET)
    seen, name = _seen(request, username, form)
    if not form.is_valid():
        return render(request, "usage/person.html", {"form": form, "name": name}, status=422)
    selection = form.selection(people=[seen])
    table = report_tables.make_table(form.cleaned_data["by"], selection, form.cleaned_data["sort"])
    return _file(request, table, f"usage-{name}", form)


def _seen(request, username, form):
    """Return `(person id, name)` of the person whose usage is asked for by `username` or by the id
    in `form` (a PersonForm). Raise Http404 for an unknown person and for one outside of the
    viewer's groups."""
    person_id = form.cleaned_data.get("id") if form.is_valid() else None
    seen = person_seen(username, person_id, reports.visible_groups(request.user))
    if seen is None:
        raise Http404
    return seen


def _own_table(person, form, names):
    """Return the report_tables.Table of the usage of `person`, with the dates, grouping and order
    of `form` (a RangeForm), of the measures `names`. Grouped by conversation, the rows are named by
    titles."""
    selection = form.selection(people=[person.pk])
    by, sort = form.cleaned_data["by"], form.cleaned_data["sort"]
    if by != "conversation":
        return report_tables.make_table(by, selection, sort, names)
    found = reports.by_conversation(person, selection)
    listed = Conversation.objects.of(person).filter(pk__in=[pk for pk in found if pk])
    titles = {row.pk: row.display_title for row in listed.filter(temporary=False)}
    rows = [report_tables.Row(pk, titles[pk], sums) for pk, sums in found.items() if pk in titles]
    # In one row each, so that nothing tells a deleted conversation that a hold keeps from others.
    temporary = set(listed.filter(temporary=True).values_list("pk", flat=True))
    for label, keys in (
        (_("Temporary"), temporary),
        (_("Deleted"), found.keys() - titles.keys() - temporary),
    ):
        if keys:
            sums = reports.Sums()
            for key in keys:
                sums.add(found[key])
            rows.append(report_tables.Row(None, label, sums))
    return report_tables.sorted_table(by, rows, sort)


def _context(form, table, chart, rows=None):
    """Return the template context that all pages of usage share: the rows of the page of `table`,
    `chart`, and query strings for links. `rows` are the rows to show (None: the page that `form`
    asks for)."""
    asked = form.cleaned_data
    number = min(asked["page"] or 1, table.pages)
    dates = urlencode({"from": asked["from"], "to": asked["to"]})
    rows = rows or table.page(number)
    for row in rows:
        row.link = _link(table.by, row, dates)
    return {
        "table": table,
        "rows": rows,
        "number": number,
        "total": table.total,
        "chart": chart,
        "by": table.by,
        "sort": table.sort,
        **_range_context(form),
        "base": _query(form, sort=None, page=None),
        "unsorted": _query(form, by=None, sort=None, page=None),
    }


def _range_context(form):
    """Return the template context of the form of a range of dates, and the query string of the
    page for its links."""
    asked = form.cleaned_data
    return {
        "form": form,
        "since": asked["from"],
        "until": asked["to"],
        "presets": [
            {
                "name": name,
                "query": _query(form, **{"from": since, "to": until}),
                "current": (since, until) == (asked["from"], asked["to"]),
            }
            for name, since, until in presets()
        ],
        "query": _query(form),
    }


def _link(by, row, dates):
    """Return the URL of the page about the conversation or person of `row`, "" if there is none.
    `by` says what the table's rows are; `dates` is a query string that the link keeps."""
    if by == "conversation" and row.key:
        return reverse("conversation", args=[row.key])
    if by != "person":
        return ""
    left = f"id={row.key}&" if row.left else ""
    return f"{reverse('usage_person', args=[row.label])}?{left}{dates}"


def _query(form, **changes):
    """Return the query string of the present page without `page`, and with `changes` applied (None
    removes a parameter). `form` holds the present parameters."""
    values = {name: form.data.get(name) for name in form.fields if name != "page"}
    values.update(changes)
    return urlencode({name: value for name, value in values.items() if value})


CHARTED = ("cost_units", *DISTINCT_TOKENS)


def _chart(selection):
    """Return the chart of `selection` (a reports.Selection), by day or month, as a dictionary for
    the template: of the cost, or of tokens if nothing has a cost."""
    period, found = reports.timeline(selection, CHARTED)
    costs = any(sums["cost_units"] for sums in found.values())
    form = "MONTH_DAY_FORMAT" if period == calendar.DAY else "YEAR_MONTH_FORMAT"
    points = [
        (date_format(day, form), sums.cost if costs else sums.tokens) for day, sums in found.items()
    ]
    metric = Budget.Metric.COST if costs else Budget.Metric.TOKENS
    drawn = draw(points, lambda value: amount_of(metric, value))
    return {"drawn": drawn, "metric": metric, "period": period}


def _periods(person_id):
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


def _titles(person_id, form):
    """Return the Sums of the Responses that wrote titles of conversations for the person with the
    id `person_id`, in the dates of `form` (a RangeForm); None if there are none."""
    found = reports.sums_by("purpose", form.selection(people=[person_id]), COUNTED)
    return found.get("title")


def _unpriced(selection):
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


ROWS_AT_A_TIME = 200


def _file(request, table, name, form):
    """Return `table` (a report_tables.Table) as a streamed CSV file to download, named
    NAME-FROM-TO.csv with the dates of `form`."""
    return _download(_chunks(table), name, form)


def _download(chunks, name, form):
    """Return `chunks` (an iterable of bytes) as a streamed CSV file to download, named as in
    `_file`."""
    asked = form.cleaned_data
    response = StreamingHttpResponse(chunks, content_type="text/csv; charset=utf-8")
    filename = f"{name}-{asked['from']}-{asked['to']}.csv"
    response.headers["Content-Disposition"] = content_disposition_header(True, filename)
    return response


def _chunks(table):
    """Yield `table` (a report_tables.Table) as CSV in bytes, first the header, then ROWS_AT_A_TIME
    rows at a time."""
    rows = iter([report_tables.file_header(table.by)])
    yield _lines(rows)
    rows = list(report_tables.file_rows(table))
    for start in range(0, len(rows), ROWS_AT_A_TIME):
        yield _lines(rows[start : start + ROWS_AT_A_TIME])


def _lines(rows):
    """Return `rows` (lists of cells) as lines of CSV, encoded in UTF-8."""
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue().encode()
