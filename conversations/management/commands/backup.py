"""`manage.py backup FILE`: write a copy of the database to FILE while the site runs, and the files
of messages to FILE.files.tar."""

import contextlib
import os
import sqlite3
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from conversations.database.pg_dump import DumpFailed, dump
from conversations.files.backup import write_tar
from conversations.models import SetupStep, StoredFile


class Command(BaseCommand):
    """Command `backup`: copies the database to FILE (mode 0600) while the site runs; SQLite by its
    backup API, and the copy's integrity is checked; PostgreSQL by pg_dump in the custom format.
    Raises CommandError if FILE exists, or if the copy fails or is damaged. Where messages have
    files, their bytes go to FILE.files.tar."""

    help = (
        "Write a consistent copy of the database to FILE while the site goes on running (of "
        "PostgreSQL by pg_dump), and the files of messages to FILE.files.tar."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *, file, **options):
        tar = file.with_name(file.name + ".files.tar")
        for each in (file, tar):
            if each.exists():
                raise CommandError(f"{each} exists already. Choose another name or remove it.")
        if not file.parent.is_dir():
            raise CommandError(f"There is no folder {file.parent}. Make it: install -d -m 700 …")
        unfinished = file.with_name(file.name + ".part")
        unfinished.unlink(missing_ok=True)
        # Created here with mode 0600: SQLite would make it readable for all accounts.
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        names = _files()
        try:
            said = _copy(unfinished)
        except BaseException:
            unfinished.unlink()
            raise
        # Files are copied after the database, and so are those that were added or deleted
        # meanwhile: each that the copy names is in the tar, unless its bytes are gone already.
        names |= _files()
        if names:
            count, missing = write_tar(tar, sorted(names))
        unfinished.rename(file)
        _note()
        self.stdout.write(f"{file}: {file.stat().st_size:,} bytes{said}")
        if names:
            self.stdout.write(f"{tar}: {tar.stat().st_size:,} bytes, {count} files")
            if missing:
                self.stdout.write(
                    f"{len(missing)} files were deleted meanwhile, or are missing: see check_files"
                )


def _note():
    """Store the time of the backup in the database, for the administration. Errors of the database,
    as before its migration, are ignored: the backup itself is done."""
    with contextlib.suppress(DatabaseError):
        SetupStep.note_done(SetupStep.Name.BACKUP)


def _copy(path):
    """Write a copy of the database to the empty file `path`; return what was checked, to be added
    to the printed line (", integrity ok"; "" on PostgreSQL). Raise CommandError if the copy fails
    or is damaged."""
    if connection.vendor == "postgresql":
        try:
            dump(path)
        except DumpFailed as error:
            raise CommandError(str(error)) from error
        return ""
    connection.ensure_connection()
    copy = sqlite3.connect(path)
    try:
        # In one step, for which readers and writers do not wait; a backup in several steps restarts
        # with each change, on a busy site for ever.
        connection.connection.backup(copy)
        result = copy.execute("PRAGMA integrity_check").fetchone()[0]
    finally:
        copy.close()
    if result != "ok":
        raise CommandError(f"The copy is not sound: {result}")
    return ", integrity ok"


def _files():
    """Return the set of the names, in the file storage, of all files that rows of the database
    name, except those that are being deleted."""
    # Two columns only: a newer release may look at a database that it has not migrated yet.
    rows = StoredFile.objects.filter(doomed_at=None).values_list("id", "small")
    stored = [StoredFile(id=id, small=small) for id, small in rows]
    return {name for each in stored for name in (each.name, each.small_name) if name}
