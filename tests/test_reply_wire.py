"""What a gateway does on the wire: the reply's text, its row, and what a person reads of it."""

import pytest

from conversations.models import Message, Response
from tests.support.gateway import Script
from tests.support.polling import until
from tests.support.sse_frames import completed, created, delta, message, stream
from tests.support.stream_reader import Reader

pytestmark = pytest.mark.once


def ended(response):
    """The row of a reply that has ended."""
    found = Response.objects.exclude(status__in=Response.OPEN).filter(pk=response.pk)
    return until(lambda: found.select_related("message").first())


def failed(**error):
    return stream(created(), completed(kind="failed", error=error, usage=None))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"code": "model_not_found", "message": "No such model."}, "model_not_found"),
        ({"code": "404", "message": "The model `x` does not exist"}, "model_not_found"),
        ({"message": "The model `x` does not exist"}, "model_not_found"),
        ({"code": "context_length_exceeded", "message": "Too long."}, "context_length"),
        ({"message": "This model's maximum context length is 50 tokens."}, "context_length"),
        ({"code": "401", "message": "Wrong key."}, "unauthorized"),
        ({"code": "insufficient_quota", "message": "No credit."}, "quota"),
    ],
)
def test_a_refusal_within_a_200_costs_nothing_and_shows_no_200(stage, visitor, error, code):
    stage.gateway.will(Script(body=failed(**error)))
    row = ended(visitor.ask("Hello"))
    assert (row.status, row.error_code, row.usage_source) == ("failed", code, "none")
    assert row.total_tokens is None
    page = visitor.get(f"/conversations/{row.conversation_id}/").text
    assert error["message"].replace("'", "&#x27;") in page
    assert "HTTP 200" not in page


def test_a_fault_within_a_200_costs_nothing_before_any_text_as_with_a_500(stage, visitor):
    stage.gateway.will(Script(body=failed(code="server_error", message="Boom.")))
    row = ended(visitor.ask("Hello"))
    assert (row.error_code, row.usage_source) == ("server", "none")


def test_a_failure_that_says_nothing_is_the_models(stage, visitor):
    body = stream(created(), completed(kind="failed", error=None, usage=None))
    stage.gateway.will(Script(body=body))
    row = ended(visitor.ask("Hello"))
    page = visitor.get(f"/conversations/{row.conversation_id}/").text
    assert "The model could not finish the reply." in page
    assert "HTTP" not in page


def test_a_pooled_connection_that_was_closed_is_another_attempt_of_the_same_row(stage, visitor):
    stage.gateway.will(Script(), "close_before_headers", Script(text="Here I am."))
    ended(visitor.ask("One"))
    row = ended(visitor.ask("Two"))
    assert (row.status, row.attempts, row.message.text) == ("completed", 2, "Here I am.")


def test_a_connection_that_is_lost_is_told_in_our_words_without_an_address(stage, visitor):
    # Twice: on a connection that was used before, the first time is asked again.
    stage.gateway.will("reset_before_headers", "reset_before_headers")
    row = ended(visitor.ask("Hello"))
    stage.gateway.forget()
    assert row.error_code == "lost"
    page = visitor.get(f"/conversations/{row.conversation_id}/").text
    assert "The connection to the gateway was lost." in page
    assert "The gateway said" not in page
    assert "127.0.0.1" not in page


@pytest.mark.parametrize(
    "end",
    [
        {"incomplete_details": {"reason": "max_output_tokens"}},
        {"incomplete_details": {"reason": "length"}},
        {"incomplete_details": {"reason": "max_tokens"}},
        {"incomplete_details": None, "max_output_tokens": 2},
        {"max_output_tokens": 2, "status": "completed"},
    ],
)
def test_a_reply_that_a_limit_cut_can_be_continued(stage, visitor, end):
    body = stream(created(), delta("Once upon"), completed(kind="incomplete", **end))
    stage.gateway.will(Script(body=body))
    row = ended(visitor.ask("Hello"))
    assert row.reason == "max_output_tokens"
    page = visitor.get(f"/conversations/{row.conversation_id}/").text
    assert f"/messages/{row.message_id}/continue/" in page


@pytest.mark.parametrize("end", [{}, {"incomplete_details": {"reason": "content_filter"}}])
def test_one_that_something_else_cut_can_not(stage, visitor, end):
    body = stream(created(), delta("Once upon"), completed(kind="incomplete", **end))
    stage.gateway.will(Script(body=body))
    row = ended(visitor.ask("Hello"))
    page = visitor.get(f"/conversations/{row.conversation_id}/").text
    assert f"/messages/{row.message_id}/continue/" not in page
    assert "HTTP" not in page


def test_thoughts_in_the_text_are_shown_apart_and_not_sent_back(stage, visitor):
    text = "<think>\nThey want a sum.\n</think>\n\nIt is 4."
    stage.gateway.will(Script(text=text))
    row = ended(visitor.ask("2 + 2?"))
    stored = Message.objects.get(pk=row.message_id)
    assert (stored.text, stored.reasoning.strip()) == ("It is 4.", "They want a sum.")
    visitor.ask("And 3 + 3?", conversation=row.conversation_id)
    sent = stage.gateway.wait_for(2)[-1].body["input"]
    assert [turn["content"] for turn in sent] == ["2 + 2?", "It is 4.", "And 3 + 3?"]


def test_who_watches_sees_a_lonely_tag_move_the_text_to_the_thoughts(stage, visitor):
    steps = [
        stream(created(), delta("They want a sum.\n")).encode(),
        "wait",
        stream(delta("</think>\n\nIt is")).encode(),
        0.5,
        stream(delta(" 4."), completed(message("It is 4."))).encode(),
    ]
    stage.gateway.will(Script(chunks=steps))
    response = visitor.ask("2 + 2?")
    reader = Reader()
    with visitor.events(response.pk) as events:
        for event in events:
            reader.take(event)
            if "They want a sum." in reader.text:
                stage.gateway.go.set()
    assert reader.names.count("reply") == 2
    assert reader.text == "It is 4."
    row = ended(response)
    assert (row.message.text, row.message.reasoning) == ("It is 4.", "They want a sum.\n")
