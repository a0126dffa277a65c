"""The item `mcp_call`: the use of a tool on an MCP server."""

import pytest

from conversations.items import kind_of
from tests.support.item_samples import SAMPLES, shown

CALL = SAMPLES["mcp_call"]


def test_what_was_sent_and_what_came_back_are_folded():
    assert shown(CALL) == (
        'Used list_events of calendar What was sent {"day": "2026-11-27"} '
        "What came back 09:00 Stand-up"
    )


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("No such tool", "No such tool"),
        ({"type": "http_error", "code": 502, "message": "Bad gateway"}, "Bad gateway"),
        ({"type": "mcp_tool_execution_error", "content": [{"text": "It broke"}]}, "It broke"),
        ({"type": "mcp_protocol_error"}, "mcp_protocol_error"),
    ],
)
def test_each_form_of_error_is_said(error, words):
    failed = {**CALL, "output": None, "error": error}
    assert "It failed." in shown(failed)
    assert f"The server said: {words}" in shown(failed)


def test_while_it_comes_it_is_one_line():
    assert shown({**CALL, "status": "calling"}, live=True) == "Using list_events of calendar…"


def test_one_without_names_is_still_a_sentence():
    assert shown({"type": "mcp_call"}) == "Used a tool of a server"


def test_it_is_exported_as_code_and_not_sent():
    assert kind_of(CALL).next_input(CALL) == []
    exported = kind_of(CALL).exported(CALL)
    assert exported.startswith("Used the tool list_events of calendar:\n\n```json\n{")
