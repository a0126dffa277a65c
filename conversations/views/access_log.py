"""Views of the access log of reviews, for people with the permission to read it: a page and a CSV
file."""

from functools import wraps

from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from conversations.models import ReviewAccess
from conversations.review import access_log_page
from conversations.review.forms import LogForm
from conversations.review.record_access import record
from conversations.usage.csv_export import harmless_lines
from conversations.views.long_work import long_work
from conversations.views.ownership import person_required


def log_reader_required(view):
    """Return `view` wrapped so that it responds with 404 to people who may not read the access log
    of reviews (superusers always may). People who are not logged in are redirected to the login."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        if not request.user.may_read_access_log:
            raise Http404
        return view(request, *args, **kwargs)

    return person_required(guarded)


@long_work
@log_reader_required
@require_safe
def index(request):
    """Return the page of the access log, newest rows first, filtered by the query parameters of a
    LogForm, and only rows below the number `?before=`; 422 with the form if they are not valid."""
    form = LogForm(request.GET)
    context = {"form": form, "rows": [], "before": None, "csv_rows": access_log_page.CSV_ROWS}
    if form.is_valid():
        context["rows"], context["before"] = access_log_page.page(
            form.cleaned_data, _before(request)
        )
    return render(request, "review/log.html", context, status=200 if form.is_valid() else 422)


@long_work
@log_reader_required
@require_safe
def download(request):
    """Return the access log as a CSV file, filtered by the query parameters of a LogForm (422 if
    they are not valid) and, with `?before=`, only rows below that number. The download is itself
    recorded in the log.

    At most CSV_ROWS rows; if there are more, the header `Link` has the URL of the next file.
    """
    form = LogForm(request.GET)
    if not form.is_valid():
        return render(request, "review/log.html", {"form": form, "rows": []}, status=422)
    with transaction.atomic():
        record(request, ReviewAccess.Action.EXPORTED, detail={"log": form.carried})
        rows, before = access_log_page.page(
            form.cleaned_data, _before(request), access_log_page.CSV_ROWS
        )
    text = harmless_lines([access_log_page.COLUMNS, *access_log_page.csv_rows(rows)])
    # The byte order mark at the start makes spreadsheets read the file as UTF-8.
    answer = HttpResponse("\ufeff" + text, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = 'attachment; filename="access-log.csv"'
    if before is not None:
        query = "&".join(filter(None, [form.carried, f"before={before}"]))
        answer.headers["Link"] = f'<{request.path}?{query}>; rel="next"'
    return answer


def _before(request):
    """Return the query parameter `before` as an int (only rows of the access log with a smaller
    number are shown); None if it is missing or no number."""
    text = request.GET.get("before", "")
    return int(text) if text.isdecimal() and len(text) < 19 else None
