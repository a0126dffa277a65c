"""The command of the container image: it migrates, and then is gunicorn."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys

import pytest

from tests.support.server import ROOT, free_port

pytestmark = pytest.mark.once


def serve(*options, **environment):
    """Start the command with the variables that are given; return the process, whose output is one
    text."""
    return subprocess.Popen(
        [sys.executable, "-m", "chatsite.serve", *options],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.support.settings.bare",
            # As in a container: what is written to a pipe waits in a buffer.
            "PYTHONUNBUFFERED": "",
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_it_migrates_and_becomes_gunicorn(tmp_path):
    process = serve("--version", DATA_FOLDER=str(tmp_path), DATABASE_URL="", FILES_URL="")
    said = process.communicate(timeout=120)[0]
    assert process.returncode == 0, said
    assert "Applying conversations.0001_initial" in said
    # gunicorn's own answer to its option.
    assert said.splitlines()[-1].startswith("gunicorn (version ")
    with sqlite3.connect(tmp_path / "db.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM cache").fetchone() == (0,)
    database.close()
    assert stat.S_IMODE((tmp_path / "db.sqlite3").stat().st_mode) == 0o600


def test_without_migrating_it_touches_no_database(tmp_path):
    process = serve("--no-migrate", "--version", DATA_FOLDER=str(tmp_path), DATABASE_URL="")
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 0, said
    assert said.startswith("gunicorn (version ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"SECRET_KEY": ""}, "Set SECRET_KEY to a random text of at least 32 characters"),
        ({"DATA_FOLDER": "/no/such/folder"}, "DATA_FOLDER must be a folder that is there"),
    ],
)
def test_a_bad_setting_is_one_sentence(environment, sentence):
    process = serve(**environment)
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    assert said.startswith(sentence)
    assert said.count("\n") == 1


def test_a_volume_that_cannot_be_written_is_told_at_once(tmp_path):
    # Also root cannot make a file there.
    process = serve(DATABASE_URL="sqlite:////proc/db.sqlite3")
    said = process.communicate(timeout=60)[0]
    assert process.returncode == 1
    owner = f"{os.getuid()}:{os.getgid()}"
    assert said == (
        "/proc/db.sqlite3: unable to open database file."
        f" The user {owner} has to be able to write to its folder.\n"
    )


def test_a_database_that_is_away_is_waited_for_until_the_container_is_stopped():
    away = f"postgres://chat:secret-word@127.0.0.1:{free_port()}/chat"
    process = serve(DATABASE_URL=away)
    first = process.stdout.readline()
    assert "The database does not answer yet, it is asked again" in first
    process.send_signal(signal.SIGTERM)
    rest = process.communicate(timeout=30)[0]
    assert process.returncode == 128 + signal.SIGTERM
    assert "Traceback" not in rest and "secret-word" not in first + rest


def test_process_1_of_a_container_does_not_end_itself_once_it_serves():
    # Its parent is 0, and so is gunicorn's word for "no former master": signals to 0 go to all.
    program = (
        "import os, signal, sys\n"
        "from types import SimpleNamespace\n"
        "from chatsite.gunicorn_release import relieve\n"
        "assert (os.getpid(), os.getppid()) == (1, 0)\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit('was told to end'))\n"
        "relieve(SimpleNamespace(master_pid=0), served=1)\n"
        "print('goes on')\n"
    )
    alone = ["unshare", "--pid", "--fork", *(["--map-root-user"] if os.geteuid() else [])]
    if subprocess.run([*alone, "true"], capture_output=True).returncode:
        pytest.skip("no namespace of processes may be made here")
    run = subprocess.run(
        [*alone, sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        start_new_session=True,
    )
    assert (run.returncode, run.stdout) == (0, "goes on\n"), run.stderr
