"""What one process takes: replies at a time, streams at a time, bytes of a body."""

import time
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.models import Conversation, Message, Response
from tests.support.ledger_rows import ask
from tests.support.polling import until
from tests.support.raw_browser import Browser
from tests.support.shared_servers import wish
from tests.support.visitor import session_of
from tests.test_reply_once import at_once

LIVE, STREAMS, BODY = 3, 5, 100_000  # of stage.small


@pytest.fixture
def small(stage):
    """A server that takes three replies and five streams."""
    return stage.small


@pytest.fixture
def visitor(stage, small, alice):
    return stage.visit(small, alice)


def fill(small, visitor, count=LIVE):
    responses = [visitor.ask(wish(pieces=10, fault="wait")) for _ in range(count)]
    until(lambda: small.inside()["live"] == count)
    return responses


def test_a_full_process_refuses_a_message_and_keeps_its_text(stage, small, visitor):
    fill(small, visitor)
    page = visitor.send("Keep me, please")
    assert page.status_code == 503
    assert int(page.headers["Retry-After"]) > 0
    assert "Keep me, please</textarea>" in page.text
    assert "as many replies as it can" in page.text
    form = {"text": "Keep me, please", "submission": str(uuid.uuid4())}
    script = visitor.post("/", form, headers={"X-Fragment": "turn"})
    assert (script.status_code, script.headers["Retry-After"]) == (503, page.headers["Retry-After"])
    assert Conversation.objects.count() == LIVE
    stage.gateway.go.set()
    until(lambda: not Response.objects.open().exists())
    assert visitor.send(wish(pieces=1)).status_code == 303


def test_posts_at_one_moment_never_make_more_live_replies(stage, small, visitor):
    """All may be taken before any runs; those without room wait in the queue."""
    forms = [
        {"text": wish(pieces=4, fault="wait"), "submission": str(uuid.uuid4())} for _ in range(10)
    ]
    taken = [answer.status_code for answer in at_once(small, visitor, forms)]
    assert set(taken) <= {303, 503}
    assert taken.count(303) >= LIVE
    most = 0
    end = time.monotonic() + 1
    while time.monotonic() < end:
        most = max(most, small.inside()["live"])
    assert most == LIVE
    assert Response.objects.filter(status="in_progress").count() == LIVE
    stage.gateway.go.set()
    until(lambda: not Response.objects.open().exists(), 30)
    assert set(Response.objects.values_list("status", "attempts")) == {("completed", 1)}


def test_a_full_process_watches_what_it_cannot_claim(stage, small, visitor, alice):
    fill(small, visitor)
    waiting = ask(alice, wish(pieces=2), model="test-model")
    watching = stage.aside(visitor.watch, waiting.pk)
    until(lambda: small.inside()["followed"] == 1)
    time.sleep(2.5)  # longer than the sweep waits
    assert Response.objects.get(pk=waiting.pk).status == "queued"
    stage.gateway.go.set()
    assert [event.name for event in watching.result()][-1] == "done"
    assert Response.objects.get(pk=waiting.pk).status == "completed"


def test_what_nobody_had_room_for_fails_with_a_sentence(stage, small, visitor, alice):
    fill(small, visitor)
    waiting = ask(alice, wish(pieces=2), model="test-model")
    Response.objects.filter(pk=waiting.pk).update(created_at=timezone.now() - timedelta(seconds=61))
    watching = stage.aside(visitor.watch, waiting.pk)
    assert [event.name for event in watching.result()][-1] == "done"
    row = Response.objects.get(pk=waiting.pk)
    assert (row.status, row.error_code, row.attempts) == ("failed", "expired", 0)
    page = visitor.get(f"/conversations/{waiting.conversation_id}/").text
    assert row.error_sentence
    assert row.error_sentence.split(".")[0] in page
    assert f'action="/messages/{waiting.message_id}/retry/"' in page


