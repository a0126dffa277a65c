"""Files with people's text or secrets: no other account of the machine can read them."""

import os
import sqlite3
import stat
import subprocess
import sys

import pytest
from django.core.management import call_command
from django.db import connection

from chatsite.file_modes import close_to_others, private_files
from tests.support.server import ROOT, Server

pytestmark = pytest.mark.once


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def site(tmp_path):
    """A server over a SQLite database of its own, not started, and the database's path."""
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.support.settings.bare",
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
    }
    server = Server("", tmp_path / "log", warm=False, **environment)
    yield server, tmp_path / "db.sqlite3"
    server.stop()


def migrate(server):
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=server.environment, check=True, umask=0o022)


def test_a_new_database_and_its_log_are_the_servers_alone(site):
    server, database = site
    migrate(server)
    assert mode(database) == 0o600
    server.start()
    writer = sqlite3.connect(database)
    writer.execute("PRAGMA user_version")
    writer.execute("CREATE TABLE of_the_test (a)")
    found = [path for path in database.parent.iterdir() if path.name.startswith("db.")]
    assert {path.name: oct(mode(path)) for path in found} == {path.name: "0o600" for path in found}
    writer.close()
    assert len(found) > 1


def test_files_that_were_open_to_others_are_mended_at_the_start(site):
    server, database = site
    migrate(server)
    database.chmod(0o644)
    server.start()
    assert mode(database) == 0o600
    assert f"{database} could be read by other accounts" in server.output()


def test_files_of_others_and_files_that_are_not_there_are_left_alone(tmp_path):
    database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "db")}
    (tmp_path / ".env").write_text("A=1")
    (tmp_path / ".env").chmod(0o640)
    if os.geteuid() == 0:
        os.chown(tmp_path / ".env", 65534, -1)
    close_to_others(private_files(database, tmp_path))
    assert mode(tmp_path / ".env") == (0o640 if os.geteuid() == 0 else 0o600)
    assert not (tmp_path / "db").exists()


@pytest.mark.django_db(transaction=True)
def test_a_backup_is_its_owners_alone(tmp_path):
    if connection.vendor != "sqlite":
        pytest.skip("a backup of PostgreSQL is pg_dump's")
    before = os.umask(0o022)
    try:
        call_command("backup", tmp_path / "copy.sqlite3")
    finally:
        os.umask(before)
    assert mode(tmp_path / "copy.sqlite3") == 0o600
