"""`manage.py backup FILE`: write a copy of the SQLite database to FILE while the site runs."""

import os
import sqlite3
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import connection


class Command(BaseCommand):
    """The command `backup`: copies the database with SQLite's backup API while the site runs,
    checks the copy's integrity and renames it to FILE (mode 0600). Raises CommandError on
    PostgreSQL, if FILE exists, and if the copy is damaged."""

    help = "Write a consistent copy of the SQLite database to FILE while the site goes on running."

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *, file, **options):
        if connection.vendor != "sqlite":
            raise CommandError(
                "The database is PostgreSQL: use pg_dump --format=custom; see docs/deploy.md."
            )
        if file.exists():
            raise CommandError(f"{file} exists already. Choose another name or remove it.")
        connection.ensure_connection()
        unfinished = file.with_name(file.name + ".part")
        unfinished.unlink(missing_ok=True)
        # SQLite would make it readable for all accounts.
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        copy = sqlite3.connect(unfinished)
        try:
            # In one step: readers and writers do not wait for it, while a backup in several steps
            # restarts with each change, on a busy site for ever.
            connection.connection.backup(copy)
            result = copy.execute("PRAGMA integrity_check").fetchone()[0]
        finally:
            copy.close()
        if result != "ok":
            unfinished.unlink()
            raise CommandError(f"The copy is not sound: {result}")
        unfinished.rename(file)
        self.stdout.write(f"{file}: {file.stat().st_size:,} bytes, integrity ok")
