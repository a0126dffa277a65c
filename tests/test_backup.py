"""A backup under write load restores to a site that goes on where it was."""

import os
import sqlite3
import subprocess
import sys
import threading

import psycopg
import pytest
from django.db import connection

from conversations.models import Message, Response
from tests.support.polling import until
from tests.support.postgres import find_programs
from tests.support.server import ROOT, database_url
from tests.support.shared_servers import wish

on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="is about SQLite")
on_postgres = pytest.mark.skipif(connection.vendor != "postgresql", reason="is about PostgreSQL")


def manage(*arguments, url=None):
    environment = {**os.environ, "DATABASE_URL": url or database_url(), "INSECURE_HTTP": "true"}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout


@pytest.fixture
def busy(stage, here, visitor):
    """A site that is writing replies, and has written one."""
    finished = visitor.ask(wish(pieces=3))
    visitor.watch(finished.pk)
    writing = [visitor.ask(wish(pieces=2000, pace=0.02)) for _ in range(4)]
    until(lambda: all(Response.objects.get(pk=each.pk).partial for each in writing))
    return finished, writing[0]


@pytest.fixture
def hasty_writer(db):
    """Another program that changes the database every few milliseconds."""
    over = threading.Event()
    thread = threading.Thread(target=write_until, args=(connection.settings_dict["NAME"], over))
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE filler (x BLOB)")
        for _ in range(60):
            cursor.execute("INSERT INTO filler VALUES (randomblob(1000000))")
    thread.start()
    yield
    over.set()
    thread.join()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE filler")


def write_until(name, over):
    database = sqlite3.connect(name, timeout=20, isolation_level=None)
    while not over.wait(0.002):
        database.execute("INSERT INTO filler VALUES (zeroblob(100))")
    database.close()


@on_sqlite
def test_a_backup_under_write_load_restores(hasty_writer, busy, make_stage_server, stage, tmp_path):
    copy = tmp_path / "copy.sqlite3"
    assert "integrity ok" in manage("backup", str(copy))
    goes_on(f"sqlite:///{copy}", *busy, make_stage_server, stage)


@on_sqlite
def test_a_backup_is_never_written_over_another(db, tmp_path):
    copy = tmp_path / "copy.sqlite3"
    copy.write_text("precious")
    with pytest.raises(subprocess.CalledProcessError) as refused:
        manage("backup", str(copy))
    assert "exists already" in refused.value.stderr
    assert copy.read_text() == "precious"


@on_postgres
def test_a_dump_under_write_load_restores(busy, make_stage_server, stage, tmp_path):
    """As docs/deploy.md says, into a database beside."""
    programs, dump = find_programs(), tmp_path / "chatsite.dump"
    url = database_url()
    beside = url.rpartition("/")[0] + "/restored"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("CREATE DATABASE restored TEMPLATE template0")
    try:
        manage("backup", str(dump))
        assert dump.stat().st_mode & 0o777 == 0o600
        restoring = [programs / "pg_restore", "--no-owner", f"--dbname={beside}", dump]
        subprocess.run(restoring, check=True, timeout=60)
        goes_on(beside, *busy, make_stage_server, stage)
    finally:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute("DROP DATABASE restored WITH (FORCE)")


def goes_on(url, finished, writing, make_stage_server, stage):
    """The site serves from `url`: what was finished is there, what was written is interrupted."""
    manage("migrate", "--verbosity", "0", url=url)
    manage("check_usage", url=url)
    server = make_stage_server(DATABASE_URL=url)
    # Of the session that is in the backup too.
    visitor = stage.visit(server)
    visitor.http.cookies.set("session", session_in_the_backup())
    text = Message.objects.get(pk=finished.message_id).text.strip()
    assert text in visitor.get(f"/conversations/{finished.conversation_id}/").text
    events = visitor.watch(writing.pk)
    assert 'data-status="interrupted"' in events[-1].data
    assert "word0 word1 word2" in events[-1].text
    again = visitor.get("/")
    assert again.status_code == 200


def session_in_the_backup():
    from django.contrib.sessions.models import Session

    return Session.objects.earliest("expire_date").session_key
