"""Pages of usage: a person's own, everyone's, and one person's; each also as a CSV file."""

import csv
import io
from functools import wraps
from urllib.parse import urlencode

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
from conversations.usage.forms import PeopleForm, PersonForm, RangeForm, person_seen, presets
from conversations.usage.reports import Selection
from conversations.usage.sentences import amount_of
from conversations.views.long_work import long_work
from conversations.views.ownership import person_required


def usage_viewer_required(view):
    """A decorator of views: 404 for whoever lacks the permission `view_usage`; superusers have
    it."""

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
    """The page of the person's own usage: today, this week and this month, budgets, and a table by
    day, model or conversation."""
    form = RangeForm(request.GET)
    if not form.is_valid():
        return render(request, "usage/mine.html", {"form": form}, status=422)
    table = _own_table(request.user, form)
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
    """The table of the person's own usage as CSV."""
    form = RangeForm(request.GET)
    if not form.is_valid():
        return render(request, "usage/mine.html", {"form": form}, status=422)
    return _file(request, _own_table(request.user, form), "usage", form)


@long_work
@usage_viewer_required
@require_safe
def people(request):
    """The page of everyone's usage, or of the groups in the viewer's rows of UsageScope."""
    form = PeopleForm(request.GET, groups=reports.visible_groups(request.user))
    if not form.is_valid():
        return render(request, "usage/people.html", {"form": form}, status=422)
    selection = form.selection()
    asked = form.cleaned_data
    if asked["by"] == "person":
        table, rows = report_tables.make_page(selection, asked["sort"], asked["page"] or 1)
    else:
        table, rows = report_tables.make_table(asked["by"], selection, asked["sort"]), None
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
    """The table of everyone's usage as CSV, by the filters of the page."""
    form = PeopleForm(request.GET, groups=reports.visible_groups(request.user))
    if not form.is_valid():
        return render(request, "usage/people.html", {"form": form}, status=422)
    asked = form.cleaned_data
    table = report_tables.make_table(asked["by"], form.selection(), asked["sort"])
    return _file(request, table, "usage-people", form)


@long_work
@usage_viewer_required
@require_safe
def person(request, username):
    """The page of one person's usage: numbers, no text. `?id=` is the id of a person whose account
    was deleted."""
    form = PersonForm(request.GET)
    seen, name = _seen(request, username, form)
    if not form.is_valid():
        return render(request, "usage/person.html", {"form": form, "name": name}, status=422)
    selection = form.selection(people=[seen])
    table = report_tables.make_table(form.cleaned_data["by"], selection, form.cleaned_data["sort"])
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
    """The table of one person's usage as CSV."""
    form = PersonForm(request.GET)
    seen, name = _seen(request, username, form)
    if not form.is_valid():
        return render(request, "usage/person.html", {"form": form, "name": name}, status=422)
    selection = form.selection(people=[seen])
    table = report_tables.make_table(form.cleaned_data["by"], selection, form.cleaned_data["sort"])
    return _file(request, table, f"usage-{name}", form)


def _seen(request, username, form):
    """`(person id, name)` of the person whose usage is asked for. Http404 for an unknown one and
    for one outside the viewer's groups."""
    person_id = form.cleaned_data.get("id") if form.is_valid() else None
    seen = person_seen(username, person_id, reports.visible_groups(request.user))
    if seen is None:
        raise Http404
    return seen


def _own_table(person, form):
    """The report table of the person's own usage; by conversation the rows are named by titles."""
    selection = form.selection(people=[person.pk])
    by, sort = form.cleaned_data["by"], form.cleaned_data["sort"]
    if by != "conversation":
        return report_tables.make_table(by, selection, sort)
    found = reports.by_conversation(person, selection)
    titles = {
        row.pk: row.display_title
        for row in Conversation.objects.of(person).filter(pk__in=[pk for pk in found if pk])
    }
    rows = [
        report_tables.Row(pk if pk in titles else None, str(titles.get(pk, _("Deleted"))), sums)
        for pk, sums in found.items()
    ]
    return report_tables.sorted_table(by, rows, sort)


def _context(form, table, chart, rows=None):
    """The template context that the pages of usage share."""
    asked = form.cleaned_data
    number = min(asked["page"] or 1, table.pages)
    dates = urlencode({"from": asked["from"], "to": asked["to"]})
    rows = rows or table.page(number)
    for row in rows:
        row.link = _link(table.by, row, dates)
    return {
        "form": form,
        "table": table,
        "rows": rows,
        "number": number,
        "total": table.total,
        "chart": chart,
        "by": table.by,
        "sort": table.sort,
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
        "base": _query(form, sort=None, page=None),
        "unsorted": _query(form, by=None, sort=None, page=None),
    }


def _link(by, row, dates):
    """The URL of the page about the subject of a row (a conversation, a person); "" for none."""
    if by == "conversation" and row.key:
        return reverse("conversation", args=[row.key])
    if by != "person":
        return ""
    left = f"id={row.key}&" if row.left else ""
    return f"{reverse('usage_person', args=[row.label])}?{left}{dates}"


def _query(form, **changes):
    """The query string of the page with `changes` applied (None removes a parameter) and without
    `page`."""
    values = {name: form.data.get(name) for name in form.fields if name != "page"}
    values.update(changes)
    return urlencode({name: value for name, value in values.items() if value})


CHARTED = ("cost_units", *DISTINCT_TOKENS)


def _chart(selection):
    """The chart of a selection, by day or month: of the cost, or of tokens where nothing was
    priced."""
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
    """`[(name, Sums)]` of today, this week and this month."""
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
    """The Sums of Responses with the purpose "title" in the range of the form, or None."""
    found = reports.sums_by("purpose", form.selection(people=[person_id]), COUNTED)
    return found.get("title")


def _unpriced(selection):
    """`[(model, number of Responses)]` of models without a price."""
    found = reports.sums_by("model", selection, ("unpriced",))
    return sorted((model, sums["unpriced"]) for model, sums in found.items() if sums["unpriced"])


ROWS_AT_A_TIME = 200


def _file(request, table, name, form):
    """The report table as CSV, streamed, as a download."""
    asked = form.cleaned_data
    response = StreamingHttpResponse(_chunks(table), content_type="text/csv; charset=utf-8")
    filename = f"{name}-{asked['from']}-{asked['to']}.csv"
    response.headers["Content-Disposition"] = content_disposition_header(True, filename)
    return response


def _chunks(table):
    """Yield the CSV in pieces of ROWS_AT_A_TIME rows, as bytes."""
    rows = iter([report_tables.file_header(table.by)])
    yield _lines(rows)
    rows = list(report_tables.file_rows(table))
    for start in range(0, len(rows), ROWS_AT_A_TIME):
        yield _lines(rows[start : start + ROWS_AT_A_TIME])


def _lines(rows):
    """Rows as CSV, in UTF-8."""
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return file.getvalue().encode()
