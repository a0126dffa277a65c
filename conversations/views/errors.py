"""Error pages: a sentence, what to do next, and the id of the request."""

import sys

from django.shortcuts import render
from django.views.decorators.csrf import requires_csrf_token

from conversations.database.outage import is_outage, notice
from conversations.forms import MessageForm

# Beginnings of those reasons of django.middleware.csrf for which a new token does not help.
OF_ANOTHER_SITE = ("Origin checking failed", "Referer checking failed")


@requires_csrf_token
def bad_request(request, exception=None):
    """400, with no detail of the exception."""
    return render(request, "400.html", status=400)


@requires_csrf_token
def forbidden(request, exception=None):
    """403, with no detail of the exception."""
    return render(request, "403.html", status=403)


@requires_csrf_token
def not_found(request, exception=None):
    """404, the same for what does not exist and for what belongs to somebody else."""
    return render(request, "404.html", status=404)


@requires_csrf_token
def server_error(request):
    """500, or 503 for an exception that means that the database is down. Neither page queries
    it."""
    error = sys.exc_info()[1]
    if is_outage(error):
        notice(error)
        return database_down(request)
    return render(request, "500.html", status=500)


@requires_csrf_token
def database_down(request):
    """503 with the text that was sent, and Retry-After. The page does not query the database."""
    # Whether the message was stored is unknown: the same submission is never stored twice.
    context = {**_kept(request), "sent": request.POST.get("submission")}
    page = render(request, "503.html", context, status=503)
    page.headers["Retry-After"] = "5"
    return page


def too_many_uploads(request, is_share):
    """429 where the client used up its own share of the memory for uploads (`is_share`), 503 where
    all of it is in use. The body was not read; the browser still has the text in the page that sent
    it."""
    context = {"is_share": is_share}
    page = render(request, "too_many_uploads.html", context, status=429 if is_share else 503)
    page.headers["Retry-After"] = "10"
    return page


def too_many_files(request, is_share):
    """429, or 503 where it is not the person's own share that is used up: the file was not kept."""
    context = {"is_share": is_share}
    page = render(request, "too_many_files.html", context, status=429 if is_share else 503)
    page.headers["Retry-After"] = "60"
    return page


@requires_csrf_token
def csrf_failure(request, reason=""):
    """403 with a form that has a new CSRF token and the text that was typed. For a request from
    another origin it says so instead: a new token would not help."""
    if reason.startswith(OF_ANOTHER_SITE):
        return _text_kept(request, "wrong_origin.html")
    return _text_kept(request, "form_expired.html")


def login_expired(request):
    """403 for a POST after the session ended, with the text that was typed."""
    return _text_kept(request, "login_expired.html")


def _text_kept(request, template):
    """403 with `template`, which shows the text that was typed; as a fragment only a sentence and a
    new CSRF token, since the script still has the text."""
    if request.fragment:
        # The script still has the text: it needs only a sentence and a new CSRF token.
        template = f"_{template}"
    return render(request, f"conversations/{template}", _kept(request), status=403)


def _kept(request):
    """The template context with the text of a POST, in a form, where the POST had a text."""
    text = request.POST.get("text")
    context = {"text": text, "path": request.path}
    if text is not None:
        context["form"] = MessageForm(initial={"text": text})
    return context
