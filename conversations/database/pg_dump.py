"""Runner of PostgreSQL's `pg_dump`, with the password of the database in its environment: every
account can see the arguments of a process."""

import os
import subprocess

from django.db import connection
from psycopg import pq
from psycopg.conninfo import make_conninfo

_KEYWORDS = {each.keyword.decode() for each in pq.Conninfo.get_defaults()}


class DumpFailed(Exception):
    """Raised if `pg_dump` is missing or fails; the message is a sentence, or what `pg_dump` wrote
    to standard error (the last 500 characters)."""


def dump(path):
    """Write a consistent snapshot of the site's database (PostgreSQL) to the file `path`, in the
    custom format, which `pg_restore` reads; the site may run meanwhile. Raise DumpFailed."""
    given = {
        name: value
        for name, value in connection.get_connection_params().items()
        if name in _KEYWORDS and value is not None
    }
    environment = dict(os.environ)
    # Only this account and root can read the environment of a process; its arguments everybody can.
    if password := given.pop("password", None):
        environment["PGPASSWORD"] = password
    command = ["pg_dump", "--format=custom", f"--file={path}", f"--dbname={make_conninfo(**given)}"]
    try:
        done = subprocess.run(  # noqa: S603 (no text of others)
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
    except FileNotFoundError as error:
        raise DumpFailed("pg_dump is missing: apt-get install postgresql-client") from error
    if done.returncode:
        raise DumpFailed(done.stderr.strip()[-500:] or "pg_dump failed and did not say why.")
