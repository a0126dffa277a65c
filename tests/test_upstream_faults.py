"""What a gateway may do to a call, over real sockets, and what the call then says."""

import time

import pytest

from conversations.upstream import Failed, Finished, Headers
from tests.support.event_folding import ECHO, ask, attempts, folded
from tests.support.gateway import Script

HALF = "You said:"


@pytest.mark.parametrize(
    "fault",
    [
        "",
        "drip",
        "split_character",
        "long_line",
        "brackets",
        "malformed_aside",
        "two_ends",
        "text_after_end",
        "open_end",
    ],
)
def test_a_strange_but_whole_answer_is_whole(gateway, fault):
    gateway.will(fault)
    reading = folded(ask(gateway.url))
    assert reading.text == ECHO + (" 🦄" if fault == "split_character" else "")
    assert reading.end.status == "completed"
    assert reading.end.usage.total_tokens == 18


@pytest.mark.parametrize("dialect", ["responses", "chat"])
@pytest.mark.parametrize("stream", [True, False])
def test_either_dialect_is_understood_streamed_and_whole(gateway, dialect, stream):
    gateway.will(Script(dialect=dialect, stream=stream))
    reading = folded(ask(gateway.url))
    assert reading.text == ECHO
    assert reading.end.status == "completed"
    assert reading.model == "m"
    assert reading.end.usage.input_tokens == 11


@pytest.mark.parametrize(
    ("fault", "text", "reason", "code"),
    [
        ("cut", HALF, "cut", ""),
        ("close", HALF, "lost", "lost"),
        ("reset", HALF, "lost", "lost"),
        ("half_close", HALF, "lost", "lost"),
        ("cut_character", ECHO, "lost", "lost"),
        ("stall", HALF, "timeout_silence", "timeout_silence"),
        ("too_long_line", ECHO, "line_too_long", "line_too_long"),
        ("malformed", "You said: two three", "malformed", ""),
    ],
)
def test_a_broken_answer_keeps_its_text_and_is_interrupted(gateway, fault, text, reason, code):
    gateway.will(fault)
    reading = folded(ask(gateway.url, read_timeout=0.4, longest_line=6_000_000))
    assert reading.text == text
    assert (reading.end.status, reading.end.reason) == ("interrupted", reason)
    assert reading.end.error_code == code
    assert len(gateway.responses) == 1


@pytest.mark.parametrize("fault", ["close", "reset", "half_close", "cut_character"])
def test_what_came_before_the_connection_broke_is_kept_though_it_was_not_read_yet(gateway, fault):
    gateway.will(Script(fault=fault, pace=0.05))
    reading = folded(ask(gateway.url, busy=0.6))
    assert reading.text == (ECHO if fault == "cut_character" else HALF)
    assert (reading.end.status, reading.end.reason) == ("interrupted", "lost")


def test_an_answer_is_whole_though_the_connection_broke_before_it_was_read(gateway):
    gateway.will(Script(fault="reset_after_end", pace=0.05))
    reading = folded(ask(gateway.url, busy=0.6))
    assert reading.text == ECHO
    assert reading.end.status == "completed"


def test_an_error_after_text_keeps_the_text(gateway):
    gateway.will("error_after_text")
    reading = folded(ask(gateway.url))
    assert reading.text == HALF
    assert reading.end == Finished(
        "failed", "500", error_code="server", error_message="The model crashed."
    )


def test_an_error_before_any_text_is_a_failed_call(gateway):
    gateway.will("error_at_once", "error_at_once", "error_at_once")
    end = folded(ask(gateway.url)).end
    assert end == Failed("rate_limited", "Slow down, please.", http_status=200)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("hang_before_headers", "timeout_silence"),
        ("hang_after_headers", "timeout_silence"),
        ("reset_before_headers", "lost"),
        ("close_before_headers", "lost"),
    ],
)
def test_a_request_without_an_answer_fails_and_is_not_sent_again(gateway, fault, code):
    gateway.will(fault)
    events = ask(gateway.url, read_timeout=0.4)
    end = folded(events).end
    assert isinstance(end, Failed)
    assert (end.code, end.sent) == (code, True)
    assert attempts(events) == [1]
    assert len(gateway.responses) == 1


def test_the_whole_call_has_a_time_limit_that_dripping_does_not_reset(gateway):
    gateway.will(pieces=1000, pace=0.02)
    began = time.monotonic()
    reading = folded(ask(gateway.url, total_timeout=0.5))
    assert time.monotonic() - began < 1.5
    assert (reading.end.status, reading.end.reason) == ("interrupted", "timeout_total")
    assert reading.text.startswith("word0 word1 word2 ")
    [request] = gateway.wait_until(lambda: [each for each in gateway.responses if each.ended_at])
    assert request.closed_early


def test_lone_surrogates_are_joined_or_replaced(gateway):
    gateway.will("surrogates")
    assert folded(ask(gateway.url)).text == "🦄 and \ufffd and \ufffd stray"


def test_invalid_utf8_is_replaced(gateway):
    gateway.will("invalid_utf8")
    assert folded(ask(gateway.url)).text == "b\ufffd\ufffdd: "


def test_absurd_usage_is_unknown(gateway):
    gateway.will("odd_usage")
    end = folded(ask(gateway.url)).end
    assert (end.status, end.usage) == ("completed", None)


def test_a_port_nobody_listens_on_is_tried_three_times(gateway):
    gateway.refuse_connections()
    events = ask(gateway.url)
    assert attempts(events) == [1, 2, 3]
    assert folded(events).end == Failed("connect", "Connection refused", sent=False)


def test_a_gateway_that_comes_back_between_attempts_answers(gateway):
    gateway.will(Script(status=503, body={"error": {"message": "Busy."}}))
    events = ask(gateway.url)
    assert attempts(events) == [1, 2]
    assert [event.http_status for event in events if isinstance(event, Headers)] == [503, 200]
    assert folded(events).text == ECHO
