"""Stopping a reply: from any tab or process the gateway is left within two seconds, text kept."""

import time

import pytest

from conversations.models import Message, Response
from tests.support.ledger_rows import ask
from tests.support.polling import until
from tests.support.shared_servers import wish
from tests.support.soak_scale import amount
from tests.support.stream_reader import Reader, words

PROMISED = 2.0  # seconds until the gateway is left and the state is final


def row(response):
    return Response.objects.get(pk=response.pk)


def text_of(response):
    return Message.objects.get(pk=response.message_id).text.strip()


@pytest.mark.parametrize("from_where", ["here", "there"])
def test_stop_leaves_the_gateway_and_keeps_the_text(stage, visitor, alice, from_where):
    """From `there`: another process, which only the database connects with the writing one."""
    stopper = stage.visit(getattr(stage, from_where), alice)
    stopper.token()
    response = visitor.ask(wish(pieces=300, pace=0.05))
    reader = Reader()
    with visitor.events(response.pk) as stream:
        events = iter(stream)
        while "word9" not in reader.take(next(events)).text:
            pass
        shown = reader.text
        asked = time.monotonic()
        assert stopper.post(f"/responses/{response.pk}/stop/").status_code == 303
        reader.take_all(events)
    assert time.monotonic() - asked < PROMISED
    assert (reader.names[-1], reader.status) == ("done", "cancelled")
    stored = row(response)
    assert (stored.status, stored.partial) == ("cancelled", "")
    assert stored.usage_source == "estimated"
    text = text_of(response)
    assert text.startswith(shown)
    assert words(300).startswith(text)
    assert reader.text == text
    [request] = stage.gateway.responses
    until(lambda: request.ended_at)
    assert request.closed_early
    assert request.ended_at - asked < PROMISED


@pytest.mark.soak
def test_of_many_stops_none_takes_two_seconds(stage, here, there, alice, record_property):
    """Of replies of one process, from it and from the other by turns."""
    writer = stage.visit(here, alice)
    stoppers = [stage.visit(each, alice) for each in (here, there)]
    forms = [{"csrfmiddlewaretoken": stopper.token()} for stopper in stoppers]
    took = []
    for number in range(amount(10, 200)):
        response = writer.ask(wish(pieces=400, pace=0.05))
        [*_, request] = stage.gateway.wait_for(number + 1)
        asked = time.monotonic()
        stoppers[number % 2].http.post(f"/responses/{response.pk}/stop/", data=forms[number % 2])
        until(lambda request=request: request.ended_at)
        until(lambda response=response: row(response).status == "cancelled")
        took.append(time.monotonic() - asked)
        assert request.closed_early
    slowest = sorted(took)[int(len(took) * 0.99)]
    record_property("stops", len(took))
    record_property("p99", round(slowest, 2))
    assert slowest < PROMISED


def test_stop_while_nothing_has_come_yet(stage, visitor):
    stage.gateway.will("hang_before_headers")
    response = visitor.ask("Think for ever.")
    [request] = stage.gateway.wait_for(1)
    asked = time.monotonic()
    visitor.post(f"/responses/{response.pk}/stop/")
    until(lambda: row(response).status == "cancelled", PROMISED)
    until(lambda: request.closed_early, PROMISED - time.monotonic() + asked)
    assert text_of(response) == ""
    page = visitor.get(f"/conversations/{response.conversation_id}/").text
    assert 'data-status="cancelled"' in page


def test_stop_while_it_is_queued_sends_nothing(stage, visitor, alice):
    response = ask(alice, wish(pieces=3), "test-model")
    visitor.token()
    # Within two seconds, after which any process would claim it.
    visitor.post(f"/responses/{response.pk}/stop/")
    stored = row(response)
    assert (stored.status, stored.attempts, stored.usage_source) == ("cancelled", 0, "none")
    assert [event.name for event in visitor.watch(response.pk)] == ["done"]
    time.sleep(2.5)
    assert stage.gateway.responses == []


def test_stop_between_two_attempts_ends_the_waiting(stage, visitor):
    stage.gateway.will(status=503, headers={"Retry-After": "15"}, body={"error": {"message": "x"}})
    response = visitor.ask("Are you there?")
    stage.gateway.wait_for(1)
    visitor.post(f"/responses/{response.pk}/stop/")
    until(lambda: row(response).status == "cancelled", PROMISED)
    assert len(stage.gateway.responses) == 1


def test_what_is_final_stays_as_it_is(visitor):
    response = visitor.ask(wish(pieces=3))
    visitor.watch(response.pk)
    before = Response.objects.filter(pk=response.pk).values().get()
    assert visitor.post(f"/responses/{response.pk}/stop/").status_code == 303
    assert Response.objects.filter(pk=response.pk).values().get() == before
    assert before["status"] == "completed"


def test_the_script_gets_an_empty_answer_and_a_form_the_page(visitor):
    first, second = (visitor.ask(wish(pieces=100, pace=0.05)) for _ in range(2))
    script = visitor.post(f"/responses/{first.pk}/stop/", headers={"X-Fragment": "turn"})
    assert (script.status_code, script.content) == (204, b"")
    form = visitor.post(f"/responses/{second.pk}/stop/")
    assert form.status_code == 303
    assert form.headers["Location"] == f"/conversations/{second.conversation_id}/"


def test_stop_at_the_very_end_loses_nothing(stage, visitor):
    """Whoever comes first decides; what came from the gateway is kept in either case."""
    for delay in (0.0, 0.02, 0.04, 0.06, 0.1):
        response = visitor.ask(wish(pieces=10, pace=0.01))
        stage.gateway.wait_until(lambda: stage.gateway.responses)
        time.sleep(delay)
        visitor.post(f"/responses/{response.pk}/stop/")
        until(lambda response=response: not row(response).is_open, PROMISED)
        if row(response).status == "completed":
            assert text_of(response) == words(10)
        else:
            assert row(response).status == "cancelled"
            assert words(10).startswith(text_of(response))
        stage.gateway.forget()
