"""The site's addresses, some that fail, each in its way, and one that waits."""

import time
from pathlib import Path

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.urls import include, path

from chatsite.urls import handler400, handler403, handler404, handler500
from conversations.views.early_headers import draw_early

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def raising(error):
    def view(request):
        raise error

    return view


def raising_late(error):
    def draw():
        raise error

    return lambda request: draw_early(request, draw)


def waiting(request):
    """A page that cannot be drawn before the file `?for=` is there."""

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
