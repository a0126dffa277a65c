"""The end of a process: replies may finish, the rest is interrupted, and only then it exits."""

import contextlib
import re
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import httpx
import pytest

from conversations.models import Message, Response
from tests.support.ledger_rows import ask
from tests.support.polling import until
from tests.support.shared_servers import wish
from tests.support.stream_reader import Reader, words

pytestmark = pytest.mark.usefixtures("nobody_else")

# Of these gunicorn.conf.py keeps 5 for ending what did not finish.
GRACE = ("--graceful-timeout", "7")


def end(server, go):
    """Send SIGTERM, let waiting answers `go` on, and wait for the exit: of the workers' own, in
    time, and not by the master's SIGKILL."""
    workers = server.workers()
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    go.set()
    server.process.wait(60)
    assert server.process.returncode == 0
    for pid in workers:
        assert f"Worker exiting (pid: {pid})" in server.output()


@pytest.mark.stress
def test_fifty_streams_end_in_a_final_event_and_fifty_rows_before_the_exit(
    stage, make_stage_server, alice
):
    server = make_stage_server(*GRACE)
    visitor = stage.visit(server, alice)
    long = [ask(alice, wish(pieces=1000, pace=0.05), model="test-model") for _ in range(40)]
    short = [ask(alice, wish(pieces=20, fault="wait"), model="test-model") for _ in range(10)]
    with ThreadPoolExecutor(50) as threads:
        streams = [threads.submit(visitor.watch, response.pk) for response in long + short]
        try:
            until(lambda: server.inside()["live"] == server.inside()["watching"] == 50, 120)
            until(lambda: not Response.objects.filter(partial="").exists())
            end(server, stage.gateway.go)
        finally:
            # Or the streams would be waited for without an end.
            stage.gateway.go.set()
        # No row waits for anybody: nothing runs that could end it now.
        assert not Response.objects.open().exists()
        readers = [Reader().take_all(stream.result()) for stream in streams]
    assert {reader.names[-1] for reader in readers} == {"done"}
    assert {reader.status for reader in readers[:40]} == {"interrupted"}
    assert {reader.status for reader in readers[40:]} == {"completed"}
    for reader, response in zip(readers, long + short, strict=True):
        assert reader.text == Message.objects.get(pk=response.message_id).text.strip()
        assert words(1000).startswith(reader.text)


def test_a_reply_that_nobody_watches_may_finish_too(stage, make_stage_server, alice):
    server = make_stage_server(*GRACE)
    response = ask(alice, wish(pieces=40, fault="wait"), model="test-model")
    until(lambda: Response.objects.get(pk=response.pk).partial)
    assert server.inside()["watching"] == 0
    end(server, stage.gateway.go)
    assert Response.objects.get(pk=response.pk).status == "completed"
    assert Message.objects.get(pk=response.message_id).text.strip() == words(40)


def test_a_process_that_only_follows_is_not_held_up(stage, here, make_stage_server, alice):
    server = make_stage_server(*GRACE)
    response = stage.visit(here, alice).ask(wish(pieces=600, pace=0.05))
    follower = stage.visit(server, alice)
    watching = stage.aside(follower.watch, response.pk)
    until(lambda: server.inside()["followed"] == 1)
    end(server, stage.gateway.go)
    # A clean end without `done`: the browser asks again, and comes to a process that serves.
    assert "done" not in [event.name for event in watching.result()]
    assert Response.objects.get(pk=response.pk).status == "in_progress"


@pytest.mark.stress
def test_a_reload_of_two_workers_is_not_noticed(stage, make_stage_server, alice):
    server = make_stage_server(*GRACE, WEB_CONCURRENCY=2)
    visitor = stage.visit(server, alice)
    with ThreadPoolExecutor(12) as threads:
        responses = [visitor.ask(wish(pieces=1000, pace=0.05)) for _ in range(6)]
        streams = [threads.submit(visitor.watch, response.pk) for response in responses]
        old = set(server.workers())
        over, probes = threading.Event(), []
        probing = threads.submit(probe, server, over, probes)
        until(lambda: len(probes) == 20)
        calm = max(seconds for _status, seconds in probes)
        server.process.send_signal(signal.SIGHUP)
        readers = [Reader().take_all(stream.result(40)) for stream in streams]
        until(lambda: not old & set(server.workers()), 20)
        later = visitor.ask(wish(pieces=3))
        assert visitor.watch(later.pk)[-1].name == "done"
        over.set()
        probing.result()
    assert {reader.names[-1] for reader in readers} == {"done"}
    assert {reader.status for reader in readers} == {"interrupted"}
    assert not Response.objects.open().exists()
    assert {status for status, _seconds in probes} == {200}
    # Nobody waits until the old workers are gone; how quick the machine is, is not asked here.
    assert max(seconds for _status, seconds in probes) < 2 + 2 * calm


def probe(server, over, probes):
    """Ask for a page again and again, each time anew, and note status and seconds."""
    while not over.is_set():
        asked = time.monotonic()
        connection = HTTPConnection("127.0.0.1", server.port, timeout=20)
        try:
            connection.request("GET", "/accounts/login/")
            status = connection.getresponse().status
        except OSError as error:
            status = repr(error)
        finally:
            connection.close()
        probes.append((status, time.monotonic() - asked))
        time.sleep(0.05)


def test_workers_that_retire_let_replies_finish_and_end_the_rest(stage, make_stage_server, alice):
    server = make_stage_server(*GRACE, "--max-requests", "20", WEB_CONCURRENCY=2)
    visitor = stage.visit(server, alice)
    first = set(server.workers())
    responses = [ask(alice, wish(pieces=60, fault="wait"), model="test-model") for _ in range(4)]
    for _each in range(2):
        ask(alice, wish(pieces=2000, pace=0.05), model="test-model")
    with ThreadPoolExecutor(4) as threads:
        streams = [threads.submit(visitor.watch, response.pk) for response in responses]
        until(lambda: not Response.objects.filter(partial="").exists())
        while first & set(server.workers()):
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"{server.url}/healthz", timeout=5)
            if not stage.gateway.go.is_set() and retiring(server):
                stage.gateway.go.set()
        readers = [Reader().take_all(stream.result()) for stream in streams]
    assert {(reader.names[-1], reader.status) for reader in readers} == {("done", "completed")}
    rest = Response.objects.exclude(pk__in=[response.pk for response in responses])
    # By the workers themselves: what a sweep finds has the reason "crashed".
    assert list(rest.values_list("status", "reason")) == [("interrupted", "")] * 2
    assert not re.search("SIGKILL|WORKER TIMEOUT", server.output())


def retiring(server):
    return "Maximum request limit" in server.output() or "Autorestarting" in server.output()
