"""Health checks for load balancers: liveness and readiness, over plain http and with any Host."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse

from conversations.database import outage
from conversations.files import machine_folders


def healthz(request):
    """Return 200 as long as the process answers (liveness)."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request):
    """Return 200 if the database answers and all migrations are applied, else 503 with the reason
    (readiness). The text "ok" is followed by a warning if several machines keep files in separate
    folders."""
    try:
        pending = pending_migrations()
    except DatabaseError:
        return not_ready()
    finally:
        connection.close()
    outage.forget()
    if pending:
        return HttpResponse("migrations are pending\n", status=503, content_type="text/plain")
    # A fault of the operator's that waits for no process; said where machines are looked at.
    said = machine_folders.fault()
    return HttpResponse(f"ok\n{said}\n" if said else "ok\n", content_type="text/plain")


def not_ready():
    """Return the response 503 of /readyz for a database that does not answer."""
    return HttpResponse("the database does not answer\n", status=503, content_type="text/plain")


def pending_migrations():
    """Return the migrations that are not applied to the database yet, as a list of `(Migration,
    False)` in the order to apply them; [] if there are none. Raises DatabaseError if the database
    does not answer."""
    executor = MigrationExecutor(connection)
    return executor.migration_plan(executor.loader.graph.leaf_nodes())
