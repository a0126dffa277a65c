"""Server: the site as it runs in production, a real gunicorn on a free port, with the test's
database."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import httpx
from django.conf import settings
from django.db import connections

from tests.support.warm_process import WarmProcess

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 90
KEY = "test-key-7f3a9c5e1b"


class Server:
    """Site in a gunicorn at `url`, which may be stopped and started again at the same address.

    `gateway_url` is that of its gateway ("": none), `log` the path of the file to which its output
    is appended, `environment` are environment variables. With `warm` its process is forked from one
    that has imported the libraries (tests/support/warm_process.py): it starts faster, but holds
    more memory, and Python does not warn at its end of resources left open.
    """

    application = "chatsite.asgi:application"

    def __init__(self, gateway_url, log, *, warm=True, **environment):
        self.warm = warm
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = log
        self.environment = {
            **os.environ,
            "PYTHONWARNINGS": "default",
            "DATABASE_URL": database_url(),
            # Name of this server's connections in PostgreSQL, by which tests find them.
            "PGAPPNAME": f"site-{self.port}",
            "SECRET_KEY": settings.SECRET_KEY,
            "INSECURE_HTTP": "true",
            "OPENAI_BASE_URL": gateway_url,
            "OPENAI_API_KEY": KEY if gateway_url else "",
            "OPENAI_MODEL": "test-model" if gateway_url else "",
            "AUTO_TITLES": "false",
            "PORT": str(self.port),
            "WEB_CONCURRENCY": "1",
            **{name: str(value) for name, value in environment.items()},
        }
        if "DATABASE_URL" not in environment:
            # Not the defaults, beside the database, but the folders that the tests use.
            self.environment.setdefault("IMPORT_FOLDER", str(settings.IMPORT_FOLDER))
            self.environment.setdefault("ERASURES_FILE", str(settings.ERASURES_FILE))
        self.process = None

    def start(self, *arguments):
        """Start gunicorn with `arguments`, further ones of its command line, and return the Server
        once it answers."""
        if self.environment["DJANGO_SETTINGS_MODULE"] in (
            "chatsite.settings",
            "tests.support.settings.browsed",
        ):
            collect_static()
        command = ("gunicorn", "-c", "gunicorn.conf.py", *arguments, self.application)
        options = {"cwd": ROOT, "env": self.environment}
        if self.warm:
            self.process = WarmProcess(*command, log=self.log, **options)
        else:
            command = (sys.executable, "-m", *command)
            with open(self.log, "a") as log:
                self.process = subprocess.Popen(
                    command, stdout=log, stderr=log, start_new_session=True, **options
                )
        self.wait_until_it_serves()
        return self

    def wait_until_it_serves(self):
        """Return once /healthz answers 200. Raise AssertionError with the server's output if the
        process ends, or after START_SECONDS."""
        deadline = time.monotonic() + START_SECONDS
        with httpx.Client(base_url=self.url, verify=False) as client:
            while time.monotonic() < deadline and self.process.poll() is None:
                try:
                    if client.get("/healthz").status_code == 200:
                        return
                except httpx.TransportError:
                    time.sleep(0.05)
        raise AssertionError(f"The server did not start:\n{self.output()}")

    def stop(self, how=signal.SIGTERM, wait=60):
        """Send the signal `how` to gunicorn's master and wait until it has ended; SIGKILL goes to
        the workers too. After `wait` seconds all are killed and subprocess.TimeoutExpired is
        raised."""
        if self.process is None or self.process.poll() is not None:
            return
        if how == signal.SIGKILL:
            os.killpg(self.process.pid, how)
        else:
            self.process.send_signal(how)
        try:
            self.process.wait(wait)
        finally:
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(10)

    def workers(self):
        """Return the list of the process ids of gunicorn's workers (of its child processes)."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def output(self):
        """Return what the server has written to its log, from the first start on."""
        return Path(self.log).read_text()


@contextmanager
def nobody_collects():
    """Context manager: hold the lock on the folder of static files, so that no other test run
    changes them; yield the lock's file, opened for reading and appending."""
    with open(ROOT / ".collecting", "a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        yield lock


@cache
def collect_static():
    """Collect the static files (`manage.py collectstatic`), once per test run and never in two runs
    at the same time. The processes of pytest-xdist have the id of their run in common; that of the
    last run stands in the lock's file."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", "")
    with nobody_collects() as lock:
        if run and lock.read() == run:
            return
        environment = {**os.environ, "SECRET_KEY": settings.SECRET_KEY, "INSECURE_HTTP": "true"}
        arguments = ("collectstatic", "--noinput", "--verbosity", "0")
        collecting = WarmProcess("manage", *arguments, cwd=ROOT, env=environment, log=os.devnull)
        assert collecting.wait() == 0
        lock.truncate(0)
        lock.write(run)


def database_url():
    """Return the URL of the test's database, for other processes."""
    database = connections["default"].settings_dict
    if database["ENGINE"].endswith("sqlite3"):
        return f"sqlite:///{database['NAME']}"
    return "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)


def free_port():
    """Return a TCP port that is free on 127.0.0.1."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
