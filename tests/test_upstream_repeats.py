"""When a request is sent again, and when never."""

import time

import pytest

from conversations.upstream import Failed, Finished
from tests.support.event_folding import ASKED, ECHO, ask, ask_in_turn, attempts, folded
from tests.support.gateway import Script
from tests.support.sse_frames import stream


def refusing(status, message="Busy.", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Script(status=status, headers=named, body={"error": {"message": message}})


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_gateway_that_is_busy_is_asked_again(gateway, status):
    gateway.will(refusing(status, retry_after="0"))
    events = ask(gateway.url)
    assert folded(events).text == ECHO
    assert attempts(events) == [1, 2]
    assert len(gateway.responses) == 2


def test_it_is_asked_three_times_and_no_more(gateway):
    gateway.will(*[refusing(503, f"Busy {number}.", retry_after="0") for number in range(5)])
    events = ask(gateway.url)
    assert folded(events).end.message == "Busy 2."
    assert attempts(events) == [1, 2, 3]
    assert len(gateway.responses) == 3


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 408, 409, 413, 422, 500, 501, 301])
def test_a_refusal_is_final(gateway, status):
    gateway.will(refusing(status))
    events = ask(gateway.url)
    assert folded(events).end.message == "Busy."
    assert folded(events).end.http_status == status
    assert len(gateway.responses) == 1


def test_a_quota_that_is_used_up_is_not_asked_again(gateway):
    error = {"message": "You exceeded your current quota.", "type": "insufficient_quota"}
    gateway.will(status=429, body={"error": error})
    assert folded(ask(gateway.url)).end.code == "quota"
    assert len(gateway.responses) == 1


def test_it_is_asked_again_when_it_said(gateway):
    gateway.will(refusing(429, retry_after="1"))
    began = time.monotonic()
    assert folded(ask(gateway.url)).text == ECHO
    first, second = gateway.responses
    assert 1.0 <= second.at - first.at <= 1.6
    assert time.monotonic() - began < 3


def test_it_is_not_waited_for_longer_than_20_seconds(gateway):
    gateway.will(refusing(429, retry_after="21"))
    began = time.monotonic()
    end = folded(ask(gateway.url)).end
    assert (end.code, end.retry_after) == ("rate_limited", 21)
    assert time.monotonic() - began < 2
    assert len(gateway.responses) == 1


def test_it_is_not_waited_for_beyond_the_time_of_the_call(gateway):
    gateway.will(refusing(429, retry_after="10"))
    began = time.monotonic()
    assert folded(ask(gateway.url, total_timeout=2)).end.code == "rate_limited"
    assert time.monotonic() - began < 1


def test_too_many_requests_as_the_first_event_of_a_stream_is_asked_again(gateway):
    gateway.will("error_at_once")
    events = ask(gateway.url)
    assert folded(events).text == ECHO
    assert attempts(events) == [1, 2]


def test_it_is_asked_three_times_then_too(gateway):
    gateway.will(*["error_at_once"] * 5)
    assert folded(ask(gateway.url)).end == Failed("rate_limited", "Slow down, please.", 200)
    assert len(gateway.responses) == 3


@pytest.mark.parametrize("fault", ["cut", "error_after_text"])
def test_an_answer_that_has_begun_is_not_asked_for_again(gateway, fault):
    gateway.will(fault)
    assert isinstance(folded(ask(gateway.url)).end, Finished)
    assert len(gateway.responses) == 1


def test_another_refusal_as_the_first_event_is_final(gateway):
    refused = {"response": {"status": "failed", "error": {"code": "401", "message": "No."}}}
    gateway.will(body=stream({"type": "response.failed", **refused}))
    assert folded(ask(gateway.url)).end == Failed("unauthorized", "No.", 200)
    assert len(gateway.responses) == 1


def test_a_refusal_whose_body_never_comes_is_read_by_its_status(gateway):
    gateway.will(Script(status=503, chunks=["hang"]), refusing(400))
    began = time.monotonic()
    events = ask(gateway.url, read_timeout=0.3)
    assert attempts(events) == [1, 2]
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("fault", ["close_before_headers", "reset_before_headers"])
@pytest.mark.parametrize("most", [1, 3])
def test_a_pooled_connection_that_was_closed_is_replaced_by_a_fresh_one(gateway, fault, most):
    gateway.will(Script(), fault)
    first, second = ask_in_turn(gateway.url, [ASKED] * 2, attempts=most)
    assert (attempts(first), attempts(second)) == ([1], [1, 2])
    assert folded(second).text == ECHO
    first, stale, fresh = gateway.responses
    assert first.connection == stale.connection != fresh.connection


def test_it_is_replaced_once_and_no_more(gateway):
    gateway.will(Script(), "close_before_headers", "close_before_headers", "close_before_headers")
    _, second = ask_in_turn(gateway.url, [ASKED] * 2)
    assert attempts(second) == [1, 2]
    assert folded(second).end == Failed("lost")


@pytest.mark.parametrize("fault", ["close_within_headers", "close_late"])
def test_what_the_gateway_may_have_read_is_not_sent_again(gateway, fault):
    gateway.will(Script(), fault)
    _, second = ask_in_turn(gateway.url, [ASKED] * 2)
    assert attempts(second) == [1]
    assert isinstance(folded(second).end, Failed)
    assert len(gateway.responses) == 2


def test_a_first_connection_that_is_closed_is_not_sent_again(gateway):
    gateway.will("close_before_headers")
    assert attempts(ask(gateway.url)) == [1]
    assert len(gateway.responses) == 1


def test_what_is_said_of_a_lost_connection_does_not_name_the_gateway(gateway):
    """aiohttp's own words are "Can not write request body for http://…"."""
    huge = {**ASKED, "input": "x" * 4_000_000}
    gateway.will("close_before_headers", "reset_before_headers")
    for _ in range(2):
        end = folded(ask(gateway.url, huge)).end
        assert end.code == "lost"
        assert "127.0.0.1" not in end.message
        assert "http" not in end.message
