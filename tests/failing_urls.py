"""The site's addresses and some that fail, each in its way."""

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.urls import include, path

from chatsite.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]


def raising(error):
    def view(request):
        raise error

    return view


urlpatterns = [
    path("fails/400/", raising(SuspiciousOperation("sent by a stranger"))),
    path("fails/403/", raising(PermissionDenied("not for you"))),
    path("fails/500/", raising(RuntimeError("a secret of the code"))),
    path("fails/503/", raising(OperationalError("connection to 10.0.0.5 refused"))),
    path("", include("chatsite.urls")),
]
