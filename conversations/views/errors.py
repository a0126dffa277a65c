"""Error pages: what went wrong, what to do next, and the id of the request. The page for a database
that does not answer is in `outage_page.py`."""

import sys

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token

from conversations.database.outage import is_outage, notice
from conversations.readiness import readiness
from conversations.views.outage_page import database_down
from conversations.views.typed_text import typed_context

# Beginnings of those reasons of django.middleware.csrf for which a new token does not help.
OF_ANOTHER_SITE = ("Origin checking failed", "Referer checking failed")


@requires_csrf_token
def bad_request(request, exception=None):
    """Return the error page 400, without any detail of `exception`."""
    return render(request, "400.html", status=400)


@requires_csrf_token
def forbidden(request, exception=None):
    """Return the error page 403, without any detail of `exception`."""
    return render(request, "403.html", status=403)


@requires_csrf_token
def not_found(request, exception=None):
    """Return the error page 404, which is the same for what does not exist and for what belongs to
    somebody else; `exception` is not shown."""
    return render(request, "404.html", status=404)


@requires_csrf_token
def server_error(request):
    """Return the error page for the exception being handled: 503 if it means that the database is
    down, else 500. Neither page queries the database."""
    error = sys.exc_info()[1]
    readiness.notice(error)
    if is_outage(error):
        notice(error)
        return database_down(request)
    return render(request, "500.html", status=500)


def too_many_uploads(request, is_share):
    """Return the error page for an upload that was refused for lack of memory: 429 if the client
    used up its own share (`is_share`), 503 if the memory for all uploads is in use. The body was
    not read; the browser still has the text in the page that sent it."""
    context = {"is_share": is_share}
    page = render(request, "too_many_uploads.html", context, status=429 if is_share else 503)
    page.headers["Retry-After"] = "10"
    return page


def too_many_connections():
    """Return the response 503, plain text, for a request on a connection beyond the server's limit.
    It is made on the event loop: no session is read and no template rendered."""
    sentence = _("The server has as many open connections as it can serve.")
    again = _("Try again in a few seconds.")  # gettext does not look into f-strings
    response = HttpResponse(
        f"{sentence} {again}", status=503, content_type="text/plain; charset=utf-8"
    )
    response.headers["Retry-After"] = "5"
    return response


def too_many_files(request, is_share):
    """Return the error page for an uploaded file that was refused for lack of disk space: 429 if
    the person has used up their own share (`is_share` True), else 503."""
    context = {"is_share": is_share, "is_import": request.path_info == reverse("data")}
    page = render(request, "too_many_files.html", context, status=429 if is_share else 503)
    page.headers["Retry-After"] = "60"
    return page


@requires_csrf_token
def csrf_failure(request, reason=""):
    """Return the error page 403 for a POST without a valid CSRF token, with a new token and the
    text that was typed. `reason` is Django's text about the cause; if it says that the request came
    from another origin, the page says that instead, since a new token would not help."""
    if reason.startswith(OF_ANOTHER_SITE):
        return _text_kept(request, "wrong_origin.html")
    return _text_kept(request, "form_expired.html")


def login_expired(request):
    """Return the error page 403 for a POST after the session ended, with the text that was
    typed."""
    return _text_kept(request, "login_expired.html")


def _text_kept(request, template):
    """Return a response 403 from the template called `template`, which shows the text that was
    typed. As a fragment it is only a sentence and a new CSRF token, since the page's JavaScript
    still has the text."""
    if request.fragment:
        # The script still has the text: it needs only a sentence and a new CSRF token.
        template = f"_{template}"
    return render(request, f"conversations/{template}", typed_context(request), status=403)
