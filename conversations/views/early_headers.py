"""A page whose headers leave before it is drawn.

By them a browser begins: it starts a process for the page, which Cross-Origin-Opener-Policy asks
for, and fetches the style. On a cold load that takes longer than the page takes to be drawn.

gunicorn sends them with the first bytes of the page: those of gzip, which every browser accepts.
"""

import secrets

from django.contrib.messages import get_messages
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.exception import response_for_exception
from django.http import HttpResponse, StreamingHttpResponse


def draw_early(request, draw):
    """The response 200 with the HTML that `draw()` returns, called when the headers have left.

    What `draw` raises can no longer choose the status: the page of that error is the body. So who
    may see the page, and whether there is one, is to be known before.

    It is drawn at once where no server sends the headers first, where there are notes to show (that
    they were shown is said in a header), and for a browser that fetches ahead: it would keep the
    page of an error for later.
    """
    is_served = request.method == "GET" and isinstance(request, ASGIRequest)
    is_ahead = request.headers.get("Sec-Purpose", "").startswith("prefetch")
    if not is_served or is_ahead or len(get_messages(request)):
        return HttpResponse(draw())
    # nginx would keep the headers until the page comes.
    return StreamingHttpResponse(_pieces(request, draw), headers={"X-Accel-Buffering": "no"})


def _pieces(request, draw):
    try:
        html = draw()
    except Exception as error:
        yield response_for_exception(request, error).content
    else:
        # gzip's own padding leaves with the headers, so it does not hide how long this is (BREACH).
        padding = secrets.token_hex(secrets.randbelow(50))
        yield f"{html}<!-- {padding} -->\n".encode()
