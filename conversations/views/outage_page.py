"""Outage page: the error page 503 while the database does not answer, or something else is missing
that the site needs. It queries no database."""

from django.shortcuts import render
from django.utils import translation
from django.views.decorators.csrf import requires_csrf_token

from conversations.readiness import readiness
from conversations.views.typed_text import typed_context


@requires_csrf_token
def database_down(request, fault=""):
    """Return the error page 503 with the header Retry-After and, for a POST, a form with the text
    that was sent. The page does not query the database.

    It says that the database does not answer or, if `fault` is not "", that sentence about what is
    missing."""
    # Whether the message was stored is unknown. With its submission id it can be sent again
    # safely: each id is stored only once.
    context = {**typed_context(request), "fault": fault, "sent": request.POST.get("submission")}
    page = render(request, "503.html", context, status=503)
    page.headers["Retry-After"] = "5"
    return page


def incomplete(request):
    """Return the error page 503 while something is missing that the site needs, with the sentence
    about it and the text that was sent. The page does not query the database, and can be read
    without static files."""
    # No middleware has looked at the request yet. Django would log each of these pages; the log has
    # the sentence already.
    with translation.override(translation.get_language_from_request(request)):
        page = database_down(request, "" if readiness.is_outage else readiness.fault)
    page._has_been_logged = True
    return page
