"""Django middleware of every request: id, security headers, compression and early answers.

Each function takes Django's `get_response`, the next handler, and returns one around it. All sync,
as the views are: the whole chain runs in one thread (chatsite/asgi_handler.py).
"""

import gzip
import io
import re
import secrets
import uuid

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.middleware.gzip import GZipMiddleware

from chatsite.logs import request_id as current_id
from conversations.database.outage import is_lasting
from conversations.readiness import readiness
from conversations.views import conversations, errors, health, outage_page

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
LOGOUTS = ("/accounts/logout/", "/admin/logout/")
HSTS = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains"


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


def headers(get_response):
    """Django middleware: return a handler that calls `get_response` and adds the
    Content-Security-Policy and the other security headers to the response."""

    def handle(request):
        response = get_response(request)
        admin = request.path_info.startswith("/admin/")
        response.headers.setdefault(
            "Content-Security-Policy", ADMIN_POLICY if admin else CONTENT_POLICY
        )
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if settings.SECURE:
            response.headers.setdefault("Strict-Transport-Security", HSTS)
        if request.path_info in LOGOUTS and request.method == "POST":
            response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response

    return handle


class Compression(GZipMiddleware):
    """Django's GZipMiddleware, except that each chunk of a streamed page is released once it is
    compressed: a slow client may take a minute to read the page."""

    def process_response(self, request, response):
        """Return `response` with its body compressed, if the client of `request` accepts gzip."""
        if response.streaming:
            pieces = response.streaming_content
        response = super().process_response(request, response)
        if response.streaming and response.has_header("Content-Encoding"):
            response.streaming_content = _compressed(pieces, self.max_random_bytes)
        return response


def _compressed(pieces, most_padding):
    """Yield the bytes of a gzip stream: its header, padded by a random number of bytes below
    `most_padding`, then the compressed iterable `pieces` (bytes)."""
    padding, buffer = "a" * secrets.randbelow(most_padding), io.BytesIO()
    with gzip.GzipFile(padding, "wb", compresslevel=6, fileobj=buffer, mtime=0) as compressing:
        yield _taken(buffer)
        for piece in pieces:
            compressing.write(piece)
            del piece
            if buffer.tell():
                yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer):
    """Return all bytes of `buffer` (an io.BytesIO), which is empty afterwards."""
    taken = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return taken


_gzip = Compression(lambda request: None)


def compress(get_response):
    """Django middleware: return a handler that calls `get_response` and compresses the response
    with gzip.

    Streams that are not HTML pass as they are: of an event stream Django's gzip delivers only the
    first event. Each answer is padded by a random length and tokens of forms are masked anew for
    each page, so that lengths tell nothing of them (BREACH); a page that is drawn after its headers
    pads itself (conversations/views/early_headers.py). Static files are compressed when collected.
    """

    def handle(request):
        response = get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if response.streaming and not is_page:
            return response
        return _gzip.process_response(request, response)

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
