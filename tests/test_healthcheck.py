"""The health check of a container: what it asks, and when it says that the site is ill."""

import socket
import subprocess
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from chatsite import healthcheck
from tests.support.loopback_server import serving
from tests.support.server import ROOT, free_port

pytestmark = pytest.mark.once


class Site(BaseHTTPRequestHandler):
    """Answers with the status that its server is told."""

    def do_GET(self):
        self.server.asked = self.path
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *args):
        pass


@contextmanager
def site(status):
    """Yield a server on a free port of the loopback address that answers with `status`."""
    server = HTTPServer(("127.0.0.1", 0), Site)
    server.status = status
    with serving(server):
        yield server


@pytest.mark.parametrize("bind", ["0.0.0.0", "127.0.0.1", "127.0.0.1,[::1]", ""])
def test_a_site_that_answers_is_healthy(bind):
    with site(200) as server:
        assert healthcheck.problem({"BIND": bind, "PORT": str(server.server_port)}) == ""
        assert server.asked == "/healthz"


@pytest.mark.parametrize("status", [301, 500, 503])
def test_any_other_answer_is_named(status):
    with site(status) as server:
        said = healthcheck.problem({"PORT": str(server.server_port)})
    assert said == f"/healthz answers {status} in place of 200."


def test_nothing_that_listens_is_ill():
    assert "Nothing answers at 127.0.0.1" in healthcheck.problem({"PORT": str(free_port())})


def test_something_that_is_silent_is_ill():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        said = healthcheck.problem({"PORT": str(silent.getsockname()[1])}, seconds=0.2)
    assert said.startswith("Nothing answers")


@pytest.mark.parametrize("environment", [{"PORT": "http"}, {"BIND": "everywhere"}])
def test_bad_settings_are_named(environment):
    assert healthcheck.problem(environment).startswith("BIND or PORT cannot be used")


def test_the_program_exits_with_the_verdict_and_needs_no_package():
    # -S: without site-packages.
    command = [sys.executable, "-S", "-m", "chatsite.healthcheck"]
    with site(200) as server:
        port = {"PORT": str(server.server_port)}
        well = subprocess.run(command, cwd=ROOT, env=port, capture_output=True, text=True)
    ill = subprocess.run(command, cwd=ROOT, env=port, capture_output=True, text=True)
    assert (well.returncode, well.stdout, well.stderr) == (0, "", "")
    assert ill.returncode == 1
    assert ill.stderr.count("\n") == 1 and "Traceback" not in ill.stderr
