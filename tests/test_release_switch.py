"""A release that the link `current` leads to takes over at SIGHUP, and nobody is refused."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import threading
from pathlib import Path

import httpx
import pytest

from tests.support.polling import until
from tests.support.server import ROOT, Server

pytestmark = [pytest.mark.stress, pytest.mark.once, pytest.mark.django_db(transaction=True)]


def make_release(folder, number):
    """A folder with the site, whose /healthz says which release it is."""
    release = folder / "releases" / str(number)
    programs = release / ".venv" / "bin"
    programs.mkdir(parents=True)
    ours = ROOT / ".venv"
    (programs / "python").symlink_to(ours / "bin" / "python")
    (programs / "gunicorn").write_text(
        f"#!{programs}/python\nfrom gunicorn.app.wsgiapp import run\nrun()\n"
    )
    (programs / "gunicorn").chmod(0o755)
    for name in ("lib", "pyvenv.cfg"):
        (release / ".venv" / name).symlink_to(ours / name)
    for name in ("templates", "locale", "gunicorn.conf.py", "pyproject.toml", "tests"):
        (release / name).symlink_to(ROOT / name)
    (release / "gunicorn.conf.py").unlink()
    shutil.copy(ROOT / "gunicorn.conf.py", release)
    for name in ("chatsite", "conversations"):
        shutil.copytree(ROOT / name, release / name, ignore=shutil.ignore_patterns("__pycache__"))
    health = release / "conversations" / "views" / "health.py"
    health.write_text(health.read_text().replace('"ok\\n", content', f'"ok {number}\\n", content'))
    return release


def lead_to(folder, release):
    """Have the link `current` lead to `release`, in one step."""
    new = folder / "new"
    new.symlink_to(release)
    new.rename(folder / "current")


class Caller(threading.Thread):
    """Asks for /healthz all the time, each time on a new connection; `answers` are those that
    differ from the one before."""

    def __init__(self, url):
        super().__init__()
        self.url, self.answers, self.ended = url, [], threading.Event()

    def run(self):
        while not self.ended.wait(0.02):
            try:
                answer = httpx.get(f"{self.url}/healthz", timeout=20).text
            except httpx.HTTPError as error:
                answer = repr(error)
            if answer not in self.answers[-1:]:
                self.answers.append(answer)


@pytest.fixture
def site(tmp_path):
    """The server of release 1, started by the link, as systemd would."""
    one = make_release(tmp_path, 1)
    lead_to(tmp_path, one)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
        notified.bind(str(tmp_path / "notify"))
        notified.settimeout(60)
        server = Server(
            "",
            tmp_path / "log",
            DJANGO_SETTINGS_MODULE="tests.support.settings.bare",
            DATABASE_URL=f"sqlite:///{tmp_path}/chat.sqlite3",
            NOTIFY_SOCKET=tmp_path / "notify",
            PYTHONPATH="",
        )
        program = tmp_path / "current" / ".venv" / "bin" / "gunicorn"
        with open(server.log, "w") as log:
            server.process = subprocess.Popen(
                [program, "-c", "gunicorn.conf.py", "chatsite.asgi:application"],
                cwd=(tmp_path / "current").resolve(),
                env=server.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        server.notified = notified
        server.wait_until_it_serves()
        try:
            yield server
        finally:
            server.stop(signal.SIGKILL)
            kill_all_in(tmp_path)


def kill_all_in(folder):
    """Kill all processes that work in `folder` (a Path) or below it: a release that took over is no
    child of the test, and would serve for ever."""
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cwd").readlink().is_relative_to(folder):
                os.kill(int(process.name), signal.SIGKILL)


def main_pid(notified):
    """The process that systemd was told to be the main one."""
    while True:
        for line in notified.recv(4096).decode().splitlines():
            if line.startswith("MAINPID="):
                return int(line.partition("=")[2])


def test_the_new_release_takes_over_without_a_gap(site, tmp_path):
    two = make_release(tmp_path, 2)
    caller = Caller(site.url)
    caller.start()
    try:
        until(lambda: caller.answers == ["ok 1\n"], 30)
        lead_to(tmp_path, two)
        site.process.send_signal(signal.SIGHUP)
        until(lambda: caller.answers[-1] == "ok 2\n", 90)
        assert site.process.wait(60) == 0
        # The new one has looked at its workers since.
        until(lambda: "Master has been promoted" in site.output(), 30)
    finally:
        caller.ended.set()
        caller.join()
    assert [answer for answer in caller.answers if not answer.startswith("ok ")] == []
    assert caller.answers[-1] == "ok 2\n"
    new = main_pid(site.notified)
    assert Path(f"/proc/{new}/cwd").resolve() == two
    log = site.output()
    assert f"The release in {two} takes over." in log
    assert "Traceback" not in log


def test_a_release_that_cannot_start_leaves_the_old_one_serving(site, tmp_path):
    two = make_release(tmp_path, 2)
    (two / "chatsite" / "settings.py").write_text("raise RuntimeError('no good')\n")
    lead_to(tmp_path, two)
    site.process.send_signal(signal.SIGHUP)
    until(lambda: "Not reloaded, the site goes on as it was: no good" in site.output(), 60)
    assert httpx.get(f"{site.url}/healthz").text == "ok 1\n"
