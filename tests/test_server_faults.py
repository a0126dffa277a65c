"""gunicorn's master: it spares frozen workers, kills hung ones, reloads only what can start."""

import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from conversations.models import Message, Response
from tests.support.polling import until
from tests.support.server import ROOT
from tests.support.shared_servers import QuickServer, wish
from tests.support.stream_reader import words

pytestmark = pytest.mark.stress

TIMEOUT = 3  # seconds without a heartbeat after which the master kills


@pytest.mark.parametrize("which", ["the worker", "the master and the worker"])
def test_who_was_frozen_longer_than_the_timeout_goes_on(
    stage, nobody_else, make_stage_server, alice, which
):
    server = make_stage_server("--timeout", str(TIMEOUT))
    response = stage.visit(server, alice).ask(wish(pieces=200, pace=0.05))
    until(lambda: Response.objects.get(pk=response.pk).partial)
    [worker] = server.workers()
    frozen = [worker] if which == "the worker" else [server.process.pid, worker]
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    # More than master.FROZEN, by which the master knows that it was frozen itself.
    time.sleep(2.5 * TIMEOUT)
    for pid in frozen:
        os.kill(pid, signal.SIGCONT)
    until(lambda: not Response.objects.get(pk=response.pk).is_open, 30)
    assert Response.objects.get(pk=response.pk).status == "completed"
    assert Message.objects.get(pk=response.message_id).text.strip() == words(200)
    assert server.workers() == [worker]
    assert "WORKER TIMEOUT" not in server.output()


@pytest.mark.once
def test_a_worker_that_hangs_is_replaced(stage, nobody_else, make_stage_server):
    server = make_stage_server("--timeout", str(TIMEOUT))
    [worker] = server.workers()
    with ThreadPoolExecutor(1) as threads:
        hanging = threads.submit(httpx.get, f"{server.url}/hang/", timeout=60)
        until(lambda: server.workers() not in ([worker], []), 30)
        assert isinstance(hanging.exception(30), httpx.TransportError)
    server.wait_until_it_serves()
    assert "WORKER TIMEOUT" in server.output()


@pytest.fixture
def moved(stage, nobody_else, tmp_path):
    """A copy of the site that has a `.env` file of its own: `(server, folder)`, not started."""
    root = tmp_path / "site"
    root.mkdir()
    shutil.copytree(ROOT / "chatsite", root / "chatsite")
    shutil.copy(ROOT / "gunicorn.conf.py", root)
    for name in ("conversations", "templates", "locale", "static", "tests", "manage.py"):
        if (ROOT / name).exists():
            (root / name).symlink_to(ROOT / name)
    (root / ".env").write_text("MAX_MESSAGE=1000\n")
    server = QuickServer(stage.gateway.url, tmp_path / "log", DJANGO_SETTINGS_MODULE="bare_site")
    (root / "bare_site.py").write_text(
        "import sys\nfrom chatsite.settings import *\n"
        "STORAGES['staticfiles']['BACKEND'] ="
        " 'django.contrib.staticfiles.storage.StaticFilesStorage'\n"
    )
    server.environment["PYTHONPATH"] = str(root)
    yield server, root
    server.kill()


def start(server, root):
    command = (sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py")
    with open(server.log, "a") as log:
        server.process = subprocess.Popen(
            [*command, "chatsite.asgi:application"],
            cwd=root,
            env=server.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    server.wait_until_it_serves()


@pytest.mark.once
def test_the_check_before_a_reload_says_in_one_line_what_is_wrong(moved):
    server, root = moved

    def check(name, value):
        # A variable of the process wins over the file.
        environment = {key: text for key, text in server.environment.items() if key != name}
        (root / ".env").write_text(f"{name}={value}\n")
        return subprocess.Popen(
            [sys.executable, "-m", "chatsite.check_start"],
            cwd=root,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )

    for name, value, sentence in (
        ("MAX_BODY", "much", "MAX_BODY must be a whole number of at least 10000, not 'much'."),
        ("WEB_CONCURRENCY", "many", "WEB_CONCURRENCY must be a whole number from 1 to 512"),
        ("DATABASE_URL", "nonsense", "DATABASE_URL must be like sqlite:///FILE or postgres://"),
        ("SECRET_KEY", "short", "SECRET_KEY must have at least 32 characters."),
    ):
        with check(name, value) as refused:
            said = refused.stderr.read()
        assert refused.returncode == 1
        assert said.startswith(sentence)
        assert said.count("\n") == 1
    with check("MAX_BODY", "20000") as taken:
        said = taken.stderr.read()
    assert taken.returncode == 0, said


@pytest.mark.once
def test_after_a_bare_hup_with_a_bad_value_workers_start_with_the_last_good_one(moved):
    server, root = moved
    env = root / ".env"
    start(server, root)
    before = server.workers()
    env.write_text("MAX_MESSAGE=many\n")
    server.process.send_signal(signal.SIGHUP)
    until(lambda: "MAX_MESSAGE must be a whole number" in server.output(), 30)
    assert "Not reloaded" in server.output()
    assert server.workers() == before
    assert httpx.get(f"{server.url}/healthz").status_code == 200
    os.kill(before[0], signal.SIGKILL)
    until(lambda: server.workers() not in (before, []), 30)
    server.wait_until_it_serves()
    # Mended, it is taken.
    after = server.workers()
    env.write_text("MAX_MESSAGE=2000\n")
    server.process.send_signal(signal.SIGHUP)
    until(lambda: server.workers() and not set(server.workers()) & set(after), 60)
    server.wait_until_it_serves()
