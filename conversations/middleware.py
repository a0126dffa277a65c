"""Request attributes and the language and time zone that views rely on."""

from functools import cache
from urllib.parse import unquote
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone, translation

from conversations.accounts.session_revocation import keeping_session_of


def fragment(get_response):
    """Set `request.fragment`: the part of a page that our script asks for with the header
    `X-Fragment` ("turn", "edit", "list" …), "" where a whole page is wanted."""

    def middleware(request):
        request.fragment = request.headers.get("X-Fragment", "")
        return get_response(request)

    return middleware


def reader(get_response):
    """Show pages in the account's language and the browser's zone (cookie `timezone`).

    Logged-in pages are never stored by a cache: the back button must not show them after logout.

    Sync on purpose, and the innermost: Django then runs the whole chain above it, which is all
    sync inside anyway, with one change of thread a request instead of one for each middleware.
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
    """The names of time zones that this machine and its tzdata know.

    A browser may be newer, or have none: Etc/Unknown. Factory and localtime are files of the
    database, not places: the first is UTC under another name, the second the server's own zone.
    """
    return available_timezones() - {"Factory", "localtime"}
