"""What is missing of an installation is said as what it is: in the log, on pages, in /readyz."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import psycopg
import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from chatsite import said_once
from conversations.readiness import Readiness, readiness
from conversations.replies.housekeeping import _every
from tests.support.polling import until
from tests.support.server import ROOT, Server, collect_static, database_url

Applied = MigrationRecorder.Migration
ON_POSTGRES = connection.vendor == "postgresql"


@pytest.fixture
def starting(db):
    """The readiness of a process that is about to serve."""
    said_once.forget()
    new = Readiness()
    new.start()
    return new


def forget_the_newest():
    Applied.objects.filter(app="conversations").order_by("-name").first().delete()


def test_nothing_is_missing_here(starting):
    assert starting.is_waiting
    assert starting.look() == ""
    assert not starting.is_waiting


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda: Applied.objects.all().delete(), "The database is empty: run manage.py migrate."),
        (forget_the_newest, "Migrations are pending: run manage.py migrate."),
        (
            lambda: connection.cursor().execute("DROP TABLE cache"),
            "The table of the cache is missing: run manage.py migrate.",
        ),
        (
            lambda: Applied.objects.create(app="conversations", name="9999_of_tomorrow"),
            "The database belongs to a newer release, which applied conversations.9999_of_tomorrow:"
            " start that release, or go back as docs/deploy.md says.",
        ),
    ],
)
def test_each_step_that_is_missing_is_named_once(starting, caplog, spoil, said):
    spoil()
    assert [str(starting.look()) for _ in range(3)] == [said] * 3
    assert starting.is_waiting
    assert [each.getMessage() for each in caplog.records] == [said]


@pytest.mark.skipif(not ON_POSTGRES, reason="SQLite's file is looked at by its permissions")
def test_a_database_that_can_only_be_read_is_named(starting):
    connection.cursor().execute("SET TRANSACTION READ ONLY")
    assert "can only be read" in str(starting.look())


@pytest.mark.skipif(ON_POSTGRES, reason="is about SQLite's file")
def test_a_file_that_this_account_cannot_write_is_named():
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o555)
        script = (
            "import django, os; django.setup();"
            "from conversations.readiness import readiness as r;"
            # root may write everywhere.
            "os.getuid() or os.setuid(65534); print(r.look(), r.is_waiting)"
        )
        printed = subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": f"sqlite:///{folder}/chat.sqlite3"},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        assert printed.startswith(f"The database can only be read: make {folder}/chat.sqlite3 and")
        assert printed.endswith(" True\n")
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def test_what_is_mended_is_seen_and_told_once(starting, caplog):
    row = Applied.objects.filter(app="conversations").order_by("-name").first()
    row.delete()
    starting.look()
    Applied.objects.create(app=row.app, name=row.name)
    assert starting.look() == starting.look() == ""
    [_missing, mended] = [each.getMessage() for each in caplog.records]
    assert mended.startswith("Mended: Migrations are pending")


def test_static_files_collected_while_a_process_starts_are_read_once(starting):
    """The first time that they are there, again if that failed, and never after."""
    results = [OSError("not yet"), None, None]
    reads = []

    def read():
        reads.append(results[len(reads)])
        if reads[-1]:
            raise reads[-1]

    starting.on_static_files = read
    with pytest.raises(OSError, match="not yet"):
        starting.look()
    assert starting.look() == starting.look() == ""
    assert len(reads) == 2


def test_a_process_that_serves_goes_on_while_a_newer_release_migrates(starting):
    starting.look()
    Applied.objects.create(app="conversations", name="9999_of_tomorrow")
    assert starting.look() == ""


def test_apps_of_others_may_have_migrations_that_nobody_knows(starting):
    Applied.objects.create(app="once_installed", name="0001_initial")
    assert starting.look() == ""


def test_a_missing_table_makes_the_process_look(starting):
    starting.look()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM no_such_table")
    except Exception as error:
        starting.notice(error)
    assert starting.is_look_due
    assert not starting.is_waiting


@pytest.fixture
def told():
    """The site's readiness, with a fault that the test puts there."""
    yield readiness
    readiness.fault, readiness.is_outage = "", False


