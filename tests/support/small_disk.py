"""A small disk of its own for the test's database: a real file system that can be full."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from django.db import connection, connections

from tests.support.postgres import find_account

MEGABYTES = 48


def may_mount():
    """Whether this account may mount a file system here: root, outside most containers."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        if subprocess.run(
            ["mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True
        ).returncode:
            return False
        subprocess.run(["umount", folder], check=True)
        return True


class SmallDisk:
    """A file system of MEGABYTES in memory, at `folder`."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="small-disk-"))
        self.folder.chmod(0o755)  # the folders above it are everybody's too
        options = f"size={MEGABYTES}m"
        if connection.vendor == "postgresql" and (account := find_account()):
            options += f",mode=700,uid={pwd.getpwnam(account).pw_uid}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", self.folder], check=True)

    def fill(self):
        """Take all room that is left."""
        with (
            contextlib.suppress(OSError),
            open(self.folder / "filler", "ab", buffering=0) as filler,
        ):
            while filler.write(bytes(4096)):
                pass

    def clear(self):
        """Give it back."""
        (self.folder / "filler").unlink(missing_ok=True)

    def remove(self):
        # Whoever just ended may hold a file of it for a moment.
        subprocess.run(["umount", "--lazy", self.folder], check=True)
        self.folder.rmdir()


@contextlib.contextmanager
def database_on_a_small_disk():
    """The test's database lies on a SmallDisk meanwhile, which is yielded.

    SQLite: a copy of its file, which is used by this process too and dropped afterwards.
    PostgreSQL: its tables, but not its log, without room for which it stops itself."""
    disk = SmallDisk()
    on_it = _copy_of_sqlite if connection.vendor == "sqlite" else _tablespace
    try:
        with on_it(disk.folder):
            yield disk
    finally:
        disk.remove()


@contextlib.contextmanager
def _copy_of_sqlite(folder):
    settings = connection.settings_dict
    usual = settings["NAME"]
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(folder / "db.sqlite3")])
    connections.close_all()
    settings["NAME"] = str(folder / "db.sqlite3")
    try:
        yield
    finally:
        connections.close_all()
        settings["NAME"] = usual


@contextlib.contextmanager
def _tablespace(folder):
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
        _move_tables(cursor, "pg_default", "small")
        yield
        _move_tables(cursor, "small", "pg_default")
        cursor.execute("DROP TABLESPACE small")


def _move_tables(cursor, source, target):
    for kind in ("TABLE", "INDEX"):
        cursor.execute(f"ALTER {kind} ALL IN TABLESPACE {source} SET TABLESPACE {target}")
