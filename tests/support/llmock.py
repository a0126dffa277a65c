"""Fixture `llmock`: an independent implementation of a gateway (the package llmock), run as a
process."""

import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest


@pytest.fixture(scope="session")
def llmock(free_tcp_port_factory):
    """Return the base URL of a running llmock."""
    port = free_tcp_port_factory()
    url = f"http://127.0.0.1:{port}"
    program = Path(sys.executable).parent / "llmock"
    process = subprocess.Popen(
        [program, "serve", "--port", str(port), "--log-level", "error"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + 60
    try:
        while not is_up(url):
            assert process.poll() is None, "llmock did not start"
            assert time.monotonic() < end, "llmock is not listening"
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def is_up(url):
    """Return True if the llmock at `url` answers."""
    try:
        return httpx.get(f"{url}/v1/models").status_code == 200
    except httpx.TransportError:
        return False


def misbehave(url, **behaviour):
    """Have the llmock at `url` treat its next request as `behaviour` says, in llmock's own
    terms."""
    told = httpx.post(f"{url}/_llmock/scenario", json={"behaviors": [behaviour]})
    told.raise_for_status()
