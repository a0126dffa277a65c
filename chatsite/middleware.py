"""What stands around every request: an id, headers, health checks, the limit of the body."""

import re
import uuid

from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.middleware.gzip import GZipMiddleware
from django.utils.decorators import sync_and_async_middleware

from chatsite.logs import request_id as current_id
from conversations.outage import is_lasting
from conversations.views import conversations, errors, health

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "chat",
}
CONTENT_POLICY = "; ".join(f"{name} {value}" for name, value in POLICY.items())
# The admin's jQuery writes innerHTML.
ADMIN_POLICY = "; ".join(
    f"{name} {value}" for name, value in POLICY.items() if "trusted-types" not in name
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "X-Frame-Options": "DENY",
}
HSTS = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains"


def _around(before, after):
    """A middleware, sync and async alike: `before(request)`, then `after(request, response)`."""

    @sync_and_async_middleware
    def middleware(get_response):
        if iscoroutinefunction(get_response):

            async def handle(request):
                before(request)
                return after(request, await get_response(request))

        else:

            def handle(request):
                before(request)
                return after(request, get_response(request))

        return handle

    return middleware


def _give_id(request):
    given = request.headers.get("X-Request-Id", "")
    request.id = given if _GIVEN_ID.match(given) else uuid.uuid4().hex[:16]
    current_id.set(request.id)


def _tell_id(request, response):
    response.headers["X-Request-Id"] = request.id
    return response


def _headers(request, response):
    admin = request.path_info.startswith("/admin/")
    response.headers.setdefault(
        "Content-Security-Policy", ADMIN_POLICY if admin else CONTENT_POLICY
    )
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if settings.SECURE:
        response.headers.setdefault("Strict-Transport-Security", HSTS)
    if request.path_info == "/accounts/logout/" and request.method == "POST":
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


_gzip = GZipMiddleware(lambda request: None)


def _compress(request, response):
    """Pages, but no streams: of an event stream Django's gzip delivers only the first event.

    It pads each answer by a random length, and tokens of forms are masked anew for each page, so
    that lengths tell nothing of them (BREACH). Static files are compressed when collected.
    """
    return response if response.streaming else _gzip.process_response(request, response)


EARLY = {"/healthz": health.healthz, "/readyz": health.readyz}


request_id = _around(_give_id, _tell_id)
headers = _around(lambda request: None, _headers)
compress = _around(lambda request: None, _compress)


@sync_and_async_middleware
def early(get_response):
    """Answers what must not wait for hosts, https or sessions: health checks, 413, and 503 while
    the database is known not to answer."""

    def find(request):
        if getattr(request, "scope", {}).get("chatsite.body_too_large"):
            return conversations.too_large
        if request.path_info in EARLY:
            return EARLY[request.path_info]
        if is_lasting() and not request.path_info.startswith(settings.STATIC_URL):
            return errors.database_down
        return None

    if iscoroutinefunction(get_response):

        async def handle(request):
            view = find(request)
            if view is None:
                return await get_response(request)
            return await sync_to_async(view)(request)

    else:

        def handle(request):
            view = find(request)
            return get_response(request) if view is None else view(request)

    return handle
