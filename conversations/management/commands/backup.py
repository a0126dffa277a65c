"""`manage.py backup FILE`: write a copy of the SQLite database to FILE while the site runs, and the
files of messages to FILE.files.tar."""

import contextlib
import os
import sqlite3
import uuid
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from conversations.files.backup import write_tar
from conversations.models import SetupStep, StoredFile


class Command(BaseCommand):
    """The command `backup`: copies the database with SQLite's backup API while the site runs,
    checks the copy's integrity and renames it to FILE (mode 0600). Raises CommandError on
    PostgreSQL, if FILE exists, and if the copy is damaged. Where messages have files, their bytes
    go to FILE.files.tar."""

    help = (
        "Write a consistent copy of the SQLite database to FILE while the site goes on running, "
        "and the files of messages to FILE.files.tar."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *, file, **options):
        if connection.vendor != "sqlite":
            raise CommandError(
                "The database is PostgreSQL: use pg_dump --format=custom; see docs/deploy.md."
            )
        for each in (file, file.with_name(file.name + ".files.tar")):
            if each.exists():
                raise CommandError(f"{each} exists already. Choose another name or remove it.")
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
        # The files after the database: each that the copy names is there, but for those that
        # somebody deletes in between.
        names = _files_of(unfinished)
        tar = file.with_name(file.name + ".files.tar")
        if names:
            count, missing = write_tar(tar, names)
        unfinished.rename(file)
        _note()
        self.stdout.write(f"{file}: {file.stat().st_size:,} bytes, integrity ok")
        if names:
            self.stdout.write(f"{tar}: {tar.stat().st_size:,} bytes, {count} files")
            if missing:
                self.stdout.write(
                    f"{len(missing)} files were deleted meanwhile, or are missing: see check_files"
                )


def _note():
    """Note in the database that a backup was made, for the administration. A backup is worth more
    than that note: where the database cannot take it, not yet being migrated perhaps, it is left
    out."""
    with contextlib.suppress(DatabaseError):
        SetupStep.note_done(SetupStep.Name.BACKUP)


def _files_of(copy):
    """Return the list of the names, in the storage, of all files that the database file `copy`
    knows."""
    with contextlib.closing(sqlite3.connect(copy)) as database:
        rows = database.execute(
            "SELECT id, small FROM conversations_storedfile WHERE doomed_at IS NULL"
        )
        stored = [StoredFile(id=uuid.UUID(digits), small=small) for digits, small in rows]
    return [name for each in stored for name in (each.name, each.small_name) if name]
