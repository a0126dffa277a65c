"""An independent server, run as a process of its own: llmock, well and broken."""

import pytest

from conversations.upstream import Failed
from tests.support.event_folding import ask, attempts, findings, folded, models
from tests.support.llmock import misbehave

MODEL = "gpt-4o"
ASKED = {
    "model": MODEL,
    "instructions": "Be brief.",
    "input": [{"type": "message", "role": "user", "content": "Tell me a story."}],
    "store": False,
}


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_of_llmock_is_read(llmock, stream):
    reading = folded(ask(llmock, {**ASKED, "stream": stream}))
    assert reading.end.status == "completed"
    assert reading.text.strip()
    assert reading.model == MODEL
    assert reading.upstream_id.startswith("resp_")
    assert reading.end.usage.output_tokens > 0


def test_the_models_of_llmock_are_listed(llmock):
    assert MODEL in models(llmock)


def test_a_probe_of_llmock_finds_that_it_takes_any_key_and_any_model(llmock):
    found = findings(llmock, model=MODEL)
    off = {name: row.code for name, row in found.items() if not row.ok}
    assert off == {"wrong_key": "any_key", "unknown_model": "any_model"}


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("disconnect", "lost"),
        ("truncate", "cut"),
        ("stall", "timeout_silence"),
        ("malformed", "malformed"),
    ],
)
def test_a_broken_stream_of_llmock_is_interrupted(llmock, fault, reason):
    misbehave(llmock, type="stream_fault", kind=fault, after_chunks=6, stall_seconds=30)
    reading = folded(ask(llmock, ASKED, read_timeout=1.0))
    assert (reading.end.status, reading.end.reason) == ("interrupted", reason)
    assert reading.text


def test_a_refusal_of_llmock_is_read(llmock):
    misbehave(llmock, type="fail", status=401, times=1)
    events = ask(llmock, ASKED)
    end = folded(events).end
    assert isinstance(end, Failed)
    assert (end.code, end.http_status) == ("unauthorized", 401)
    assert attempts(events) == [1]


def test_a_busy_llmock_is_asked_again(llmock):
    misbehave(llmock, type="fail", status=503, times=1)
    events = ask(llmock, ASKED)
    assert folded(events).end.status == "completed"
    assert attempts(events) == [1, 2]
