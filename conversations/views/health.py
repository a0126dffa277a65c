"""Health checks for load balancers: liveness and readiness, over plain http and with any Host."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse


def healthz(request):
    """Liveness: 200 as long as the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request):
    """Readiness: 200 when the database answers and all migrations are applied, else 503 with the
    reason."""
    try:
        pending = pending_migrations()
    except DatabaseError:
        return not_ready()
    finally:
        connection.close()
    if pending:
        return HttpResponse("migrations are pending\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


def not_ready():
    """The 503 of /readyz for a database that does not answer."""
    return HttpResponse("the database does not answer\n", status=503, content_type="text/plain")


def pending_migrations():
    """The plan of migrations that are not applied to the database, as a list of `(Migration,
    False)`."""
    executor = MigrationExecutor(connection)
    return executor.migration_plan(executor.loader.graph.leaf_nodes())
