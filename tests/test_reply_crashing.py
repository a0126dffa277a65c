"""kill -9: nothing accepted is lost, at most a second of text is missing, nothing stays open."""

import contextlib
import os
import re
import signal
import time

import pytest

from conversations.models import Message, Response
from tests.support.gateway import sse
from tests.support.ledger_rows import ask, balanced, dead_replies
from tests.support.polling import until
from tests.support.shared_servers import wish
from tests.support.stream_reader import Reader, words

LOST = 1.0  # seconds of text that may be missing
FINAL_WITHIN = 30.0  # seconds after a death


def dated_pieces():
    """An answer without end whose words say when they were sent, in milliseconds."""
    while True:
        delta = f"at{int(time.monotonic() * 1000)} "
        yield sse({"type": "response.output_text.delta", "delta": delta})
        yield 0.05


def last_date(text):
    return int(re.findall(r"at(\d+)", text)[-1]) / 1000


def test_a_dead_servers_replies_are_interrupted_within_half_a_minute(
    stage, nobody_else, make_stage_server, alice
):
    """With the times of production, nobody online, after a start anew."""
    server = make_stage_server(DJANGO_SETTINGS_MODULE="tests.support.settings.bare")
    responses = [ask(alice, f"Question {n}", model="test-model") for n in range(5)]
    for _each in responses:
        stage.gateway.will(chunks=dated_pieces())
    rows = Response.objects.filter(pk__in=[response.pk for response in responses])
    until(lambda: all(row.partial for row in rows.all()), 30)
    time.sleep(1)
    died = time.monotonic()
    server.kill()
    server.start()
    until(lambda: set(rows.values_list("status", flat=True)) == {"interrupted"}, 40)
    assert time.monotonic() - died < FINAL_WITHIN
    for row in rows.all():
        message = Message.objects.get(pk=row.message_id)
        assert last_date(message.text) > died - LOST
        assert last_date(message.html) == last_date(message.text)
        assert (row.reason, row.usage_source, row.partial) == ("crashed", "estimated", "")
    visitor = stage.visit(server, alice)
    page = visitor.get(f"/conversations/{responses[0].conversation_id}/").text
    assert 'data-status="interrupted"' in page
    assert f'action="/messages/{responses[0].message_id}/retry/"' in page


def test_a_reader_of_a_dead_processs_reply_sees_its_end(stage, here, make_stage_server, alice):
    """The reader's stream in another process goes on to the end it is given."""
    dying = make_stage_server()
    stage.gateway.will(chunks=dated_pieces())
    response = stage.visit(dying, alice).ask("Write for ever.")
    until(lambda: Response.objects.get(pk=response.pk).partial)
    watching = stage.aside(stage.visit(here, alice).watch, response.pk)
    until(lambda: here.inside()["followed"] == 1)
    dying.kill()
    reader = Reader().take_all(watching.result(20))
    assert (reader.names[-1], reader.status) == ("done", "interrupted")
    assert reader.text == Message.objects.get(pk=response.message_id).text.strip()


def test_one_dead_worker_of_three_takes_only_its_own_replies(
    stage, nobody_else, make_stage_server, alice
):
    server = make_stage_server(WEB_CONCURRENCY=3)
    visitor = stage.visit(server, alice)
    responses = [visitor.ask(wish(pieces=100, pace=0.05)) for _ in range(9)]
    rows = Response.objects.filter(pk__in=[response.pk for response in responses])
    until(lambda: set(rows.values_list("status", flat=True)) == {"in_progress"})
    leases = set(rows.values_list("lease", flat=True))
    os.kill(server.workers()[0], signal.SIGKILL)
    until(lambda: not rows.open().exists(), 40)
    ended = {}
    for lease, status in rows.values_list("lease", "status"):
        ended.setdefault(lease, set()).add(status)
    # All or nothing of each process; and the site went on answering.
    assert set(ended) == leases
    assert all(len(statuses) == 1 for statuses in ended.values())
    assert sum(statuses == {"interrupted"} for statuses in ended.values()) <= 1
    assert visitor.get("/").status_code == 200


