"""Early response headers: send the HTTP headers of a page before its HTML is rendered.

The headers make the browser start a process for the page, which Cross-Origin-Opener-Policy
requires, and fetch the stylesheet. On a cold load that takes longer than rendering does.

gunicorn sends the headers together with the first bytes of the body. Those are the header of the
gzip format, which the middleware that compresses pages yields before any HTML is there.
"""

import secrets

from django.contrib.messages import get_messages
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.exception import response_for_exception
from django.http import HttpResponse, StreamingHttpResponse


def draw_early(request, draw):
    """Return the HTTP response 200 whose body is the HTML that `draw` (a function without
    parameters) returns; `draw` is called after the headers were sent.

    An exception in `draw` can no longer change the status: the error page becomes the body. So
    check permissions and existence before.

    `draw` is called at once if the server does not send headers first, if there are Django messages
    to show (a cookie in the headers says that they were shown), and for a prefetch, whose error
    page the browser would keep for later.
    """
    is_served = request.method == "GET" and isinstance(request, ASGIRequest)
    is_ahead = request.headers.get("Sec-Purpose", "").startswith("prefetch")
    if not is_served or is_ahead or len(get_messages(request)):
        return HttpResponse(draw())
    # Otherwise nginx would hold the headers back until the HTML comes.
    return StreamingHttpResponse(_pieces(request, draw), headers={"X-Accel-Buffering": "no"})


def _pieces(request, draw):
    """Yield the HTML that `draw()` returns as UTF-8, with a comment of random length at its end; if
    `draw` raises an exception, the error page for it."""
    try:
        page = [draw().encode()]
    except Exception as error:
        page = [response_for_exception(request, error).content]
    else:
        # gzip's own padding leaves with the headers, so it does not hide how long this is (BREACH).
        padding = secrets.token_hex(secrets.randbelow(50))
        page.append(page.pop() + f"<!-- {padding} -->\n".encode())
    # While a slow client reads the page, nothing else of it may stay in memory.
    del draw, request
    yield page.pop()
