"""Temporary PostgreSQL server for the tests.

python -m tests.support.postgres COMMAND…    runs COMMAND with DATABASE_URL set to a new server
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import psycopg

START_SECONDS = 30
# Nothing here has to survive a crash, and each commit waiting for a disk costs the most time.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
NO_TESTS_COLLECTED = 5


@contextmanager
def postgres(*settings):
    """Context manager: start a new server on a free loopback port, with `settings` like
    "work_mem=8MB"; yield its database URL; at the end stop it and remove its files.

    PostgreSQL refuses to run as root, so root runs it as `postgres` or `nobody`. Raises
    FileNotFoundError if PostgreSQL is not installed.
    """
    programs = find_programs()
    account = find_account()
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    if account:
        shutil.chown(folder, account)
    run_as = {}
    if account:
        run_as = {"user": account, "group": pwd.getpwnam(account).pw_gid, "extra_groups": []}
    port = find_free_port()
    url = initialise(programs, folder, port, run_as)
    with open(folder / "log", "w") as log:
        server = subprocess.Popen(
            [
                programs / "postgres",
                *("-D", folder / "data", "-k", folder, "-h", "127.0.0.1", "-p", str(port)),
                *(part for setting in (*FAST, *settings) for part in ("-c", setting)),
            ],
            cwd=folder,
            stdout=log,
            stderr=log,
            # A Ctrl-C is for the tests; the server goes when they are done with it.
            start_new_session=True,
            **run_as,
        )
    try:
        wait_until_it_answers(server, url, folder / "log")
        yield url
    finally:
        server.send_signal(signal.SIGINT)  # its "fast shutdown": does not wait for clients
        server.wait()
        shutil.rmtree(folder)


def find_programs():
    """Return the folder (a Path) of `initdb` and `postgres`, of the newest version installed. Raise
    FileNotFoundError if there is none."""
    debian = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = sorted(debian, key=lambda path: float(path.parts[-3]))[-1:]
    for path in newest or filter(None, [shutil.which("initdb")]):
        return Path(path).resolve().parent
    raise FileNotFoundError("PostgreSQL is not installed (Debian: apt-get install postgresql)")


def find_account():
    """Return the name of the account to run the server as; None unless we are root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def find_free_port():
    """Return a TCP port that is free on 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def initialise(programs, folder, port, run_as):
    """Create a database cluster in `folder` by `initdb`, run with the Popen arguments `run_as`;
    return the database URL that it will have on `port`."""
    password = secrets.token_urlsafe()
    (folder / "password").write_text(password)
    (folder / "password").chmod(0o644)
    subprocess.run(
        [
            programs / "initdb",
            *("-D", folder / "data", "--username=test", "--pwfile", folder / "password"),
            # In the clear on loopback: a hash for each new connection would slow the tests.
            *("--auth=password", "--encoding=UTF8", "--no-locale", "--no-sync"),
        ],
        cwd=folder,
        check=True,
        stdout=subprocess.DEVNULL,
        **run_as,
    )
    return f"postgres://test:{password}@127.0.0.1:{port}/postgres"


def wait_until_it_answers(server, url, log):
    """Return once the PostgreSQL at `url` accepts connections. Raise RuntimeError with the text of
    the file `log` if `server` (its Popen) ends, or after START_SECONDS."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}") from None
        time.sleep(0.05)


def run(command):
    """Run `command` (a list of arguments) with DATABASE_URL set to a new server; return its exit
    code, 0 if pytest has selected no tests."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with postgres() as url:
        code = subprocess.run(command, env={**os.environ, "DATABASE_URL": url}).returncode
    # What ARGS chose may be browser tests only, and those do not run twice.
    return 0 if code == NO_TESTS_COLLECTED else code


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
