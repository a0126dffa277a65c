"""What many streams cost a process, and that nothing of them stays."""

import os
import random
import time

import pytest
from django.db import connection

from conversations.models import Response
from tests.support.ledger_rows import ask
from tests.support.polling import until
from tests.support.raw_browser import Browser
from tests.support.shared_servers import wish
from tests.support.soak_scale import amount
from tests.support.visitor import session_of

pytestmark = pytest.mark.stress

DISCONNECTS = amount(200, 2000)


@pytest.mark.soak
def test_two_hundred_streams_stay_within_bounds(
    request, stage, make_stage_server, alice, record_property
):
    """Of fifty replies being written, four readers each."""
    here = make_stage_server(warm=False, MAX_STREAMS=200)
    visitor = stage.visit(here, alice)
    responses = [ask(alice, wish(pieces=100, fault="wait"), model="test-model") for _ in range(50)]
    until(lambda: here.inside()["live"] == 50, 30)
    session = session_of(alice)
    browsers = []
    request.addfinalizer(lambda: [browser.socket.close() for browser in browsers])
    for response in responses * 4:
        browsers.append(Browser(here, session=session).open(f"/responses/{response.pk}/events/"))
    until(lambda: here.inside()["watching"] == 200, 60)
    held = here.inside()
    connections = database_connections(here)
    memory = held["kilobytes"] + resident(here.process.pid)
    record_property("threads", held["threads"])
    record_property("files", held["files"])
    record_property("connections", connections)
    record_property("memory", memory)
    assert held["threads"] <= 250
    assert held["files"] <= 600
    # SQLite's are files, and periodic tasks have one of their own for a moment.
    assert connections <= (10 if connection.vendor == "sqlite" else 8)
    assert memory <= 160_000
    asked = time.monotonic()
    refused = visitor.get(f"/responses/{responses[0].pk}/events/")
    assert refused.status_code == 503
    assert time.monotonic() - asked < 0.2 or visitor.get("/healthz").elapsed.total_seconds() > 0.1
    for browser in browsers:
        browser.close()
    until(lambda: here.inside()["watching"] == 0)
    stage.end_replies()


def database_connections(server):
    """How many connections to the database its worker holds."""
    [worker] = server.workers()
    if connection.vendor == "sqlite":
        name = connection.settings_dict["NAME"]
        links = (f"/proc/{worker}/fd/{fd}" for fd in os.listdir(f"/proc/{worker}/fd"))
        # Each connection has the file open once; its log and index besides.
        return sum(os.readlink(link) == name for link in links if os.path.islink(link))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s",
            [server.environment["PGAPPNAME"]],
        )
        return cursor.fetchone()[0]


def resident(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(next(line.split()[1] for line in status if line.startswith("VmRSS:")))


def leave(browser, how):
    {"close": browser.close, "reset": browser.reset, "half_close": browser.half_close}[how]()


@pytest.mark.soak
def test_disconnects_leave_nothing_behind(stage, here, alice, record_property):
    """At any moment and in any way, of replies that go on being written."""
    chance = random.Random(11)
    session = session_of(alice)
    responses = [ask(alice, wish(pieces=4, fault="wait"), model="test-model") for _ in range(20)]
    until(lambda: here.inside()["live"] == 20, 30)
    # A crowd and some visits, until every thread has begun that lasts.
    crowd = [Browser(here, session=session).open("/") for _ in range(40)]
    for browser in crowd:
        browser.rest()
    visit_all(here, session, responses, chance, 100)
    before = settled(here)
    visit_all(here, session, responses, chance, DISCONNECTS)
    after = comes_back(here, before)
    record_property("disconnects", DISCONNECTS)
    record_property("grown", after["kilobytes"] - before["kilobytes"])
    assert here.inside()["live"] == 20
    stage.gateway.go.set()
    until(lambda: not Response.objects.open().exists())
    assert set(Response.objects.values_list("status", "attempts")) == {("completed", 1)}
    # And none to the gateway: idle ones are closed after some seconds.
    until(lambda: stage.gateway.open_connections == 0, 20)
    until(lambda: here.inside()["tasks"] <= before["tasks"] - 20)


def comes_back(server, before, seconds=20):
    """Wait until the server holds no more than it held before, and give what it holds then;
    raises AssertionError."""
    names = ("watching", "followed", "tasks", "extra_threads", "extra_files")
    deadline = time.monotonic() + seconds
    while True:
        now = server.inside()
        more = {name: now[name] - before[name] for name in names if now[name] > before[name]}
        if not more and now["kilobytes"] < before["kilobytes"] + 10_000:
            return now
        grown = now["kilobytes"] - before["kilobytes"]
        running = "\n".join(now["running"] + now["names"] + now["open"])
        assert time.monotonic() < deadline, f"{more}, {grown} kB\n{running}"
        time.sleep(0.1)


def visit_all(server, session, responses, chance, count):
    """Open that many streams, a few at a time, and leave each in some way at some moment."""
    for _group in range(count // 10):
        browsers = []
        for response in chance.sample(responses, 10):
            browser = Browser(server, session=session).open(f"/responses/{response.pk}/events/")
            if chance.random() < 0.5:
                browser.read_until(b"event: reply")
            browsers.append(browser)
        time.sleep(chance.uniform(0, 0.05))
        for browser in browsers:
            leave(browser, chance.choice(["close", "reset", "half_close"]))
        for browser in browsers:
            browser.close()


def settled(server):
    """What the server holds when it has nothing to do but write its replies: no stream, and no
    idle connection, which it keeps for seconds."""
    until(lambda: server.inside()["watching"] == 0, 20)
    least = server.inside()
    quiet = 0
    while quiet < 3:
        time.sleep(0.5)
        now = server.inside()
        quiet = quiet + 1 if now["tasks"] >= least["tasks"] else 0
        least = min(least, now, key=lambda held: held["tasks"])
    return least


@pytest.mark.once
@pytest.mark.parametrize("wanted", ["a page", "a stream"])
def test_a_browser_that_leaves_before_the_answer_holds_nothing(stage, here, visitor, wanted):
    response = visitor.ask(wish(pieces=4, fault="wait"))
    path = f"/responses/{response.pk}/events/" if wanted == "a stream" else "/"
    until(lambda: here.inside()["live"] == 1)
    visitor.close()
    session = session_of(visitor.person)
    for _round in range(2):  # the first one starts threads, which stay
        before = settled(here)
        for _ in range(20):
            Browser(here, session=session).open(path).reset()
    comes_back(here, before)
