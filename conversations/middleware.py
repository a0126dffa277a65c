"""Middleware: `request.fragment`, and the language and time zone of the request."""

from functools import cache
from urllib.parse import unquote
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone, translation

from conversations.accounts.session_revocation import keeping_session_of


def fragment(get_response):
    """Middleware that sets `request.fragment`: the part of a page that the script asks for with the
    header `X-Fragment` ("turn", "edit", "list" …), "" for a whole page."""

    def middleware(request):
        request.fragment = request.headers.get("X-Fragment", "")
        return get_response(request)

    return middleware


def reader(get_response):
    """Middleware that activates the language of the account and the time zone of the browser
    (cookie `timezone`).

    Pages for logged-in people get `no-store`: the back button must not show them after logout.

    It is synchronous, and the innermost: Django then runs the whole chain above it, which is all
    synchronous, with one change of thread for each request instead of one for each middleware.
    """

    def middleware(request):
        _activate(request)
        if request.user.is_authenticated:
            request.user.seen()
        with keeping_session_of(request):
            response = get_response(request)
        if request.user.is_authenticated and "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response

    return middleware


def _activate(request):
    """Activate language and time zone for this request; each that is unknown stays the default."""
    language = getattr(request.user, "language", "")
    if language and translation.check_for_language(language):
        translation.activate(language)
        request.LANGUAGE_CODE = language
    zone = unquote(request.COOKIES.get("timezone", ""))
    if zone in _known_zones():
        timezone.activate(ZoneInfo(zone))
    else:
        timezone.deactivate()


@cache
def _known_zones():
    """A set of the names of time zones that this machine and its tzdata know.

    A browser may be newer and send one that is unknown, or Etc/Unknown. Factory and localtime are
    files of the database, not places: the first is UTC under another name, the second the server's
    own zone.
    """
    return available_timezones() - {"Factory", "localtime"}
