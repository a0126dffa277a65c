"""One submission: one message, one Response, one call, however often and fast it is sent."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from conversations.models import Conversation, Message, Response
from tests.support.ledger_rows import ask
from tests.support.polling import until
from tests.support.shared_servers import wish
from tests.support.soak_scale import amount
from tests.support.visitor import Visitor


def at_once(server, visitor, forms, path="/"):
    """Post all `forms` at one moment, each on a connection of its own; the answers."""
    token = visitor.token()
    cookies = dict(visitor.http.cookies)
    everybody = threading.Barrier(len(forms))

    def post(form):
        browser = Visitor(server.url)
        browser.http.cookies.update(cookies)
        everybody.wait()
        try:
            return browser.http.post(path, data={"csrfmiddlewaretoken": token, **form})
        finally:
            browser.close()

    with ThreadPoolExecutor(len(forms)) as threads:
        return list(threads.map(post, forms))


@pytest.mark.soak
def test_twenty_parallel_posts_of_one_submission_make_one_of_everything(
    stage, here, visitor, record_property
):
    count = amount(2, 30)
    for _submission in range(count):
        form = {"text": wish(pieces=3), "submission": str(uuid.uuid4())}
        answers = at_once(here, visitor, [form] * 20)
        assert {answer.status_code for answer in answers} == {303}
        assert len({answer.headers["Location"] for answer in answers}) == 1
        visitor.watch(Response.objects.latest("created_at").pk)
    record_property("submissions", count)
    assert Conversation.objects.count() == count
    assert Message.objects.filter(role="user").count() == count
    assert Message.objects.filter(role="assistant").count() == count
    assert len(stage.gateway.responses) == count
    assert list(Response.objects.values_list("attempts", flat=True)) == [1] * count


def test_two_processes_take_one_submission_once(stage, there, alice):
    """Both may claim the reply, too: one of them does."""
    visitors = stage.visit(stage.here, alice), stage.visit(there, alice)
    for visitor in visitors:
        visitor.token()
    for _round in range(5):
        submission = str(uuid.uuid4())
        posts = [
            stage.aside(lambda v, s: v.send(wish(pieces=3), submission=s), visitor, submission)
            for visitor in visitors
        ]
        assert {post.result().status_code for post in posts} == {303}
    until(lambda: not Response.objects.open().exists())
    assert set(Response.objects.values_list("status", "attempts")) == {("completed", 1)}
    assert Response.objects.count() == Conversation.objects.count() == 5
    assert len(stage.gateway.responses) == 5


def test_both_processes_watching_a_queued_reply_make_one_call(stage, there, alice):
    for _round in range(3):
        response = ask(alice, wish(pieces=5), model="test-model")
        tabs = [
            stage.aside(stage.visit(server, alice).watch, response.pk)
            for server in (stage.here, there)
        ]
        assert [tab.result()[-1].name for tab in tabs] == ["done", "done"]
    assert len(stage.gateway.responses) == 3
    assert set(Response.objects.values_list("status", "attempts")) == {("completed", 1)}


@pytest.mark.parametrize("again", ["in a new conversation", "in the same conversation"])
def test_the_same_submission_with_other_text_is_refused_and_keeps_it(stage, visitor, again):
    submission = str(uuid.uuid4())
    response = visitor.ask(wish(pieces=2), submission=submission)
    visitor.watch(response.pk)
    conversation = response.conversation_id if again == "in the same conversation" else None
    answer = visitor.send("Quite another text", conversation, submission=submission)
    assert answer.status_code == 409
    assert "Quite another text</textarea>" in answer.text
    assert "already sent with another text" in answer.text
    assert submission not in answer.text  # a fresh form: sending it again is a new submission
    assert len(stage.gateway.responses) == Response.objects.count() == 1


def test_somebody_elses_submission_id_takes_and_shows_nothing(stage, here, visitor, bob):
    submission = str(uuid.uuid4())
    visitor.watch(visitor.ask(wish(pieces=2), submission=submission).pk)
    answer = stage.visit(here, bob).send(wish(pieces=2), submission=submission)
    assert answer.status_code == 409
    assert Response.objects.filter(person_id=bob.pk).count() == 0


def test_one_open_reply_a_conversation_however_many_are_sent_at_once(stage, here, visitor):
    response = visitor.ask(wish(pieces=1))
    visitor.watch(response.pk)
    forms = [
        {"text": wish(pieces=40, pace=0.05, first=number), "submission": str(uuid.uuid4())}
        for number in range(8)
    ]
    answers = at_once(here, visitor, forms, f"/conversations/{response.conversation_id}/")
    assert sorted(answer.status_code for answer in answers) == [303] + [409] * 7
    assert Response.objects.open().count() == 1
    # Each of them was given its text back.
    refused = [answer.text for answer in answers if answer.status_code == 409]
    assert all("marmalade" in page and "still being written" in page for page in refused)
    assert Message.objects.filter(role="user").count() == 2
