"""llmock, a gateway by others: run as a process of its own, well and broken."""

import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest


@pytest.fixture(scope="session")
def llmock(free_tcp_port_factory):
    """The base address of a llmock."""
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
    try:
        return httpx.get(f"{url}/v1/models").status_code == 200
    except httpx.TransportError:
        return False


def misbehave(url, **behaviour):
    """Let the next answer be as `behaviour` says."""
    told = httpx.post(f"{url}/_llmock/scenario", json={"behaviors": [behaviour]})
    told.raise_for_status()
