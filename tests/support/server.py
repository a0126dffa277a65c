"""The site as it runs: a real gunicorn on a free port, over the database of the test."""

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
    """One gunicorn. `start` and `stop` as often as wanted; the address stays the same.

    With `warm` it is forked (tests/support/warm_process.py): it holds more memory than one that was
    not, and Python does not speak at its end of what was left open.
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
            # By which PostgreSQL tells its connections from those of others.
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
        self.process = None

    def start(self, *arguments):
        """Start gunicorn and wait until it serves."""
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
        """Return when /healthz says so."""
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
        """Send `how` to the master and wait until it is gone."""
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
        """The process ids of the workers."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def output(self):
        return Path(self.log).read_text()


@contextmanager
def nobody_collects():
    """While it is open, no other run puts static files into their folder or takes some out."""
    with open(ROOT / ".collecting", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@cache
def collect_static():
    """Put the style sheets and scripts where a server serves them from; once a run, and by one
    of several runs at a time."""
    with nobody_collects():
        environment = {**os.environ, "SECRET_KEY": settings.SECRET_KEY, "INSECURE_HTTP": "true"}
        arguments = ("collectstatic", "--noinput", "--verbosity", "0")
        collecting = WarmProcess("manage", *arguments, cwd=ROOT, env=environment, log=os.devnull)
        assert collecting.wait() == 0


def database_url():
    """The address of the database this test uses, for other processes."""
    database = connections["default"].settings_dict
    if database["ENGINE"].endswith("sqlite3"):
        return f"sqlite:///{database['NAME']}"
    return "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
