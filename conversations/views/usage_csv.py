"""Views of the CSV files of usage: each has the table of a page of usage (`usage.py`), with the
same parameters; 422 with the page if they are not valid."""

from django.http import StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from conversations.usage import csv_export, report_tables, reports
from conversations.usage.forms import CostsForm, PeopleForm, PersonForm, RangeForm
from conversations.usage.reported_costs import compare_costs
from conversations.views.long_work import long_work
from conversations.views.ownership import person_required
from conversations.views.usage import seen_or_404, usage_viewer_required


@long_work
@person_required
@require_safe
def mine(request):
    """Return the table of the person's own usage as a CSV file, with the query parameters of the
    page `views.usage.mine`; 422 with that page if they are not valid."""
    form = RangeForm(request.GET)
    if not form.is_valid():
        return render(request, "usage/mine.html", {"form": form}, status=422)
    selection = form.selection(people=[request.user.pk])
    by, sort = form.cleaned_data["by"], form.cleaned_data["sort"]
    table = report_tables.make_own_table(request.user, by, selection, sort)
    return _download(csv_export.lines_of(table), "usage", form)


@long_work
@usage_viewer_required
@require_safe
def people(request):
    """Return the table of everyone's usage as a CSV file, with the query parameters of the page
    `views.usage.people`; 422 with that page if they are not valid."""
    form = PeopleForm(request.GET, groups=reports.visible_groups(request.user))
    if not form.is_valid():
        return render(request, "usage/people.html", {"form": form}, status=422)
    asked = form.cleaned_data
    table = report_tables.make_table(asked["by"], form.selection(), asked["sort"])
    return _download(csv_export.lines_of(table), "usage-people", form)


@long_work
@usage_viewer_required
@require_safe
def costs(request):
    """Return the comparison of reported and computed costs as a CSV file, with the query parameters
    of the page `views.usage.costs`; 422 with that page if they are not valid."""
    form = CostsForm(request.GET, groups=reports.visible_groups(request.user))
    if not form.is_valid():
        return render(request, "usage/costs.html", {"form": form}, status=422)
    rows = csv_export.cost_rows(compare_costs(form.selection()))
    return _download([csv_export.lines(rows)], "usage-costs", form)


@long_work
@usage_viewer_required
@require_safe
def person(request, username):
    """Return the table of one person's usage as a CSV file, with the query parameters of the page
    `views.usage.person`; 422 with that page if they are not valid."""
    form = PersonForm(request.GET)
    seen, name = seen_or_404(request, username, form)
    if not form.is_valid():
        return render(request, "usage/person.html", {"form": form, "name": name}, status=422)
    selection = form.selection(people=[seen])
    table = report_tables.make_table(form.cleaned_data["by"], selection, form.cleaned_data["sort"])
    return _download(csv_export.lines_of(table), f"usage-{name}", form)


def _download(chunks, name, form):
    """Return `chunks` (an iterable of bytes) as a streamed CSV file to download, named
    NAME-FROM-TO.csv with the dates of `form`."""
    asked = form.cleaned_data
    response = StreamingHttpResponse(chunks, content_type="text/csv; charset=utf-8")
    filename = f"{name}-{asked['from']}-{asked['to']}.csv"
    response.headers["Content-Disposition"] = content_disposition_header(True, filename)
    return response
