"""gunicorn.conf.py: what it binds to, and that replies are drained before a worker is killed."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parent.parent
CONFIG = ROOT / "gunicorn.conf.py"

# A site in which one reply never ends by itself.
SITE = """
import asyncio
from django.conf import settings
from conversations.replies import drain

settings.configure(OPENAI_BASE_URL="")

async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        raise NotImplementedError
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while not drain.finished:
        await send({"type": "http.response.body", "body": b".", "more_body": True})
        await asyncio.sleep(0.05)
    await send({"type": "http.response.body", "body": b"finished"})
"""
DRAIN = """
import asyncio

finished = False

async def finish(seconds):
    global finished
    print("drain: begin", flush=True)
    await asyncio.sleep(seconds)
    finished = True
    print("drain: finish now", flush=True)
"""


@pytest.fixture
def site(tmp_path):
    """A folder with SITE, to be served by our gunicorn.conf.py."""
    replies = tmp_path / "conversations" / "replies"
    replies.mkdir(parents=True)
    # Packages, so that they come before ours, which are on the path behind this folder.
    for package in (replies.parent, replies):
        (package / "__init__.py").touch()
    (replies / "drain.py").write_text(DRAIN)
    (tmp_path / "site_of_one_reply.py").write_text(SITE)
    return tmp_path


def gunicorn(*arguments):
    return [sys.executable, "-m", "gunicorn", "-c", CONFIG, *arguments]


def without_our_variables():
    ours = {"PORT", "WEB_CONCURRENCY", "RELOAD", "GUNICORN_CMD_ARGS"}
    return {key: value for key, value in os.environ.items() if key not in ours}


PRINTED = [
    ({}, [], "127.0.0.1:8000", "2"),
    ({"PORT": ""}, [], "127.0.0.1:8000", "2"),
    ({"PORT": "9001", "WEB_CONCURRENCY": "3"}, [], "127.0.0.1:9001", "3"),
    ({"PORT": "9001"}, ["-b", "0.0.0.0:9002"], "0.0.0.0:9002", "2"),
]


def test_port_workers_and_bind_are_honoured(site):
    running = [
        subprocess.Popen(
            gunicorn("--print-config", *arguments, "site_of_one_reply"),
            cwd=site,
            env=without_our_variables() | environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for environment, arguments, _bind, _workers in PRINTED
    ]
    for process, (_environment, _arguments, bind, workers) in zip(running, PRINTED, strict=True):
        with process:
            config = dict(re.findall(r"^(\w+)\s+= (.*)$", process.stdout.read(), re.MULTILINE))
        assert process.returncode == 0
        assert (config["bind"], config["workers"]) == (f"['{bind}']", workers)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP])
def test_live_replies_are_ended_before_the_worker_is_killed(site, sent):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    log = site / "log"
    with open(log, "w") as output:
        server = subprocess.Popen(
            gunicorn("-b", address, "-w", "1", "--graceful-timeout", "7", "site_of_one_reply"),
            cwd=site,
            env=without_our_variables(),
            stdout=output,
            stderr=output,
        )
    try:
        wait_for(lambda: "The chat is at" in log.read_text())
        with httpx.stream("GET", f"http://{address}/") as reply:
            body = reply.iter_bytes()
            next(body)
            asked = time.monotonic()
            server.send_signal(sent)
            rest = b"".join(body)
        took = time.monotonic() - asked
        assert rest.endswith(b"finished")
        # graceful_timeout less the margin, and before its end; a reload is checked first.
        assert 2 <= took < (6 if sent == signal.SIGTERM else 6 + 20)
        assert re.findall("drain: .*", log.read_text()) == ["drain: begin", "drain: finish now"]
    finally:
        server.terminate()
        server.wait(20)


def test_a_worker_that_is_still_starting_ends_at_once(site):
    (site / "slow_to_import.py").write_text("import time\ntime.sleep(2)\n" + SITE)
    log = site / "log"
    with open(log, "w") as output:
        server = subprocess.Popen(
            gunicorn("-b", "127.0.0.1:0", "-w", "1", "slow_to_import"),
            cwd=site,
            env=without_our_variables(),
            stdout=output,
            stderr=output,
        )
    try:
        wait_for(lambda: "Booting worker" in log.read_text())
        time.sleep(0.5)
        server.terminate()
        assert server.wait(20) == 0
    finally:
        server.kill()
        server.wait()


def wait_for(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
