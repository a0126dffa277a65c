"""The addresses to listen on (BIND, PORT): what is understood, and what health checks ask."""

import os
import runpy
import subprocess
import sys

import pytest

from chatsite.listen_address import listen_addresses, reachable_from_here
from tests.support.server import ROOT

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("127.0.0.1", ["127.0.0.1:8000"]),
        ("0.0.0.0", ["0.0.0.0:8000"]),
        ("localhost", ["localhost:8000"]),
        ("::", ["[::]:8000"]),
        ("[::]", ["[::]:8000"]),
        ("[::1]:81", ["[::1]:81"]),
        ("0.0.0.0:9000", ["0.0.0.0:9000"]),
        (" 127.0.0.1 , [2001:db8::1]:81, ", ["127.0.0.1:8000", "[2001:db8::1]:81"]),
    ],
)
def test_addresses_are_understood_with_a_port_and_without(text, found):
    assert listen_addresses(text, 8000) == found


@pytest.mark.parametrize(
    "text",
    [
        *("*", ":8000", "8000", "10.0.0", "0.0.0.0:0", "0.0.0.0:70000", "0.0.0.0:", "0.0.0.0:http"),
        *("[127.0.0.1]", "[::", "[::]8000", "::1:x", "chat.example.org", "unix:/run/chat.sock"),
        *("http://0.0.0.0", "127.0.0.1;0.0.0.0", ",", "127.0.0.1 0.0.0.0", "0.0.0.0:٣"),
    ],
)
def test_what_is_no_address_is_refused_and_named(text):
    with pytest.raises(ValueError) as caught:
        listen_addresses(text, 8000)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("0.0.0.0:8000", "127.0.0.1", 8000),
        ("[::]:81", "::1", 81),
        ("[2001:db8::1]:81", "2001:db8::1", 81),
        ("10.0.0.7:8000", "10.0.0.7", 8000),
    ],
)
def test_all_addresses_are_reached_at_the_loopback_one(address, host, port):
    assert reachable_from_here(address) == (host, port)


@pytest.fixture
def configured(monkeypatch):
    """Reads gunicorn.conf.py with the variables that are given."""

    def read(**environment):
        for name in ("BIND", "PORT"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "gunicorn.conf.py"))["bind"]

    return read


def test_the_server_listens_there(configured):
    assert configured() == ["127.0.0.1:8000"]
    assert configured(BIND="") == ["127.0.0.1:8000"]
    assert configured(BIND=" ", PORT="81") == ["127.0.0.1:81"]
    assert configured(BIND="0.0.0.0,[::1]:82", PORT="81") == ["0.0.0.0:81", "[::1]:82"]


def test_a_bad_one_stops_the_start_with_a_sentence(configured):
    with pytest.raises(SystemExit) as caught:
        configured(BIND="everywhere")
    assert str(caught.value).startswith("BIND must be IP addresses like 127.0.0.1, ")
    assert "'everywhere'" in str(caught.value)


def test_an_address_on_the_command_line_wins():
    run = subprocess.run(
        [
            *(sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "-b", "127.0.0.1:8081"),
            *("--print-config", "chatsite.asgi:application"),
        ],
        cwd=ROOT,
        env={**os.environ, "BIND": "127.0.0.1:8080"},
        capture_output=True,
        text=True,
    )
    [line] = [line for line in run.stdout.splitlines() if line.startswith("bind ")]
    assert "8081" in line and "8080" not in line
