"""Whole bodies: which shape is which, and what is no answer at all."""

import json

import pytest

from conversations.upstream import Failed, Finished, Usage
from tests.support.event_folding import decoded
from tests.support.sse_frames import message

DOCUMENTED = (
    '{"id":"chatcmpl-123","object":"chat.completion","created":1677652288,"choices":[{"index":0,'
    '"message":{"role":"assistant","content":"\\n\\nHello there, how may I assist you today?"},'
    '"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":12,"total_tokens":21}}'
)


def response(*output, **more):
    return {"id": "r", "object": "response", "status": "completed", "output": list(output), **more}


def chat(message, finish_reason="stop", **more):
    choice = {"index": 0, "message": message, "finish_reason": finish_reason}
    return {"id": "c", "object": "chat.completion", "choices": [choice], **more}


def test_the_documented_example_is_read_without_its_leading_newlines():
    reading = decoded(DOCUMENTED)
    assert reading.text == "Hello there, how may I assist you today?"
    assert reading.upstream_id == "chatcmpl-123"
    assert reading.end == Finished("completed", usage=Usage(9, None, 12, None, 21))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(response(message("Hello")), id="Responses"),
        pytest.param(response({"type": "reasoning"}, message("Hello")), id="message not first"),
        pytest.param(response({"type": "message", "content": "Hello"}), id="content as text"),
        pytest.param({**response(message("Hello")), "status": None}, id="no status"),
        pytest.param({**response(message("Hello")), "error": {}}, id="an empty error"),
        pytest.param(response(output_text="Hello"), id="output_text beside an empty output"),
        pytest.param({"output_text": "Hello"}, id="bare"),
        pytest.param({"response": response(message("Hello"))}, id="envelope"),
        pytest.param(
            {"code": 0, "success": True, "data": response(message("Hello"))},
            id="wrapped by a relay",
        ),
        pytest.param(
            {"data": {"response": chat({"content": "Hello"})}}, id="an envelope in a wrapper"
        ),
        pytest.param(chat({"content": "Hello"}), id="chat"),
        pytest.param(chat({"content": "Hello"}, None), id="chat without a finish_reason"),
        pytest.param(
            chat({"content": [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]}),
            id="chat with parts",
        ),
        pytest.param(
            chat({"content": "Hello"}, object="response"), id="chat that calls itself response"
        ),
    ],
)
def test_each_shape_gives_its_text(body):
    reading = decoded(json.dumps(body))
    assert reading.text == "Hello"
    assert reading.end == Finished("completed")
    assert decoded(json.dumps(body, indent=2)) == reading


def test_a_stream_that_was_not_asked_for_is_read_as_one():
    body = 'data: {"choices": [{"delta": {"content": "Hello"}, "finish_reason": "stop"}]}\n\n'
    assert decoded(body).text == "Hello"


def test_refusal_reasoning_and_tools_of_a_whole_chat_are_found():
    body = chat(
        {
            "content": None,
            "refusal": "I will not.",
            "reasoning_content": "Hm.",
            "tool_calls": [{"id": "1"}],
        }
    )
    reading = decoded(json.dumps(body))
    assert reading.reasoning == "Hm."
    assert reading.end == Finished("completed", refusal="I will not.", tool_note=True)


def test_a_refusal_of_a_response_is_found():
    refused = {"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}
    assert decoded(json.dumps(response(refused))).end.refusal == "No."


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_an_answer_made_in_the_background_never_arrives_here(status):
    end = decoded(json.dumps({**response(), "status": status})).end
    assert end == Finished("interrupted", "background")


@pytest.mark.parametrize(
    ("body", "failed"),
    [
        ({"error": {"message": "Boom.", "code": 500}}, Failed("server", "Boom.")),
        ({"error": "Boom.", "code": "429"}, Failed("rate_limited", "Boom.")),
        ({"success": False, "message": "余额不足"}, Failed("server", "余额不足")),
        (chat({}, error={"message": "Boom."}), Failed("server", "Boom.")),
        ({"error": {"message": "Boom."}, "choices": []}, Failed("server", "Boom.")),
        (
            {"error": {"message": "No credit.", "code": "insufficient_user_quota"}, "output": []},
            Failed("quota", "No credit."),
        ),
    ],
)
def test_an_error_with_status_200_is_a_failed_call(body, failed):
    assert decoded(json.dumps(body)).end == failed


@pytest.mark.parametrize(
    "body",
    [
        "<!doctype html><html><title>Relay</title>",
        "  \n<html>",
        "It works!",
        "",
        "   ",
        "{}",
        "[]",
        "[1, 2]",
        '{"hello": "world"}',
        '{"output": "text"}',
        '{"output": [',
        "{" * 100_000,
        "null",
        ": only a comment\n\n",
        "data: \n\n",
    ],
)
def test_what_is_no_answer_is_said_to_be_none_and_never_shown(body):
    end = decoded(body, summary="status 200, text/plain").end
    assert end == Failed("not_api", "status 200, text/plain")


def test_a_body_that_is_too_long_is_not_kept():
    end = decoded('{"output_text": "' + "x" * 3000 + '"}', longest_line=2000).end
    assert end.code == "line_too_long"


def test_a_whole_reply_that_is_too_long_is_cut():
    reading = decoded(json.dumps(response(message("x" * 20))), longest_reply=12)
    assert reading.text == "x" * 12
    assert reading.end == Finished("incomplete", "too_long")
