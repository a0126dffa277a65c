"""Faults of half a minute while long replies are written: none is lost or doubled. `make soak`.

With the times of production, two servers of two processes each, as if on two machines. Meanwhile
people send short messages, and send them again where the site says that it could not take them.
"""

import os
import re
import signal
import sqlite3
import threading
import time
import uuid
from collections import Counter
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from django.db import connection

from conversations.models import Message, Response
from tests.support.database_cable import Cable
from tests.support.ledger_rows import balanced
from tests.support.polling import until
from tests.support.server import database_url
from tests.support.shared_servers import wish
from tests.support.small_disk import database_on_a_small_disk, may_mount
from tests.support.soak_scale import SOAK
from tests.support.stream_reader import words

pytestmark = [
    pytest.mark.soak,
    pytest.mark.stress,
    pytest.mark.skipif(not SOAK, reason="takes minutes: the faults have short tests of their own"),
]

ON_SQLITE = connection.vendor == "sqlite"
REPLIES = 40
PIECES, PACE = 1_200, 0.05  # a reply of a minute
SHORT = 5  # pieces of the replies to what is sent meanwhile
SECONDS = {"outage": 40, "hang": 40, "full_disk": 30, "freeze": 30}


@contextmanager
def outage(site):
    """PostgreSQL: its connections are cut and new ones refused. SQLite: another program has the
    lock, so that nothing can be written."""
    if not ON_SQLITE:
        site.cable.pull()
        yield
        site.cable.plug()
        return
    database = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None, timeout=20)
    database.execute("BEGIN IMMEDIATE")
    yield
    database.execute("ROLLBACK")
    database.close()


@contextmanager
def hang(site):
    """PostgreSQL takes what comes and answers nothing; SQLite's file system hangs."""
    if not ON_SQLITE:
        site.cable.freeze()
        yield
        site.cable.thaw()
        return
    site.disk.hang()
    try:
        yield
    finally:
        site.disk.go_on()


@contextmanager
def full_disk(site):
    """A real file system without a free page."""
    site.disk.fill()
    yield
    site.disk.clear()


@contextmanager
def freeze(site):
    """The processes of one of the two servers stand still, its master aside."""
    workers = site.servers[0].workers()
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    yield
    for worker in workers:
        os.kill(worker, signal.SIGCONT)


FAULTS = {each.__name__: each for each in (outage, hang, full_disk, freeze)}


class Site:
    """The servers, and what may fail under them: `cable` to PostgreSQL, `disk` of the database."""

    def __init__(self, make_server, disk):
        self.disk = disk
        self.cable = None
        url = database_url()
        if not ON_SQLITE:
            self.cable = Cable(int(connection.settings_dict["PORT"]))
            url = re.sub(r":\d+/", f":{self.cable.port}/", url)
        self.servers = [
            make_server(
                DJANGO_SETTINGS_MODULE="tests.support.settings.bare",
                DATABASE_URL=url,
                WEB_CONCURRENCY=2,
            )
            for _server in range(2)
        ]

    def serves(self):
        """Whether each server shows pages; its processes take turns."""
        for visitor in self.visitors:
            if any(visitor.get("/", timeout=20).status_code != 200 for _process in range(3)):
                return False
        return True


@pytest.fixture
def site(request, stage, nobody_else, make_stage_server, alice, bob):
    fault = request.node.callspec.params["fault"]
    with ExitStack() as stack:
        disk = None
        if fault == "full_disk" or (ON_SQLITE and fault == "hang"):
            if not may_mount():
                pytest.skip("mounts a small file system, which only root may")
            disk = stack.enter_context(database_on_a_small_disk())
        site = Site(make_stage_server, disk)
        if site.cable:
            stack.callback(site.cable.pull)
            stack.callback(site.cable.thaw)
        site.visitors = [stage.visit(server, alice) for server in site.servers]
        site.others = [stage.visit(server, bob) for server in site.servers]
        yield site
        for server in site.servers:
            server.kill()


class Sender(threading.Thread):
    """Sends short messages, one after the other, each until the site has taken it; `taken` are
    their marks."""

    def __init__(self, visitor):
        super().__init__(daemon=True)
        self.visitor = visitor
        self.taken = []
        self.refused = 0
        self.over = threading.Event()
        self.token = visitor.token()

    def run(self):
        while not self.over.is_set():
            mark = uuid.uuid4().hex
            form = {
                "text": f"{mark} {wish(pieces=SHORT)}",
                "submission": str(uuid.uuid4()),
                "csrfmiddlewaretoken": self.token,
            }
            while not self.send(form):
                self.refused += 1
                time.sleep(1)
            self.taken.append(mark)
            time.sleep(0.5)

    def send(self, form):
        try:
            answer = self.visitor.http.post("/", data=form, timeout=60)
        except httpx.TransportError:
            return False
        assert answer.status_code in (303, 503), answer.text[:500]
        return answer.status_code == 303


def sent_text(message):
    """What the gateway sends to the question of this reply."""
    return words(PIECES if f'"pieces": {PIECES}' in message.parent.text else SHORT)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_long_fault_takes_and_doubles_no_reply(site, stage, fault, record_property):
    marks = [uuid.uuid4().hex for _reply in range(REPLIES)]
    for number, mark in enumerate(marks):
        site.visitors[number % 2].ask(f"{mark} {wish(pieces=PIECES, pace=PACE)}")
    long = Response.objects.filter(message__parent__text__contains=f'"pieces": {PIECES}')
    until(lambda: not long.filter(partial="").exists(), 30)
    senders = [Sender(visitor) for visitor in site.others]
    for sender in senders:
        sender.start()
    with FAULTS[fault](site):
        time.sleep(SECONDS[fault])
    over = time.monotonic()
    assert long.open().count() == REPLIES or fault == "freeze", "the fault outlasted the replies"
    until(site.serves, 60)
    back = time.monotonic() - over
    for sender in senders:
        sender.over.set()
        sender.join(60)
    until(lambda: not Response.objects.open().exists(), 120)

    marks += [mark for sender in senders for mark in sender.taken]
    asked = Counter(request.said.split()[0] for request in stage.gateway.responses)
    stored = Counter(
        text.split()[0]
        for text in Message.objects.filter(role="user").values_list("text", flat=True)
    )
    replies = list(Message.objects.filter(role="assistant").select_related("parent", "response"))
    whole = [
        reply.parent.text.split()[0]
        for reply in replies
        if reply.response.status == "completed" and reply.text.strip() == sent_text(reply)
    ]
    record_property("replies", len(marks))
    record_property("whole", len(set(whole)))
    record_property("lost", len(set(marks) - set(whole)))
    doubled = [mark for mark in stored if stored[mark] > 1 or asked[mark] > 1]
    record_property("doubled", len(doubled))
    record_property("refused", sum(sender.refused for sender in senders))
    record_property("back", round(back, 1))
    assert all(sent_text(reply).startswith(reply.text.strip()) for reply in replies)
    assert balanced()
    assert doubled == []
    assert set(marks) - set(whole) == set()
    assert back < 5
