"""Watching: each stream begins with all there is, goes on live, ends with what is stored."""

import re
import time

import pytest

from conversations.models import Message, Person, Response
from tests.support.ledger_rows import ask
from tests.support.polling import until
from tests.support.raw_browser import Browser
from tests.support.shared_servers import wish
from tests.support.stream_reader import Reader, words


def stored(response):
    """The reply's Message."""
    return Message.objects.get(pk=response.message_id)


def test_closing_the_tab_ends_nothing(stage, visitor):
    response = visitor.ask(wish(pieces=40, pace=0.03))
    with visitor.events(response.pk) as stream:
        next(iter(stream))
    until(lambda: Response.objects.get(pk=response.pk).status == "completed")
    assert stored(response).text.strip() == words(40)
    [asked] = stage.gateway.responses
    assert not asked.closed_early


def test_a_reply_that_nobody_opens_is_written(visitor):
    response = visitor.ask(wish(pieces=5))
    until(lambda: Response.objects.get(pk=response.pk).status == "completed")
    assert stored(response).text.strip() == words(5)


def test_a_reload_shows_all_text_so_far_at_once_and_goes_on_without_gap_or_repeat(visitor):
    response = visitor.ask(wish(pieces=60, pace=0.04))
    before = Reader()
    with visitor.events(response.pk) as stream:
        for event in stream:
            if "word20" in before.take(event).text:
                break
    after = Reader()
    asked = time.monotonic()
    with visitor.events(response.pk) as stream:
        events = iter(stream)
        after.take(next(events))
        assert time.monotonic() - asked < 1
        assert after.names == ["reply"]
        assert after.text.startswith(before.text)
        for event in events:
            after.take(event)
            # Never a gap: what stands there is always a beginning of the whole.
            assert words(60).startswith(after.text)
    assert after.names[-1] == "done"
    assert after.text == words(60) == stored(response).text.strip()


def test_a_second_tab_and_another_device_see_the_same(stage, here, alice, visitor):
    response = visitor.ask(wish(pieces=40, pace=0.04))
    tab = stage.aside(visitor.watch, response.pk)
    time.sleep(0.5)
    device = stage.visit(here, alice)
    late = Reader().take_all(device.watch(response.pk))
    first = Reader().take_all(tab.result())
    assert first.names[0] == late.names[0] == "reply"
    assert first.names[-1] == late.names[-1] == "done"
    assert first.text == late.text == words(40)
    assert Response.objects.get(pk=response.pk).attempts == 1


def test_the_finished_article_is_the_one_of_the_page(visitor):
    response = visitor.ask(
        wish(text="A *list*:\n\n1. one\n2. two\n\n```python\nx = 1\n```", pace=0.02)
    )
    *_, done = visitor.watch(response.pk)
    page = visitor.get(f"/conversations/{response.conversation_id}/").text
    article = page[page.index(f'data-message="{response.message_id}"') :]
    article = article[: article.index("</article>")]
    streamed = done.data[done.data.index(f'data-message="{response.message_id}"') :]
    assert _without_tokens(article).split() == _without_tokens(streamed[: len(article)]).split()
    assert stored(response).html in page


def _without_tokens(html):
    html = html.partition("</article>")[0]
    return re.sub(r'(name="(?:csrfmiddlewaretoken|submission)" value=)"[^"]*"', r"\1", html)


def test_the_stream_of_a_finished_reply_is_one_done(visitor):
    response = visitor.ask(wish(pieces=3))
    visitor.watch(response.pk)
    [event] = visitor.watch(response.pk)
    assert event.name == "done"
    reader = Reader().take(event)
    assert (reader.status, reader.text) == ("completed", words(3))


def test_at_least_five_changes_a_second_while_text_comes(visitor):
    rates = []
    for _try in range(3):  # an idle machine is promised, and this one may be busy
        response = visitor.ask(wish(pieces=100, pace=0.02))
        events = visitor.watch(response.pk)
        row = Response.objects.get(pk=response.pk)
        seconds = (row.finished_at - row.first_token_at).total_seconds()
        rates.append(sum(event.name == "block" for event in events) / seconds)
        if rates[-1] >= 5:
            return
    pytest.fail(f"changes a second: {rates}")