def test_every_page_says_it_in_the_readers_language_and_keeps_the_text(client, told, alice):
    client.force_login(alice)
    told.fault = "Run manage.py migrate."
    for path in ("/", "/accounts/login/", "/admin/", "/nowhere/"):
        page = client.get(path, headers={"Accept-Language": "zh-hans"})
        assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
        assert "Run manage.py migrate." in page.content.decode()
        assert 'lang="zh-hans"' in page.content.decode()
    page = client.post("/", {"text": "What I wrote", "submission": "x"})
    assert page.status_code == 503
    assert "What I wrote" in page.content.decode()


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_a_start_without_any_step_recovers_by_each_of_them(tmp_path):
    """Nothing migrated, nothing collected: each is asked for, and serves once it was done."""
    collect_static()
    folder = tmp_path / "static"
    server = Server(
        "",
        tmp_path / "log",
        DJANGO_SETTINGS_MODULE="tests.support.settings.collecting",
        STATIC_ROOT=folder,
        DATABASE_URL=f"sqlite:///{tmp_path}/chat.sqlite3",
        WEB_CONCURRENCY=2,
    )
    server.start()
    try:
        expect(server, "The database is empty: run manage.py migrate.")
        manage(server, "migrate")
        until(lambda: "collectstatic" in httpx.get(f"{server.url}/readyz").text, 30)
        expect(server, "The static files are not collected: run manage.py collectstatic.")
        shutil.copytree(ROOT / "static", folder)
        # Of a release before, which this one does not have.
        (folder / "conversations" / "js" / "former.0123456789ab.js").write_text("")
        until(lambda: httpx.get(f"{server.url}/readyz").status_code == 200, 30)
        page = until(lambda: served(f"{server.url}/setup/"), 30)
        style = re.search(r'href="(/static/[^"]+\.css)"', page)[1]
        until(lambda: served(f"{server.url}{style}"), 30)
    finally:
        server.stop()
    log = server.output()
    assert log.count("The database is empty") == 1 + log.count("Mended: The database is empty")
    assert log.count(" ERROR ") == 2, log
    assert "Traceback" not in log
    assert "skipped" not in log


def served(url):
    """Return the text at `url`; "" if it is not there yet, as one process may still answer 503
    while the other serves."""
    answer = httpx.get(url)
    return answer.text if answer.is_success else ""


def expect(server, sentence):
    """Pages and /readyz answer 503 with the `sentence`, soon in each process."""
    for path in ("/", "/accounts/login/", "/readyz"):
        answer = until(lambda path=path: says(f"{server.url}{path}", sentence), 30)
        assert answer.status_code == 503
    assert httpx.get(f"{server.url}/healthz").status_code == 200


def says(url, sentence):
    """Return the response at `url` if it has the `sentence`; else None."""
    answer = httpx.get(url)
    return answer if sentence in answer.text else None


def manage(server, *arguments):
    """Run `manage.py` with the settings of the server."""
    command = [sys.executable, "manage.py", *arguments, "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=server.environment, check=True, timeout=240)


@pytest.mark.skipif(not ON_POSTGRES, reason="SQLite's text is always Unicode")
@pytest.mark.parametrize(
    ("encoding", "command"), [("SQL_ASCII", "migrate"), ("LATIN1", "doctor database")]
)
@pytest.mark.django_db(transaction=True)
def test_a_database_of_another_encoding_is_refused(encoding, command):
    url = database_url()
    name = f"in_{encoding.lower()}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0")
    try:
        done = subprocess.run(
            [sys.executable, "manage.py", *command.split()],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": f"{url.rpartition('/')[0]}/{name}"},
            capture_output=True,
            text=True,
            timeout=120,
        )
    finally:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(f"DROP DATABASE {name}")
    assert done.returncode == 1
    assert f"The database's encoding is {encoding}" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgres://u:hunter2@127.0.0.1:1/chat", "The database does not answer"),
        ("sqlite:////no/such/folder/chat.sqlite3", "unable to open database file"),
    ],
)
@pytest.mark.once
def test_migrate_says_in_one_sentence_that_there_is_no_database(url, said):
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr


@pytest.mark.skipif(not ON_POSTGRES, reason="there is an empty database beside")
@pytest.mark.django_db(transaction=True)
def test_a_command_on_an_empty_database_asks_for_migrate():
    done = subprocess.run(
        [sys.executable, "manage.py", "check_usage"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": f"{database_url().rpartition('/')[0]}/postgres"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 1
    assert "Migrations are pending: run manage.py migrate" in done.stderr
    assert "Traceback" not in done.stderr


def test_periodic_tasks_cost_nothing_until_then(told):
    told.fault = "Something is missing."

    async def nothing():
        raise AssertionError("It was to wait.")

    async def spent():
        task, began = asyncio.create_task(_every(0, nothing)), time.thread_time()
        await asyncio.sleep(0.5)
        task.cancel()
        return time.thread_time() - began

    assert asyncio.run(spent()) < 0.1
