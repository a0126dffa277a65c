"""What a probe of a gateway finds."""

import pytest

from tests.support.folding import findings
from tests.support.gateway import Script


def test_a_good_gateway_has_nothing_off(gateway):
    found = findings(gateway.url)
    assert [name for name, row in found.items() if not row.ok] == []
    assert found["models"].value == "2"
    assert found["whole"].value == "responses-body"
    assert found["stream"].value == "responses-stream"
    assert found["usage_stream"].value == "18"
    assert float(found["first_token"].value) <= float(found["total"].value)


def test_it_sends_history_and_instructions_in_the_form_the_site_does(gateway):
    findings(gateway.url)
    bodies = [request.body for request in gateway.responses]
    assert [turn["role"] for turn in bodies[2]["input"]] == ["user", "assistant", "user"]
    assert all(turn["type"] == "message" for turn in bodies[2]["input"])
    assert bodies[3]["instructions"]
    assert all(body["store"] is False for body in bodies)


def test_a_gateway_that_speaks_chat_is_good_too(gateway):
    gateway.default = Script(dialect="chat")
    found = findings(gateway.url)
    assert (found["whole"].value, found["stream"].value) == ("chat-body", "chat-stream")
    assert [name for name, row in found.items() if not row.ok] == []


@pytest.mark.parametrize(
    ("script", "name", "code", "essential"),
    [
        (Script(usage=None), "usage_stream", "no_usage", False),
        (Script(stream=False), "stream", "not_streamed", False),
        (Script(stream=True), "whole", "not_whole", False),
        (Script(text=""), "whole", "no_text", True),
        (Script(fault="cut"), "stream", "broken", True),
        (Script(body=b"<html>"), "stream", "not_api", True),
        (Script(status=401, body={"error": {"message": "No."}}), "key", "unauthorized", True),
        (Script(status=404, body={"error": {"message": "No."}}), "whole", "not_found", True),
    ],
)
def test_what_is_off_is_named(gateway, script, name, code, essential):
    gateway.default = script
    row = findings(gateway.url)[name]
    assert (row.ok, row.code, row.essential) == (False, code, essential)


def test_a_model_that_is_not_listed_is_named(gateway):
    row = findings(gateway.url, model="other")["models"]
    assert (row.ok, row.code, row.essential) == (False, "not_listed", False)


def test_a_gateway_without_a_list_is_no_failure(gateway):
    gateway.models_script = Script(status=404, body={"detail": "Not Found"})
    row = findings(gateway.url)["models"]
    assert (row.code, row.message, row.essential) == ("not_found", "Not Found", False)


def test_without_a_connection_nothing_else_is_asked(gateway):
    gateway.refuse_connections()
    found = findings(gateway.url)
    assert found["reachable"].code == "connect"
    assert {row.code for row in found.values()} == {"connect", "not_asked"}
