"""Tools on the wire: what the gateway gets of them, secrets that go nowhere else, refusals."""

import json

import pytest
from django.forms import model_to_dict

from conversations.models import LanguageModel, Message, Response
from conversations.tools.refusal import Named, named_in, sentence_of
from tests.support.polling import until

pytestmark = pytest.mark.once

SEARCH = {"type": "web_search", "search_context_size": "low"}
SOURCES = "web_search_call.action.sources"
TOOLS = [{"name": "search", "tool": SEARCH, "include": [SOURCES]}]
SECRET = "tok-4711-marigold"
REQUEST = {
    "tools": [SEARCH, {"type": "openrouter:web_search"}, {"type": "code_interpreter"}],
    "include": [SOURCES, "code_interpreter_call.outputs"],
}


def offer(tools):
    LanguageModel.objects.filter(name="test-model").update(tools=tools)


def ended(response):
    until(lambda: not type(response).objects.open().exists(), 30)
    response.refresh_from_db()
    return response


def test_the_gateway_gets_what_is_switched_on_and_else_what_it_always_got(stage, here, visitor):
    ended(visitor.ask("Before there were tools"))
    offer(TOOLS)
    ended(visitor.ask("Off", tools_shown="search"))
    ended(visitor.ask("On", tools_shown="search", tools="search"))
    before, off, on = [request.raw.decode() for request in stage.gateway.responses]
    assert off == before.replace("Before there were tools", "Off")
    sent = json.loads(on)
    assert sent["tools"] == [{"user_location": {"type": "approximate"}, **SEARCH}]
    assert sent["include"] == [SOURCES]
    assert "max_tool_calls" not in sent


def test_a_secret_is_on_the_wire_and_nowhere_else(make_stage_server, stage, alice):
    connector = {
        "type": "mcp",
        "server_label": "crm",
        "server_url": "https://crm.example.org/mcp",
        "authorization": "Bearer ${CRM_TOKEN}",
    }
    offer([{"name": "crm", "tool": connector, "default": True}])
    server = make_stage_server(CRM_TOKEN=SECRET)
    visitor = stage.visit(server, alice)
    # The gateway says it back: in an item, and in an error.
    call = {"type": "mcp_call", "id": "m", "status": "completed", "output": f"401 {SECRET}"}
    done = {"type": "response.output_item.done", "output_index": 0, "item": call}
    failed = {"type": "error", "error": {"message": f"crm refused {SECRET}", "code": SECRET}}
    chunks = [f"data: {json.dumps(each)}\n\n".encode() for each in (done, failed)]
    stage.gateway.will({"chunks": chunks})
    stage.gateway.will(status=400, body={"error": {"message": f"Bad token {SECRET}."}})
    for _time in range(2):
        response = visitor.ask("Who?")
        shown = [event.data for event in visitor.watch(response.pk)]
        ended(response)
        assert response.status == "failed"
        assert response.request["tools"][0]["authorization"] == "Bearer ${CRM_TOKEN}"
        path = f"/conversations/{response.conversation_id}/"
        shown += [visitor.get(path).text, visitor.get(f"{path}export.json").text]
        message = Message.objects.get(pk=response.message_id)
        kept = [str(value) for row in (response, message) for value in model_to_dict(row).values()]
        for place in (*shown, *kept, server.output()):
            assert SECRET not in place
    assert [request.body["tools"][0]["authorization"] for request in stage.gateway.responses] == [
        f"Bearer {SECRET}"
    ] * 2