def test_hundreds_of_dead_replies_hold_up_no_new_one(stage, here, visitor):
    """As a crash of the whole site leaves them: they are ended one by one, others in between."""
    visitor.token()
    dead_replies(visitor.person, 300)
    buried = Response.objects.filter(status="interrupted")
    until(buried.exists)
    visitor.watch(visitor.ask(wish(pieces=2)).pk)
    assert buried.count() < 300
    until(lambda: buried.count() == 300, 60)


@pytest.mark.parametrize("watched", [False, True])
def test_an_order_whose_process_died_before_it_began_is_carried_out(stage, here, alice, watched):
    """As kill -9 between the commit and the claim leaves it: queued, and offered to nobody."""
    response = ask(alice, wish(pieces=3), model="test-model")
    if watched:
        events = stage.visit(here, alice).watch(response.pk)
        assert Reader().take_all(events).text == words(3)
    until(lambda: Response.objects.get(pk=response.pk).status == "completed")
    assert Message.objects.get(pk=response.message_id).text.strip() == words(3)
    assert len(stage.gateway.responses) == 1


@contextlib.contextmanager
def frozen(server):
    """The server's worker stands still, as in a machine that is moved or swaps."""
    [worker] = server.workers()
    os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(worker, signal.SIGCONT)


def test_a_process_that_only_stood_still_goes_on_and_puts_its_reply_back(stage, here, there, alice):
    """Another process has declared it dead, and showed what there was of it."""
    response = stage.visit(here, alice).ask(wish(pieces=200, pace=0.05))
    row = Response.objects.filter(pk=response.pk)
    until(lambda: row.get().partial)
    with frozen(here):
        assert there.inside()["live"] == 0
        until(lambda: row.get().status == "interrupted", 30)
        before = Message.objects.get(pk=response.message_id).text
        assert 0 < len(before) < len(words(200))
    until(lambda: row.get().status == "completed", 30)
    assert Message.objects.get(pk=response.message_id).text.strip() == words(200)
    assert (row.get().usage_source, row.get().reason) == ("reported", "")
    assert len(stage.gateway.responses) == 1
    assert balanced()
    page = stage.visit(there, alice).get(f"/conversations/{response.conversation_id}/").text
    assert 'data-status="completed"' in page
    assert "word199" in page


def test_a_process_that_stood_still_leaves_a_reply_alone_that_was_retried(
    stage, here, there, alice
):
    stage.gateway.will(chunks=dated_pieces())
    response = stage.visit(here, alice).ask("Write for ever.")
    row = Response.objects.filter(pk=response.pk)
    until(lambda: row.get().partial)
    with frozen(here):
        assert there.inside()["live"] == 0
        until(lambda: row.get().status == "interrupted", 30)
        stage.gateway.will(text="Done.")
        stage.visit(there, alice).post(f"/messages/{response.message_id}/retry/")
        until(lambda: not Response.objects.open().exists())
        buried = row.values().get()
        text = Message.objects.get(pk=response.message_id).text
    request = stage.gateway.responses[0]
    until(lambda: request.closed_early)
    # What it had in memory changed neither the row nor the message.
    assert row.values().get() == buried
    assert Message.objects.get(pk=response.message_id).text == text
    until(lambda: here.inside()["live"] == 0)
    assert balanced()


def test_a_process_never_declares_dead_what_it_writes_itself(stage, here, visitor):
    """Also where it stood still so long that its own heartbeat is old."""
    # It would rightly call it dead, and may still run after another test.
    stage.there.kill()
    response = visitor.ask(wish(pieces=100, pace=0.05))
    until(lambda: Response.objects.get(pk=response.pk).partial)
    [worker] = here.workers()
    os.kill(worker, signal.SIGSTOP)
    time.sleep(5)  # tests/support/settings/quick.py calls it dead after 4
    os.kill(worker, signal.SIGCONT)
    until(lambda: not Response.objects.get(pk=response.pk).is_open, 20)
    assert Response.objects.get(pk=response.pk).status == "completed"
    assert Message.objects.get(pk=response.message_id).text.strip() == words(100)
