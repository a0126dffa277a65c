"""Shares: one person, or one address, leaves enough of a process for the others."""

import contextlib

import pytest
from django.test import override_settings

from chatsite.requester import client_address
from chatsite.share import LEAST, share_of
from chatsite.upload_memory import NoMemory, UploadMemory
from tests.support.ledger_rows import ask
from tests.support.polling import until
from tests.support.raw_browser import Browser
from tests.support.shared_servers import wish
from tests.support.visitor import session_of

STREAMS = 20


@pytest.mark.parametrize(("total", "share"), [(200, 50), (6, 4), (3, 3), (1_000, 250)])
def test_a_share_is_a_quarter_and_at_least_four(total, share):
    assert share_of(total) == share


@pytest.mark.parametrize(
    ("proxies", "forwarded", "client", "address"),
    [
        (0, "", "203.0.113.9", "203.0.113.9"),
        (0, "198.51.100.1", "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1", "10.0.0.1", "198.51.100.1"),
        (1, "1.2.3.4, 198.51.100.1", "10.0.0.1", "198.51.100.1"),
        (2, "1.2.3.4, 198.51.100.1, 10.0.0.2", "10.0.0.1", "198.51.100.1"),
        (1, "", "10.0.0.1", "10.0.0.1"),
        (0, "", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (0, "", "::ffff:203.0.113.9", "203.0.113.9"),
        (1, "x" * 500, "10.0.0.1", "x" * 50),
    ],
)
def test_an_address_is_the_one_that_the_trusted_proxies_tell(proxies, forwarded, client, address):
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    with override_settings(TRUSTED_PROXIES=proxies):
        assert client_address({"headers": headers, "client": (client, 1)}) == address


def test_upload_memory_has_a_share_and_a_bound():
    memory = UploadMemory()
    with override_settings(UPLOAD_MEMORY=1_000, MAX_BODY=100):
        memory.take("person 1", 400)
        with pytest.raises(NoMemory) as refused:
            memory.take("person 1", 1)
        assert refused.value.is_share
        memory.take("person 2", 400)
        with pytest.raises(NoMemory) as refused:
            memory.take("person 3", 300)
        assert not refused.value.is_share
        memory.give_back("person 1", 400)
        memory.take("person 3", 300)


@pytest.fixture
def server(make_server):
    return make_server(
        DJANGO_SETTINGS_MODULE="tests.support.settings.bare",
        MAX_STREAMS=STREAMS,
        MAX_BODY=100_000,
        UPLOAD_MEMORY=1_000_000,
    )


@pytest.mark.django_db(transaction=True)
def test_one_person_leaves_streams_for_the_others(server, gateway, visit, alice, bob):
    share = share_of(STREAMS)
    mine = visit(server, alice)
    gateway.will(pieces=3, fault="wait")
    gateway.will(pieces=3, fault="wait")
    response = mine.ask(wish(pieces=3, fault="wait"))
    path = f"/responses/{response.pk}/events/"
    browsers = [Browser(server, session=session_of(alice)).open(path) for _ in range(share)]
    assert all(each.read_until(b"\r\n").split()[1] == b"200" for each in browsers)
    refused = mine.get(path)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "You have many replies open" in refused.text
    theirs = ask(bob, wish(pieces=3), model="test-model")
    with Browser(server, bob).open(f"/responses/{theirs.pk}/events/").socket as stream:
        assert stream.recv(100).split()[1] == b"200"
    for browser in browsers:
        browser.socket.close()
    gateway.go.set()
    until(lambda: mine.get(path).status_code == 200)


@pytest.mark.django_db(transaction=True)
def test_one_person_leaves_replies_for_the_others(make_server, gateway, visit, alice, bob):
    server = make_server(DJANGO_SETTINGS_MODULE="tests.support.settings.bare", CONCURRENT_REPLIES=3)
    mine, theirs = visit(server, alice), visit(server, bob)
    for _ in range(3):
        mine.ask(wish(pieces=3, fault="wait"))
    refused = mine.send(wish(pieces=3, fault="wait"))
    assert refused.status_code == 429
    assert "3 replies" in refused.text
    assert theirs.watch(theirs.ask(wish(pieces=3)).pk)[-1].name == "done"
    gateway.go.set()


@pytest.mark.django_db(transaction=True)
def test_unfinished_forms_of_one_address_leave_memory_for_people(server, visit, alice):
    visitor = visit(server, alice)
    visitor.get("/")
    unfinished = []
    for _ in range(LEAST + 3):
        browser = Browser(server).connect()
        browser.send_head("POST", "/accounts/login/", Content_Length=99_000)
        with contextlib.suppress(OSError):
            browser.socket.sendall(b"x" * 98_000)
        unfinished.append(browser)
    answer = unfinished[-1].read_until(b"\r\n\r\n")
    assert answer.split()[1] == b"429"
    assert b"Retry-After" in answer
    # Who is known has a share of their own, at the same address too.
    assert visitor.send("x" * 90_000).status_code == 303
    for browser in unfinished:
        browser.socket.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.stress
@pytest.mark.once
def test_a_connection_that_sends_nothing_is_ended(server):
    with Browser(server).connect().socket as silent:
        silent.settimeout(60)
        assert silent.recv(1) == b""
