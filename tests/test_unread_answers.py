"""Answers that nobody reads: bounded in memory, and no hindrance for others."""

import socket
import time

import pytest

from chatsite.gunicorn_worker import TimedProtocol
from conversations.models import Conversation, Message
from tests.support.polling import until
from tests.support.process_window import resident_kilobytes
from tests.support.raw_browser import Browser
from tests.support.soak_scale import amount
from tests.support.visitor import session_of

pytestmark = [pytest.mark.stress, pytest.mark.once, pytest.mark.django_db(transaction=True)]

CONNECTIONS = amount(40, 200)
SIZE = 2_000_000
# Of eight pages that are drawn at a time, while the process learns that they are of one person, and
# the share of ANSWER_MEMORY. It was up to 460 MB, with as much in the system's buffers.
MOST_KILOBYTES = 260_000


def long_conversation(person):
    """A conversation whose page has more than SIZE bytes, near the most that a page may have."""
    conversation = Conversation.objects.create(owner=person, title="Long")
    parent = None
    for number in range(40):
        text = f"{number} " * 30_000
        role = ("user", "assistant")[number % 2]
        parent = Message.objects.create(
            conversation=conversation, role=role, text=text, html=f"<p>{text}</p>", parent=parent
        )
    return conversation


@pytest.fixture
def server(make_server):
    return make_server(DJANGO_SETTINGS_MODULE="tests.support.settings.bare")


@pytest.mark.measures
def test_pages_that_nobody_reads_have_a_share_of_memory(
    request, server, visit, alice, bob, record_property
):
    path = long_conversation(alice).get_absolute_url()
    session = session_of(alice)
    theirs = visit(server, bob)
    theirs.get("/")
    [worker] = server.workers()
    before = resident_kilobytes(worker)
    browsers = [Browser(server, session=session).open(path) for _ in range(CONNECTIONS)]
    request.addfinalizer(lambda: [browser.close() for browser in browsers])
    peak, answers = 0, 0
    # On a busy machine not for so long that the server ends who reads nothing.
    until_then = time.monotonic() + TimedProtocol.UNREAD / 3
    while answers < 100 and time.monotonic() < until_then:
        assert theirs.get("/").status_code == 200
        answers += 1
        peak = max(peak, resident_kilobytes(worker) - before)
    # Each comes whole as soon as those before it are read.
    for browser in browsers:
        assert len(browser.rest()) > SIZE
        peak = max(peak, resident_kilobytes(worker) - before)
    record_property("kilobytes", peak)
    assert answers > 0
    assert peak < MOST_KILOBYTES


def test_other_people_and_those_who_read_do_not_wait_for_them(
    request, make_server, visit, alice, bob
):
    server = make_server(
        DJANGO_SETTINGS_MODULE="tests.support.settings.bare", ANSWER_MEMORY=1_000_000
    )
    path = long_conversation(alice).get_absolute_url()
    session = session_of(alice)
    unread = [Browser(server, session=session).open(path) for _ in range(8)]
    request.addfinalizer(lambda: [browser.close() for browser in unread])
    until(lambda: any(unread_of(each) for each in unread))
    assert visit(server, bob).get("/").status_code == 200
    mine = Browser(server, session=session).open("/shortcuts/")
    request.addfinalizer(mine.close)
    mine.socket.settimeout(1)
    with pytest.raises(TimeoutError):
        mine.socket.recv(1)
    for browser in unread:
        browser.reset()
    mine.socket.settimeout(30)
    assert mine.read_until(b"\r\n").split()[1] == b"200"


def unread_of(browser):
    """Whether something of an answer has come; it stays unread."""
    browser.socket.setblocking(False)
    try:
        return bool(browser.socket.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False
