"""Django middleware that sets `request.fragment` and activates the language and time zone for a
request."""

from functools import cache
from urllib.parse import unquote
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone, translation

from conversations.accounts.session_revocation import keeping_session_of


def fragment(get_response):
    """Return a middleware that sets `request.fragment` to the header `X-Fragment`. By it the page's
    JavaScript asks for the HTML of one part of a page ("turn", "edit", "list" …); "" means the
    whole page."""

    def middleware(request):
        request.fragment = request.headers.get("X-Fragment", "")
        return get_response(request)

    return middleware


def reader(get_response):
    """Return a middleware that activates the language of the account and the time zone of the
    browser (cookie `timezone`) for each request, and updates the person's `last_seen_at`. Changes
    that the request makes to the person's own account or rights do not end its session.

    Responses to logged-in people get `Cache-Control: no-store`, unless the view set that header:
    the back button must not show them after logout.

    In MIDDLEWARE it comes after LocaleMiddleware, whose language it replaces, and after
    AuthenticationMiddleware, since it reads `request.user`.
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
    """Activate the language of the person's account and the time zone of the cookie `timezone`. A
    language that is "" or unknown leaves that of the browser active; a time zone that is missing or
    unknown leaves that of the site."""
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
    """Return the set of names of the time zones that can be loaded on this server, for example
    "Europe/Berlin".

    A browser may be newer and send a name that is not among them, or Etc/Unknown. Factory and
    localtime are files of the tz database, not places: the first is UTC under another name, the
    second the server's own zone.
    """
    return available_timezones() - {"Factory", "localtime"}
