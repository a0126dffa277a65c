"""Django middleware of every request: its id, and early answers. That of the security headers is in
chatsite/security_headers.py, that of compression in chatsite/compression.py.

Each function takes Django's `get_response`, the next handler, and returns one around it. All sync,
as the views are: the whole chain runs in one thread (chatsite/asgi_handler.py).
"""

import re
import uuid

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFilesSent

from chatsite.logs import request_id as current_id
from conversations.database.outage import is_lasting
from conversations.readiness import readiness
from conversations.views import conversations, errors, health, outage_page

_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")


def request_id(get_response):
    """Django middleware: return a handler that gives each request an `id`, then calls
    `get_response`.

    The id is a new one or, with TRUSTED_PROXIES, that of the proxy's X-Request-Id header. It is in
    the response's header, the log, on error pages, in the access log of reviews, and in the log
    line of a reply that the request asked for.
    """

    def handle(request):
        given = request.headers.get("X-Request-Id", "") if settings.TRUSTED_PROXIES else ""
        request.id = given if _GIVEN_ID.match(given) else uuid.uuid4().hex[:16]
        current_id.set(request.id)
        response = get_response(request)
        response.headers["X-Request-Id"] = request.id
        return response

    return handle


EARLY = {"/healthz": health.healthz, "/readyz": health.readyz}


def early(get_response):
    """Django middleware: return a handler that answers some requests before hosts, HTTPS and
    sessions are checked, and calls `get_response` for the others.

    They are health checks, uploads that are too large or for which there is no room, addresses with
    a NUL character, and, with 503, all requests while the installation is known to be incomplete or
    the database to be unavailable.
    """

    def handle(request):
        # Forms are UTF-8, whatever charset they are said to have: Django takes any codec of
        # Python's, "zlib" too, and fails.
        if request.encoding:
            request.encoding = None
        if getattr(request, "scope", {}).get("chatsite.body_too_large"):
            return conversations.too_large(request)
        if error := getattr(request, "scope", {}).get("chatsite.no_upload_memory"):
            return errors.too_many_uploads(request, error.is_share)
        if "\0" in request.path_info:
            # PostgreSQL takes no NUL in a text that is looked up, so an address with one names
            # nothing.
            return errors.bad_request(request)
        if error := getattr(request, "scope", {}).get("chatsite.no_import_space"):
            return errors.too_many_files(request, error.is_share)
        if "chatsite.spooled_body" in getattr(request, "scope", {}):
            try:
                request.POST  # noqa: B018 (parsed here, once)
            except (RequestDataTooBig, TooManyFilesSent):
                # Its text fields are larger than MAX_BODY, or it has a hundred files.
                return conversations.too_large(request)
        if request.path_info in EARLY:
            return EARLY[request.path_info](request)
        if readiness.fault:
            return outage_page.incomplete(request)
        if is_lasting() and not request.path_info.startswith(settings.STATIC_URL):
            return outage_page.database_down(request)
        return get_response(request)

    return handle
