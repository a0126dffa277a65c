"""Every recorded answer of a real server is read as it was meant."""

import pytest

from conversations.upstream import Failed
from conversations.upstream.gateway_errors import refusal
from conversations.upstream.gateway_text import Redactor
from tests.support.event_folding import decoded
from tests.support.transcripts import Transcript, expectations, transcripts

ALL = transcripts()
REFUSALS = [each for each in ALL if each.status >= 400]
LISTS = [each for each in ALL if each.expected.get("models")]
ANSWERS = [each for each in ALL if each not in REFUSALS and each not in LISTS]


def test_every_transcript_has_an_expectation_and_none_is_left_over():
    assert {each.name for each in ALL} == set(expectations())


# The numbers of `usage` in expected.toml, in their order; -1 is unknown.
COUNTED = ("input", "cached", "output", "reasoning", "total")


@pytest.mark.parametrize("transcript", ANSWERS, ids=lambda each: each.name)
def test_an_answer_is_read_with_its_text_its_end_and_its_usage(transcript: Transcript):
    reading = decoded(transcript.body, max_output_tokens=transcript.asked.get("max_output_tokens"))
    end = reading.end
    found = {
        "status": end.status,
        "reason": end.reason,
        "model": reading.model,
        "text": reading.text,
        "reasoning": reading.reasoning,
        "error_code": end.error_code,
        "error_message": end.error_message,
        "tool_note": end.tool_note,
    }
    if end.usage:
        counts = [getattr(end.usage, f"{name}_tokens") for name in COUNTED]
        found["usage"] = [-1 if count is None else count for count in counts]
    assert {key: value for key, value in found.items() if value} == {
        key: value for key, value in transcript.expected.items() if value
    }


@pytest.mark.parametrize("transcript", REFUSALS, ids=lambda each: each.name)
def test_a_refusal_is_read_with_a_code_and_the_gateways_sentence(transcript: Transcript):
    expected = transcript.expected
    assert refusal(transcript.status, transcript.headers, transcript.body, Redactor()) == Failed(
        code=expected["code"],
        message=expected["message"],
        http_status=transcript.status,
        request_id=expected.get("request_id", ""),
        retry_after=expected.get("retry_after"),
    )


@pytest.mark.parametrize("transcript", LISTS, ids=lambda each: each.name)
def test_a_list_of_models_is_no_answer(transcript: Transcript):
    assert decoded(transcript.body).end == Failed("not_api")