def test_the_stream_has_the_headers_that_proxies_need(visitor):
    response = visitor.ask(wish(pieces=3, pace=0.1))
    with visitor.events(response.pk) as stream:
        headers = stream.answer.headers
        list(stream)
    assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert headers["Cache-Control"] == "no-store, no-transform"
    assert headers["X-Accel-Buffering"] == "no"
    assert "Content-Encoding" not in headers


def test_a_silent_stream_sends_comments(visitor):
    response = visitor.ask(wish(pieces=2, first=3.2))
    with visitor.events(response.pk) as stream:
        names = [event.name for event in stream]
    # Every second or so here (tests/support/settings/quick.py).
    assert stream.comments >= 2
    assert names[0] == "reply"
    assert names[-1] == "done"


def test_without_a_session_the_answer_is_401_and_no_redirect(stage, here, visitor):
    response = visitor.ask(wish(pieces=3))
    answer = stage.visit(here).get(f"/responses/{response.pk}/events/")
    assert answer.status_code == 401
    assert "Location" not in answer.headers


def test_another_persons_stream_is_not_found_written_or_finished(stage, here, visitor, bob):
    writing = visitor.ask(wish(pieces=30, pace=0.1))
    finished = visitor.ask(wish(pieces=1))
    visitor.watch(finished.pk)
    curious = stage.visit(here, bob)
    missing = curious.get("/responses/00000000-0000-4000-8000-000000000000/events/")
    for response in (writing, finished):
        answer = curious.get(f"/responses/{response.pk}/events/")
        assert answer.status_code == missing.status_code == 404
        assert curious.post(f"/responses/{response.pk}/stop/").status_code == 404
    assert Response.objects.get(pk=writing.pk).status == "in_progress"
    assert not Response.objects.get(pk=writing.pk).stop_requested


def test_who_stops_reading_is_dropped_and_holds_nothing_up(stage, here, visitor, alice):
    long = f"{'m' * 600_000} " * 3
    stage.gateway.will(text=long, pace=0.3)
    response = visitor.ask("Write very much.")
    deaf = Browser(here, alice).open(f"/responses/{response.pk}/events/", receive_buffer=4096)
    reader = Reader().take_all(visitor.watch(response.pk))
    assert (reader.names[-1], reader.status) == ("done", "completed")
    assert stored(response).text.strip() == long.strip()
    until(lambda: here.inside()["watching"] == 0)
    # What lay in the kernel's buffers came; the end of the stream never did.
    assert not deaf.rest().endswith(b"0\r\n\r\n")


def test_who_logs_out_or_is_deactivated_sees_no_more(stage, here, visitor, alice):
    response = visitor.ask(wish(pieces=300, pace=0.05))
    other = stage.visit(here, alice)
    tab = stage.aside(visitor.watch, response.pk)
    device = stage.aside(other.watch, response.pk)
    until(lambda: here.inside()["watching"] == 2)
    visitor.post("/accounts/logout/")
    assert "done" not in [event.name for event in tab.result(10)]
    assert not device.done()
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    assert "done" not in [event.name for event in device.result(10)]
    assert Response.objects.get(pk=response.pk).status == "in_progress"
    assert other.get(f"/responses/{response.pk}/events/").status_code == 401


@pytest.mark.parametrize("offered", [True, False])
def test_deleting_the_conversation_ends_the_streams_and_keeps_the_books(
    stage, visitor, alice, offered
):
    text = wish(pieces=30, pace=0.05)
    response = visitor.ask(text) if offered else ask(alice, text, model="test-model")
    tab = stage.aside(visitor.watch, response.pk)
    until(lambda: Response.objects.get(pk=response.pk).partial)
    response.conversation.delete()
    assert [event.name for event in tab.result(10)][-1] == "done"
    row = until(lambda: Response.objects.exclude(finished_at=None).get(pk=response.pk))
    assert (row.conversation_id, row.message_id, row.partial) == (None, None, "")
    assert row.usage_source != "unknown"