def test_a_secret_that_is_not_set_ends_as_a_sentence(stage, here, visitor):
    connector = {"type": "mcp", "server_label": "a", "server_url": "https://a.example.org/"}
    offer([{**connector, "authorization": "${NEVER_SET_ANYWHERE}"}])
    response = ended(visitor.ask("Who?", tools="mcp"))
    assert (response.status, response.error_code) == ("failed", "tool_secret_missing")
    assert stage.gateway.responses == []
    page = visitor.get(f"/conversations/{response.conversation_id}/").text
    assert "A secret of one of the tools is not set on the server" in page
    assert "NEVER_SET_ANYWHERE" in here.output()


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("Unsupported tool type: web_search", Named("tool", "web_search")),
        ("Tool 'openrouter:web_search' is unknown.", Named("tool", "openrouter:web_search")),
        ("tools.2.type: Input should be 'function'", Named("tool", "code_interpreter")),
        ("Invalid value: 'x'. Param: 'tools[0].type'", Named("tool", "web_search")),
        ("body.include.0: Input should be 'message.output'", Named("include", SOURCES)),
        (f"Invalid value: '{SOURCES}'. Supported are: 'a'", Named("include", SOURCES)),
        (
            f"Not in ('code_interpreter_call.outputs'): {SOURCES}",
            Named("include", "code_interpreter_call.outputs"),
        ),
        ("Unknown parameter: 'include'.", Named("include")),
        ("Unknown parameter: 'max_tool_calls'.", Named("max_tool_calls", "max_tool_calls")),
        ("Tools are not supported by this model", Named("tools")),
        ("It does not include a code_interpreter_call_x", None),
        ("web_searching is fun", None),
        ("include.99 is not there", None),
        ("The model is overloaded", None),
        ("", None),
    ],
)
def test_an_error_names_a_tool_an_include_or_nothing(message, named):
    assert named_in(message, REQUEST) == named
    assert named_in(message, {}) is None
    assert named_in(message, {"tools": [None, {}, {"type": 3}], "include": [3]}) is None


def test_a_refused_tool_is_named_to_who_can_clear_it_and_the_others_ask_them(
    stage, here, visitor, administrator
):
    offer(TOOLS)
    error = {"message": f"Invalid value: '{SOURCES}'.", "param": "include[0]"}
    refusal = {"status": 400, "body": {"error": error}}
    stage.gateway.will(refusal, refusal)
    response = visitor.ask("Look", tools="search")
    told = visitor.watch(response.pk)[-1].data
    told_again = visitor.get(f"/conversations/{response.conversation_id}/").text
    for place in (told, told_again):
        assert "Switch them off and retry, and ask your administrator" in place
        assert "/admin/conversations/languagemodel/" not in place
    office = stage.visit(here, administrator)
    response = office.ask("Look", tools="search")
    told = office.watch(response.pk)[-1].data
    told_again = office.get(f"/conversations/{response.conversation_id}/").text
    for place in (told, told_again):
        assert f"does not take “{SOURCES}” in “include”" in place
        assert "of the tools of the model “test-model”" in place
        assert 'href="/admin/conversations/languagemodel/?q=test-model"' in place


def test_a_location_that_no_row_names_is_named():
    tools = [{**SEARCH, "user_location": {"type": "approximate"}}]
    message = "Unknown parameter: 'tools[0].user_location'."
    assert named_in(message, {"tools": tools}) == Named("user_location")
    assert named_in(message, {"tools": [SEARCH]}) == Named("tool", "web_search")
    said = sentence_of(Named("user_location"), "gpt-4o", administers=True)
    assert '"user_location": null' in said
    assert "ask your administrator" in sentence_of(Named("user_location"), "gpt-4o", False)


def test_files_are_not_blamed_for_a_tool_that_the_error_names():
    files = {"files": {"count": 1, "mode": "text"}}
    failed = {"status": "failed", "error_code": "refused", "error_message": "No web_search here."}
    assert not Response(request={**REQUEST, **files}, **failed).files_are_suspect
    assert Response(request=files, **failed).files_are_suspect
    failed["error_message"] = "Invalid value: file."
    assert Response(request={**REQUEST, **files}, **failed).files_are_suspect


def test_a_refusal_without_tools_blames_none(stage, here, visitor):
    offer(TOOLS)
    stage.gateway.will(status=400, body={"error": {"message": "No web_search here."}})
    response = ended(visitor.ask("Look"))
    page = visitor.get(f"/conversations/{response.conversation_id}/").text
    assert "The gateway does not take" not in page
