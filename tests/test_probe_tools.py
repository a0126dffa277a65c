"""`manage.py probe_gateway --tools`: whether each tool of a model happened, or was dropped."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from conversations.gateway_sentences.probe_sentences import finding_sentence
from conversations.models import LanguageModel
from tests.support.gateway import Script
from tests.support.item_frames import done
from tests.support.sse_frames import completed, created, delta, stream

pytestmark = pytest.mark.once

SEARCH = {"type": "web_search"}
SEARCHED = {
    "type": "web_search_call",
    "id": "w",
    "status": "completed",
    "action": {"type": "search", "query": "weather"},
}


@pytest.fixture
def probed(gateway, settings, db):
    """Gives a model the tools and probes them; what was printed, and the error, "" for none."""

    def probed(*tools, url=gateway.url):
        LanguageModel.objects.create(name="gateway-large", tools=list(tools))
        settings.DEMO = False
        settings.OPENAI_BASE_URL = url
        settings.OPENAI_API_KEY = "test-key-7f3a9c5e1b"
        out = StringIO()
        try:
            call_command("probe_gateway", "--tools", "--model", "gateway-large", stdout=out)
        except CommandError as error:
            return out.getvalue(), str(error)
        return out.getvalue(), ""

    return probed


def answered(*events, **ending):
    """A Script: the `events`, a word, and the end with the fields `ending`."""
    end = completed()
    end["response"].update(ending)
    return Script(chunks=[stream(created(), *events, delta("So.", output_index=5), end).encode()])


def test_a_tool_that_happened_is_known_by_its_item(probed, gateway, settings):
    settings.MAX_TOOL_CALLS = 3
    gateway.will(answered(done(SEARCHED, 0)))
    printed, error = probed({"name": "search", "tool": SEARCH, "include": ["a.b"]})
    assert error == ""
    assert "  tool search               happened" in printed
    assert "web_search_call × 1" in printed
    assert "Every tool of the model happened." in printed
    [request] = gateway.responses
    assert request.body["tools"] == [{**SEARCH, "user_location": {"type": "approximate"}}]
    assert (request.body["include"], request.body["max_tool_calls"]) == (["a.b"], 3)


@pytest.mark.parametrize(
    "ending",
    [
        {"tool_usage": {"web_search": {"num_requests": 2}}},
        {"usage": {"input_tokens": 1, "server_tool_use": {"web_search_requests": 2}}},
    ],
)
def test_it_is_known_by_what_is_reported_too(probed, gateway, ending):
    gateway.will(answered(**ending))
    printed, error = probed({"type": "openrouter:web_search"})
    assert error == ""
    assert "tool openrouter:web_search" in printed
    assert "tool_usage: " in printed


def test_what_was_dropped_failed_or_refused_is_told_apart(probed, gateway):
    refused = {"error": {"message": "Unsupported tool type: file_search", "code": "unsupported"}}
    gateway.will(
        answered(),
        answered(done({**SEARCHED, "status": "failed"}, 0)),
        answered(tool_usage={"web_search": {"num_requests": 0}}),
        Script(status=400, body=refused),
        Script(status=400, body={"error": {"message": "Invalid value: 'x.y'."}}),
        answered(),
    )
    printed, error = probed(
        {"type": "code_interpreter"},
        {"name": "broken", "tool": SEARCH},
        {"name": "none", "tool": SEARCH},
        {"type": "file_search"},
        {"name": "picky", "tool": SEARCH, "include": ["x.y"]},
    )
    assert error == "Not every tool of the model happened."
    assert f"tool code_interpreter: {finding_sentence('tool_dropped')}" in printed
    assert f"tool broken: {finding_sentence('tool_failed')}" in printed
    assert f"tool none: {finding_sentence('tool_dropped')}" in printed
    assert "    Unsupported tool type: file_search\n" in printed
    assert (
        f"tool picky: {finding_sentence('include_refused')}\n    Invalid value: 'x.y'." in printed
    )
    assert "include" not in gateway.responses[-1].body


def test_a_secret_of_a_connector_is_used_and_not_printed(probed, gateway, monkeypatch):
    connector = {
        "type": "mcp",
        "server_label": "crm",
        "server_url": "https://crm.example.org/mcp",
        "authorization": "${CRM_TOKEN}",
    }
    monkeypatch.setenv("CRM_TOKEN", "tok-4711-marigold")
    gateway.will(Script(status=400, body={"error": {"message": "tok-4711-marigold is wrong"}}))
    printed, error = probed(connector)
    assert gateway.responses[0].body["tools"][0]["authorization"] == "tok-4711-marigold"
    assert "[key] is wrong" in printed
    assert "marigold" not in printed
    monkeypatch.delenv("CRM_TOKEN")
    LanguageModel.objects.all().delete()
    _printed, error = probed(connector)
    assert error == "The environment variable CRM_TOKEN is not set, which a tool names."


def test_a_model_without_tools_and_a_gateway_that_is_away_are_said(probed, gateway):
    _printed, error = probed()
    assert "The model gateway-large has no tools." in error
    LanguageModel.objects.all().delete()
    printed, error = probed(SEARCH, {"type": "file_search"}, url="http://127.0.0.1:1/v1")
    assert finding_sentence("connect") in printed
    assert "file_search" not in printed
    assert error


def test_json_is_what_is_sent(probed, gateway):
    gateway.will(answered())
    probed({"name": "x", "tool": {"type": "brand:new", "deep": {"a": [1]}}})
    assert json.loads(gateway.responses[0].raw)["tools"] == [
        {"type": "brand:new", "deep": {"a": [1]}}
    ]
