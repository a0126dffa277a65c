"""Whatever the gateway does, over real sockets, each reply ends, says how, and keeps its text."""

import pytest

from conversations.models import Message, Response
from tests.support.gateway import FAULTS
from tests.support.polling import until
from tests.support.shared_servers import wish

ECHO = "You said: About marmalade"
HALF = "You said:"
# What the gateway does: the status, the text that stays, and the reason or the code of the error.
ENDINGS = {
    "hang_before_headers": ("failed", "", "timeout_silence"),
    "reset_before_headers": ("failed", "", "lost"),
    "close_before_headers": ("failed", "", "lost"),
    "hang_after_headers": ("failed", "", "timeout_silence"),
    "stall": ("interrupted", HALF, "timeout_silence"),
    "drip": ("completed", ECHO, ""),
    "cut": ("interrupted", HALF, "cut"),
    "close": ("interrupted", HALF, "lost"),
    "reset": ("interrupted", HALF, "lost"),
    "half_close": ("interrupted", HALF, "lost"),
    "cut_character": ("interrupted", ECHO, "lost"),
    "split_character": ("completed", f"{ECHO} 🦄", ""),
    "long_line": ("completed", ECHO, ""),
    "too_long_line": ("interrupted", ECHO, "line_too_long"),
    "surrogates": ("completed", "🦄 and � and � stray", ""),
    "odd_usage": ("completed", ECHO, ""),
    "brackets": ("completed", ECHO, ""),
    "invalid_utf8": ("completed", "b��d:", ""),
    "two_ends": ("completed", ECHO, ""),
    "text_after_end": ("completed", ECHO, ""),
    "malformed_aside": ("completed", ECHO, ""),
    "error_at_once": ("failed", "", "rate_limited"),
    "open_end": ("completed", ECHO, ""),
    "reset_after_end": ("completed", ECHO, ""),
    "": ("completed", ECHO, ""),
}


@pytest.fixture
def server(make_stage_server):
    """With a patience of two seconds, and less room than usual."""
    return make_stage_server(
        UPSTREAM_READ_TIMEOUT=2,
        UPSTREAM_TOTAL_TIMEOUT=4,
        UPSTREAM_LONGEST_LINE=6_000_000,
        UPSTREAM_LONGEST_REPLY=1_000,
    )


def test_every_fault_ends_as_it_should_and_costs_no_more_calls_than_it_must(stage, server, alice):
    visitor = stage.visit(server, alice)
    asked = {fault: visitor.ask(wish(fault=fault)) for fault in ENDINGS}
    endless = visitor.ask(wish(pieces=1000, pace=0.1))
    overlong = visitor.ask(wish(pieces=1000))
    until(lambda: not Response.objects.open().exists(), 30)
    seen = {fault: ending(response) for fault, response in asked.items()}
    assert seen == ENDINGS
    status, text, why = ending(endless)
    assert (status, why) == ("interrupted", "timeout_total")
    assert text.startswith("word0 word1")
    status, text, why = ending(overlong)
    assert (status, len(text), why) == ("incomplete", 1_000, "too_long")
    # The one that says "too many requests" before any text is asked three times.
    attempts = dict(Response.objects.values_list("pk", "attempts"))
    assert attempts.pop(asked["error_at_once"].pk) == 3
    assert set(attempts.values()) == {1}
    assert len(stage.gateway.responses) == len(ENDINGS) + 2 + 2
    # Each ended one can be asked again, and says why where it is not complete.
    for response in asked.values():
        page = visitor.get(f"/conversations/{response.conversation_id}/").text
        assert f"/messages/{response.message_id}/retry/" in page
    until(lambda: server.inside()["live"] == 0)
    until(lambda: stage.gateway.open_connections == 0, 20)


def ending(response):
    row = Response.objects.get(pk=response.pk)
    text = Message.objects.get(pk=row.message_id).text.strip()
    return row.status, text, row.reason or row.error_code


def test_the_list_above_has_every_fault_the_gateway_knows():
    elsewhere = {"wait", "malformed", "error_after_text"}  # no fault; and as in test_upstream_*
    assert set(ENDINGS) | elsewhere == set(FAULTS) | {
        "hang_before_headers",
        "reset_before_headers",
        "close_before_headers",
    }


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_gateway_that_recovers_is_asked_again_and_both_calls_are_counted(stage, visitor, status):
    stage.gateway.will(
        status=status, headers={"Retry-After": "0"}, body={"error": {"message": "x"}}
    )
    stage.gateway.will(pieces=3)
    response = visitor.ask("Are you there?")
    assert visitor.watch(response.pk)[-1].name == "done"
    row = Response.objects.get(pk=response.pk)
    assert (row.status, row.attempts) == ("completed", 2)
    assert len(stage.gateway.responses) == 2


def test_with_the_gateway_down_all_else_works(stage, here, visitor):
    before = visitor.ask(wish(pieces=3))
    visitor.watch(before.pk)
    stage.gateway.refuse_connections()
    until(lambda: stage.gateway.open_connections == 0)
    try:
        response = visitor.ask("Is anybody there?")
        [*_, done] = visitor.watch(response.pk)
        row = Response.objects.get(pk=response.pk)
        assert (row.status, row.error_code, row.usage_source) == ("failed", "connect", "none")
        assert row.attempts == 3
        assert 'data-status="failed"' in done.data
        for path in (
            "/",
            f"/conversations/{before.conversation_id}/",
            "/usage/",
            "/search/?q=word1",
        ):
            assert visitor.get(path).status_code == 200
    finally:
        stage.gateway.accept_connections()
    again = visitor.ask(wish(pieces=2))
    assert visitor.watch(again.pk)[-1].name == "done"
    assert Response.objects.get(pk=again.pk).status == "completed"
