"""Check of the database: whether it answers, has an encoding that the site can use, can be written,
and allows enough connections."""

import contextlib
import os
import time
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from chatsite.environment import read_environment
from conversations.database.outage import brief
from conversations.doctor.finding import OK, PROBLEM, WARNING, Finding


def exists():
    """Return False if the database is an SQLite file that does not exist yet; else True."""
    name = settings.DATABASES["default"]["NAME"]
    return not settings.ON_SQLITE or ":memory:" in name or Path(name).exists()


def why_unreachable():
    """Return the driver's message (one line) if no connection to the database can be made, "" if
    one can. Connects outside of the connection pool, whose own error would only be a time-out."""
    alone = connection.copy()
    alone.settings_dict["OPTIONS"].pop("pool", None)
    try:
        alone.ensure_connection()
    except Exception as error:
        return brief(error)
    finally:
        with contextlib.suppress(Exception):
            alone.close()
    return ""


def encoding_fault():
    """Return a sentence (a lazy translation) that says that the database's encoding cannot hold
    people's text, with what to do; "" if it can. Raises DatabaseError if the database does not
    answer."""
    if connection.vendor != "postgresql":
        return ""
    connection.ensure_connection()
    encoding = connection.connection.info.parameter_status("server_encoding")
    if encoding == "UTF8":
        return ""
    return format_lazy(
        _(
            "The database's encoding is {encoding}, which cannot hold people's text: make a "
            "database with --encoding=UTF8 --template=template0, and set DATABASE_URL to it."
        ),
        encoding=encoding,
    )


def read_only_fault():
    """Return a sentence (a lazy translation) that says that the database is read-only, with what to
    do; "" if it can be written. Raises DatabaseError if the database does not answer."""
    if connection.vendor != "postgresql":
        file = Path(settings.DATABASES["default"]["NAME"])
        places = [file, file.parent] if file.exists() else [file.parent]
        if all(os.access(place, os.W_OK) for place in places):
            return ""
        return format_lazy(
            _(
                "The database can only be read: make {file} and its folder writable for the "
                "account of the server."
            ),
            file=file,
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('transaction_read_only'), pg_is_in_recovery()")
        read_only, is_standby = cursor.fetchone()
    if is_standby:
        return _(
            "The database is a standby that can only be read: set DATABASE_URL to the primary."
        )
    if read_only == "on":
        return _(
            "The database can only be read: default_transaction_read_only is on in PostgreSQL."
        )
    return ""


def check():
    """Return the list of Findings about the database, also if it does not answer or is read-only.
    Raises DatabaseError if it refuses a statement for another reason."""
    if settings.ON_SQLITE and (said := read_only_fault()):
        return [Finding(PROBLEM, said)]
    if why := why_unreachable():
        return [
            Finding(
                PROBLEM,
                format_lazy(_("The database does not answer: {why}"), why=why),
                _("Check DATABASE_URL, and that the database runs and lets this machine in."),
            )
        ]
    faults = [encoding_fault()]
    if not faults[0]:
        faults.append(read_only_fault())
    found = [Finding(PROBLEM, said) for said in faults if said]
    if not found:
        began = time.monotonic()
        _write()
        took = (time.monotonic() - began) * 1000
        found.append(
            Finding(
                OK,
                format_lazy(
                    _("{kind} {version} answers and can be written, in {took} ms."),
                    kind=connection.display_name,
                    version=_version(),
                    took=round(took),
                ),
            )
        )
    return found + (_connections() if connection.vendor == "postgresql" else [])


def _version():
    return ".".join(map(str, connection.get_database_version()))


def _write():
    """Execute an UPDATE that matches no row, to see if writing is allowed; nothing in an empty
    database. Raises DatabaseError if it is refused."""
    tables = connection.introspection.table_names()
    if "django_migrations" in tables:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE django_migrations SET name = name WHERE id = -1")


def _connections():
    """Return a list with a WARNING if PostgreSQL's max_connections is less than what the worker
    processes of this machine may open during a reload, old and new ones together; else []."""
    pool = settings.DATABASE_POOL
    try:
        workers = read_environment(settings.BASE_DIR / ".env").number("WEB_CONCURRENCY", 2)
    except ImproperlyConfigured:
        return []  # a bad value: the server names it when it starts
    with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('max_connections')::int")
        most = cursor.fetchone()[0]
        if most < 2 * workers * pool:
            return [
                Finding(
                    WARNING,
                    format_lazy(
                        _(
                            "PostgreSQL allows {most} connections; this machine alone may need "
                            "{need} during a reload."
                        ),
                        most=most,
                        need=2 * workers * pool,
                    ),
                    _("Raise max_connections, or lower DATABASE_POOL or WEB_CONCURRENCY."),
                )
            ]
    return []
