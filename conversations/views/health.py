"""For load balancers: is the process up, and can it do its work? Plain http, any Host."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse


def healthz(request):
    """200 as long as the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request):
    """200 when the database answers and is migrated, else 503 with the reason."""
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
    """The answer of /readyz while the database does not answer."""
    return HttpResponse("the database does not answer\n", status=503, content_type="text/plain")


def pending_migrations():
    """The migrations that the database lacks."""
    executor = MigrationExecutor(connection)
    return executor.migration_plan(executor.loader.graph.leaf_nodes())
