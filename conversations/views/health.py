"""Health checks for load balancers: liveness and readiness, over plain http and with any Host."""

from django.db import DatabaseError, connection
from django.http import HttpResponse, JsonResponse

from conversations.database import outage
from conversations.doctor import seen_request
from conversations.files import machine_folders
from conversations.readiness import readiness


def healthz(request):
    """Return 200 as long as the process answers (liveness). For a signed request of the command
    `doctor` the body is JSON: its scheme, host and addresses, as the site sees them."""
    if seen_request.HEADER in request.headers and seen_request.is_of_the_doctor(request):
        return JsonResponse(seen_request.seen(request))
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request):
    """Return 200 if the database answers and nothing that the site needs is missing, else 503 with
    the sentence about it (readiness). The text "ok" is followed by a warning if several machines
    keep files in separate folders."""
    try:
        fault = readiness.look()
    except DatabaseError:
        return not_ready()
    finally:
        connection.close()
    if fault:
        return HttpResponse(f"{fault}\n", status=503, content_type="text/plain; charset=utf-8")
    outage.forget()
    # A fault of the operator's that waits for no process; said where machines are looked at.
    said = machine_folders.fault()
    return HttpResponse(f"ok\n{said}\n" if said else "ok\n", content_type="text/plain")


def not_ready():
    """Return the response 503 of /readyz for a database that does not answer."""
    return HttpResponse("The database does not answer.\n", status=503, content_type="text/plain")
