"""URLconf of the site with further addresses: some fail, each with another status, and one
waits."""

import time
from pathlib import Path

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.urls import include, path

from chatsite.urls import handler400, handler403, handler404, handler500
from conversations.views.early_headers import draw_early

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def raising(error):
    """Return a view that raises `error`."""

    def view(request):
        raise error

    return view


def raising_late(error):
    """Return a view that sends the response's headers first (`draw_early`) and then raises
    `error`."""

    def draw():
        raise error

    return lambda request: draw_early(request, draw)


def waiting(request):
    """View whose headers are sent at once, and the body once the file named by `?for=` exists."""

    def draw():
        while not Path(request.GET["for"]).exists():
            time.sleep(0.01)
        return "<p>Drawn."

    return draw_early(request, draw)


urlpatterns = [
    path("waits/", waiting),
    path("fails/after-headers/500/", raising_late(RuntimeError("a secret of the code"))),
    path(
        "fails/after-headers/503/", raising_late(OperationalError("connection to 10.0.0.5 refused"))
    ),
    path("fails/400/", raising(SuspiciousOperation("sent by a stranger"))),
    path("fails/403/", raising(PermissionDenied("not for you"))),
    path("fails/500/", raising(RuntimeError("a secret of the code"))),
    path("fails/503/", raising(OperationalError("connection to 10.0.0.5 refused"))),
    path("", include("chatsite.urls")),
]
