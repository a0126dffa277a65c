"""An independent server, run as a process of its own: llmock, well and broken."""

import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from sys import executable

import httpx
import pytest

from conversations.upstream import Failed
from tests.folding import folded
from tests.test_upstream_faults import ask, attempts
from tests.test_upstream_probe import findings
from tests.test_upstream_requests import models

MODEL = "gpt-4o"
ASKED = {
    "model": MODEL,
    "instructions": "Be brief.",
    "input": [{"type": "message", "role": "user", "content": "Tell me a story."}],
    "store": False,
}


@contextmanager
def llmock(free_port, *options):
    """Run llmock and give its base address."""
    url = f"http://127.0.0.1:{free_port}"
    command = [str(Path(executable).parent / "llmock"), "serve", "--port", str(free_port)]
    process = subprocess.Popen(
        [*command, "--log-level", "error", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + 30
        while True:
            try:
                httpx.get(f"{url}/v1/models")
                break
            except httpx.TransportError:
                assert process.poll() is None, "llmock did not start"
                assert time.monotonic() < end, "llmock is not listening"
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def well(free_tcp_port_factory):
    with llmock(free_tcp_port_factory()) as url:
        yield url


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_of_llmock_is_read(well, stream):
    reading = folded(ask(well, {**ASKED, "stream": stream}))
    assert reading.end.status == "completed"
    assert reading.text.strip()
    assert reading.model == MODEL
    assert reading.upstream_id.startswith("resp_")
    assert reading.end.usage.output_tokens > 0


def test_the_models_of_llmock_are_listed(well):
    assert MODEL in models(well)


def test_a_probe_of_llmock_finds_nothing_off(well):
    found = findings(well, model=MODEL)
    assert [row for row in found.values() if not row.ok] == []


@pytest.mark.parametrize("fault", ["disconnect", "truncate", "stall", "malformed"])
def test_a_broken_stream_of_llmock_is_interrupted(free_tcp_port, fault):
    options = ("--stream-fault", f"{fault}=1.0", "--stream-stall-seconds", "30")
    with llmock(free_tcp_port, *options, "--response-style", "static") as url:
        reading = folded(ask(url, ASKED, read_timeout=1.0))
    reasons = {
        "disconnect": "lost",
        "truncate": "cut",
        "stall": "timeout_silence",
        "malformed": "malformed",
    }
    assert (reading.end.status, reading.end.reason) == ("interrupted", reasons[fault])
    assert reading.model == MODEL


def test_a_refusal_of_llmock_is_read(free_tcp_port):
    with llmock(free_tcp_port, "--error-rate", "401=1.0") as url:
        events = ask(url, ASKED)
    end = folded(events).end
    assert isinstance(end, Failed)
    assert (end.code, end.http_status) == ("unauthorized", 401)
    assert attempts(events) == [1]
