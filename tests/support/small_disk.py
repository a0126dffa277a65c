"""Real file system of 64 MB for the test's database, which can become full or hang."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from django.db import connection, connections

from tests.support.postgres import find_account

MEGABYTES = 64
PROGRAMS = ("mkfs.ext4", "mount", "umount", "fsfreeze")


class SmallDisk:
    """ext4 file system of MEGABYTES in an image file, mounted at `folder`; `database` is the folder
    for the database in it. Creating one raises CalledProcessError if mounting is not allowed."""

    def __init__(self):
        self._image = Path(tempfile.mkstemp(prefix="small-disk-")[1])
        self.folder = Path(tempfile.mkdtemp(prefix="small-disk-"))
        try:
            self._image.write_bytes(bytes(MEGABYTES * 1_000_000))
            # -m 0: no blocks are reserved for root.
            run("mkfs.ext4", "-q", "-m", "0", self._image)
            run("mount", "-o", "loop", self._image, self.folder)
        except subprocess.CalledProcessError:
            self._forget()
            raise
        self.database = self.folder / "database"
        self.database.mkdir(mode=0o700)
        if connection.vendor == "postgresql" and (account := find_account()):
            self.folder.chmod(0o755)
            shutil.chown(self.database, account)

    def fill(self):
        """Write a file until the file system is full."""
        with (
            contextlib.suppress(OSError),
            open(self.folder / "filler", "ab", buffering=0) as filler,
        ):
            while filler.write(bytes(4096)):
                pass

    def clear(self):
        """Delete the file that `fill` wrote."""
        (self.folder / "filler").unlink(missing_ok=True)

    def hang(self):
        """Freeze the file system: writes, and perhaps reads, block in the kernel until `go_on`."""
        run("fsfreeze", "--freeze", self.folder)

    def go_on(self):
        """Unfreeze the file system."""
        run("fsfreeze", "--unfreeze", self.folder)

    def remove(self):
        """Unmount the file system and delete its image."""
        # Lazily: a process that is just ending may still hold a file of it open.
        run("umount", "--lazy", self.folder)
        self._forget()

    def _forget(self):
        self.folder.rmdir()
        self._image.unlink()


def run(*command):
    """Run `command`, a program and its arguments; raise CalledProcessError if it fails."""
    subprocess.run(command, check=True, capture_output=True)


def may_mount():
    """Return True if this account may mount a file system here: root, outside of most
    containers."""
    if os.geteuid() != 0 or not all(map(shutil.which, PROGRAMS)):
        return False
    try:
        SmallDisk().remove()
    except subprocess.CalledProcessError:
        return False
    return True


@contextlib.contextmanager
def database_on_a_small_disk():
    """Context manager: move the test's database to a SmallDisk, which is yielded; move it back at
    the end.

    On SQLite the SmallDisk gets a copy of the database, which this process uses too and which is
    dropped at the end. On PostgreSQL the tables are moved, but not the write-ahead log: the server
    stops without room for it.
    """
    disk = SmallDisk()
    on_it = _copy_of_sqlite if connection.vendor == "sqlite" else _tablespace
    try:
        with on_it(disk.database):
            yield disk
    finally:
        disk.remove()


@contextlib.contextmanager
def _copy_of_sqlite(folder):
    """Context manager: have this process use a copy of the SQLite database in `folder`."""
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
    """Context manager: have PostgreSQL keep the tables and indexes of the database in `folder`."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
        _move_tables(cursor, "pg_default", "small")
        yield
        _move_tables(cursor, "small", "pg_default")
        cursor.execute("DROP TABLESPACE small")


def _move_tables(cursor, source, target):
    for kind in ("TABLE", "INDEX"):
        cursor.execute(f"ALTER {kind} ALL IN TABLESPACE {source} SET TABLESPACE {target}")
