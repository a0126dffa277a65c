"""Pages of usage (tokens and cost): a person's own, everyone's, and one person's, and the
comparison of reported costs. Their CSV files are in `usage_csv.py`."""

from functools import wraps
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from conversations import usage
from conversations.models import Person
from conversations.usage import page_figures, report_tables, reports
from conversations.usage.forms import (
    CostsForm,
    PeopleForm,
    PersonForm,
    RangeForm,
    person_seen,
    presets,
)
from conversations.usage.reported_costs import compare_costs
from conversations.views.long_work import long_work
from conversations.views.ownership import person_required


def usage_viewer_required(view):
    """Return `view` wrapped so that it responds with 404 to people without the permission
    `view_usage`; superusers have it. People who are not logged in are redirected to the login."""

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
    selection = form.selection(people=[request.user.pk])
    by, sort = form.cleaned_data["by"], form.cleaned_data["sort"]
    table = report_tables.make_own_table(request.user, by, selection, sort, report_tables.SHOWN)
    context = {
        **_context(form, table, page_figures.chart(selection)),
        "periods": page_figures.periods(request.user.pk),
        "standings": usage.standings(request.user),
        "titles": page_figures.titles(selection),
        "cuts": [
            ("day", _("By day")),
            ("model", _("By model")),
            ("conversation", _("By conversation")),
        ],
    }
    return render(request, "usage/mine.html", context)


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
    context = _context(form, table, page_figures.chart(selection), rows)
    context["cuts"] = [
        ("person", _("By person")),
        ("group", _("By group")),
        ("model", _("By model")),
        ("day", _("By day")),
    ]
    context["unpriced"] = page_figures.unpriced(selection) if context["total"]["unpriced"] else []
    return render(request, "usage/people.html", context)


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
def person(request, username):
    """Return the page of one person's usage: numbers, no text. `username` names the person; `?id=`
    is the id of a person whose account was deleted. 404 for a person whom the viewer may not
    see."""
    form = PersonForm(request.GET)
    seen, name = seen_or_404(request, username, form)
    if not form.is_valid():
        return render(request, "usage/person.html", {"form": form, "name": name}, status=422)
    selection = form.selection(people=[seen])
    by, sort = form.cleaned_data["by"], form.cleaned_data["sort"]
    table = report_tables.make_table(by, selection, sort, report_tables.SHOWN)
    owner = Person.objects.filter(pk=seen).first()
    context = {
        **_context(form, table, page_figures.chart(selection)),
        "name": name,
        "owner": owner,
        "periods": page_figures.periods(seen),
        "standings": usage.standings(owner) if owner else [],
        "titles": page_figures.titles(selection),
        "cuts": [("day", _("By day")), ("model", _("By model"))],
    }
    return render(request, "usage/person.html", context)


def seen_or_404(request, username, form):
    """Return `(person id, name)` of the person whose usage is asked for by `username` or by the id
    in `form` (a PersonForm). Raise Http404 for an unknown person and for one outside of the
    viewer's groups."""
    person_id = form.cleaned_data.get("id") if form.is_valid() else None
    seen = person_seen(username, person_id, reports.visible_groups(request.user))
    if seen is None:
        raise Http404
    return seen


def _context(form, table, chart, rows=None):
    """Return the template context that the pages of usage share, and set the `link` of each row to
    show. `form` is a RangeForm, `table` a report_tables.Table, `chart` what `page_figures.chart`
    returned; `rows` are the report_tables.Rows to show (None: those of the page of `table` that
    `form` asks for)."""
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
    """Return the template context of `form` (a RangeForm): the form, its dates, links to other
    ranges of dates (`presets`), and the query string of the present page."""
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
    """Return the URL of the page about the conversation or person of `row` (a report_tables.Row),
    "" if there is none. `by` is what the rows of the table are grouped by, such as "person";
    `dates` is a query string that the link keeps."""
    if by == "conversation" and row.key:
        return reverse("conversation", args=[row.key])
    if by != "person":
        return ""
    left = f"id={row.key}&" if row.left else ""
    return f"{reverse('usage_person', args=[row.label])}?{left}{dates}"


def _query(form, **changes):
    """Return the query string of the page that `form` (a RangeForm) describes, without `page`, and
    with `changes` applied (by name of a parameter; None removes it)."""
    values = {name: form.data.get(name) for name in form.fields if name != "page"}
    values.update(changes)
    return urlencode({name: value for name, value in values.items() if value})