def test_the_stream_too_many_is_told_to_come_again(stage, small, visitor, alice):
    [response] = fill(small, visitor, 1)
    session = session_of(alice)
    path = f"/responses/{response.pk}/events/"
    browsers = [Browser(small, session=session).open(path) for _ in range(STREAMS)]
    until(lambda: small.inside()["watching"] == STREAMS)
    answer = visitor.get(path)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.elapsed.total_seconds() < 0.2 or slow_machine(visitor)
    browsers[0].close()
    until(lambda: small.inside()["watching"] == STREAMS - 1)
    stage.gateway.go.set()
    assert visitor.watch(response.pk)[-1].name == "done"
    for browser in browsers:
        browser.close()


def slow_machine(visitor):
    """Whether even a health check takes that long here now."""
    return visitor.get("/healthz").elapsed.total_seconds() > 0.1


def test_streams_opened_at_one_moment_are_not_more_than_allowed(stage, small, visitor, alice):
    [response] = fill(small, visitor, 1)
    session = session_of(alice)
    path = f"/responses/{response.pk}/events/"
    browsers = [Browser(small, session=session).open(path) for _ in range(20)]
    statuses = [browser.read_until(b"\r\n").split()[1] for browser in browsers]
    assert statuses.count(b"200") == STREAMS
    assert statuses.count(b"503") == 20 - STREAMS
    for browser in browsers:
        browser.close()
    until(lambda: small.inside()["watching"] == 0)


@pytest.mark.parametrize("known", [True, False], ids=["logged in", "anonymous"])
@pytest.mark.parametrize("told", [True, False], ids=["with a length", "chunked"])
def test_a_body_over_the_limit_is_refused_and_not_kept(small, alice, known, told):
    """Far over: what is not kept in memory or on disk cannot show there."""
    person = alice if known else None
    # The page that says so is read from disk and kept when it is first shown.
    send_body(small, person, BODY * 2, told)
    before = small.inside()["kilobytes"]
    written = io_written(small)
    answer = send_body(small, person, BODY * 15, told)
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"100,000 bytes" in answer
    assert io_written(small) - written < BODY
    assert small.inside()["kilobytes"] - before < 4 * BODY / 1000 + 4_000


def send_body(server, person, size, told):
    """Post that many bytes, their length told beforehand or not; the answer."""
    browser = Browser(server, person).connect()
    if told:
        browser.send_head("POST", "/", Content_Length=size)
        browser.socket.sendall(b"x" * size)
    else:
        browser.send_head("POST", "/", Transfer_Encoding="chunked")
        piece = b"x" * 50_000
        for _ in range(size // len(piece)):
            browser.socket.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        browser.socket.sendall(b"0\r\n\r\n")
    answer = browser.read_until(b"</html>")
    browser.close()
    return answer


def io_written(server):
    """Bytes its workers wrote to files so far."""
    total = 0
    for pid in server.workers():
        with open(f"/proc/{pid}/io") as lines:
            total += int(next(line.split()[1] for line in lines if line.startswith("write_bytes")))
    return total


def test_a_body_within_the_limit_is_taken(visitor):
    text = "ü" * (BODY // 7)  # six bytes each as a form
    answer = visitor.send(f"{text} [[gateway:{{}}]]")
    assert answer.status_code == 303
    assert Message.objects.get(role="user").text.startswith(text)


def test_requests_of_one_person_have_a_bound_in_memory(stage, make_stage_server, alice):
    server = make_stage_server(INPUT_MEMORY=1_000_000)
    visitor = stage.visit(server, alice)
    conversations = [Conversation.objects.create(owner=alice) for _ in range(2)]
    for each in conversations:
        text = "x" * 600_000
        each.active = Message.objects.create(conversation=each, role="assistant", text=text)
        each.save()
    visitor.ask(wish(pieces=3, fault="wait"), conversations[0].pk)
    until(lambda: server.inside()["live"] == 1)
    page = visitor.send("Keep me, please", conversations[1].pk)
    assert page.status_code == 429
    assert int(page.headers["Retry-After"]) > 0
    assert "Keep me, please</textarea>" in page.text
    assert "as much text and as many files" in page.text
    # What is short is taken.
    visitor.ask(wish(pieces=3))
    stage.gateway.go.set()
    until(lambda: not Response.objects.open().exists())
    visitor.ask("Keep me, please", conversations[1].pk)
    # The server ends with the test, and would leave it open.
    until(lambda: not Response.objects.open().exists())
