"""Connections of a worker: their number, and how long one may send or read nothing."""

import asyncio
import socket
from types import SimpleNamespace

import pytest
import uvloop
from gunicorn.config import Config

from chatsite.connection_limit import SPARE, ConnectionLimit
from chatsite.gunicorn_worker import TimedProtocol
from tests.support.raw_browser import Browser

BODY = b"x" * 3_000_000


class Connection:
    """A connection as the limit sees one."""

    is_spare = is_aborted = False

    def __init__(self, address, *, is_idle=False):
        self.address, self.is_idle = address, is_idle

    def abort(self):
        self.is_aborted = True


def opened(limit, *connections):
    for each in connections:
        limit.add(each)
    return connections


def test_one_too_many_takes_the_place_of_the_oldest_idle_one_of_who_has_most():
    limit = ConnectionLimit(most=5)
    opened(limit, *[Connection("a", is_idle=True) for _ in range(2)])
    many = opened(limit, *[Connection("b", is_idle=number > 0) for number in range(3)])
    [new] = opened(limit, Connection("c"))
    assert [each.is_aborted for each in many] == [False, True, False]
    assert not new.is_spare


def test_where_none_is_idle_there_are_some_to_spare():
    limit = ConnectionLimit(most=2)
    opened(limit, Connection("a"), Connection("b"))
    spare = opened(limit, *[Connection("c") for _ in range(SPARE + 1)])
    assert all(each.is_spare for each in spare)
    assert [each.is_aborted for each in spare] == [True, *[False] * SPARE]


def test_an_address_has_a_share_and_its_own_idle_ones_make_place():
    limit = ConnectionLimit(most=10, most_of_address=3)
    idle, *_busy = opened(
        limit, Connection("a", is_idle=True), *[Connection("a") for _ in range(2)]
    )
    other, fourth, fifth = opened(
        limit, Connection("b", is_idle=True), Connection("a"), Connection("a")
    )
    assert (idle.is_aborted, other.is_aborted) == (True, False)
    assert (fourth.is_spare, fifth.is_spare) == (False, True)
    limit.remove(fourth)
    [sixth] = opened(limit, Connection("a"))
    assert not sixth.is_spare


async def answer(scope, receive, send):
    """An ASGI application with a large answer, in parts as Django's."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for start in range(0, len(BODY), 65_536):
        part = BODY[start : start + 65_536]
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body"})


class Impatient(TimedProtocol):
    """The protocol with short times."""

    FIRST_REQUEST = 1
    UNREAD = 0.5


def serve(client):
    """Run the coroutine function `client(port)` beside a server of Impatient connections."""

    async def main():
        log = SimpleNamespace(access_log_enabled=False, debug=print, exception=print, error=print)
        worker = SimpleNamespace(
            cfg=Config(), log=log, asgi=answer, loop=asyncio.get_running_loop(), alive=True,
            nr_conns=0, nr=0, max_requests=100, connections=ConnectionLimit(100),
        )  # fmt: skip
        listening = socket.create_server(("127.0.0.1", 0))
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, 131_072)
        server = await worker.loop.create_server(lambda: Impatient(worker), sock=listening)
        async with asyncio.timeout(60):
            result = await client(listening.getsockname()[1])
        server.close()
        return result

    return uvloop.run(main())


async def asked(port):
    """A connection with a small buffer, on which the large answer was asked for."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 50_000)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, ("127.0.0.1", port))
    await loop.sock_sendall(client, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    return client


def test_who_reads_slowly_gets_the_whole_answer():
    async def client(port):
        slow, size, loop = await asked(port), 0, asyncio.get_running_loop()
        began = loop.time()
        with slow:
            while part := await loop.sock_recv(slow, 200_000):
                size += len(part)
                # Not so much in any UNREAD seconds that writing goes on.
                if loop.time() < began + 3 * Impatient.UNREAD:
                    await asyncio.sleep(0.1)
        return size

    assert serve(client) > len(BODY)


@pytest.mark.parametrize("read", [0, 300_000])
def test_who_reads_nothing_any_more_is_ended(read):
    async def client(port):
        loop = asyncio.get_running_loop()
        with await asked(port) as silent:
            await loop.sock_recv(silent, read or 1)
            await asyncio.sleep(4 * Impatient.UNREAD)
            size = read or 1
            try:
                while part := await loop.sock_recv(silent, 200_000):
                    size += len(part)
            except ConnectionResetError:
                pass
            return size

    assert serve(client) < len(BODY)


@pytest.mark.stress
@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_a_full_server_says_so_and_answers_health_checks(make_server, visit, alice, gateway):
    server = make_server(
        DJANGO_SETTINGS_MODULE="tests.support.settings.bare", MAX_CONNECTIONS=10, PERSON_SHARE=100
    )
    # Forms that do not come to their end: each connection is busy.
    busy = []
    for _ in range(10):
        browser = Browser(server).connect()
        browser.send_head("POST", "/accounts/login/", Content_Length=1_000)
        browser.socket.sendall(b"x")
        busy.append(browser)
    refused = Browser(server).open("/accounts/login/").rest()
    assert refused.split()[1] == b"503"
    assert b"Retry-After" in refused and b"as many open connections" in refused
    for path in ("/healthz", "/readyz"):
        assert Browser(server).open(path).rest().split()[1] == b"200"
    busy.pop().reset()
    assert Browser(server).open("/accounts/login/").rest().split()[1] == b"200"
    for browser in busy:
        browser.reset()
