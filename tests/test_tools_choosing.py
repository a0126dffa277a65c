"""Switches of tools: who is offered which, what is on, and that all ways to ask carry it along."""

import html
import re
import uuid

import pytest
from django.contrib.auth.models import Group

from conversations.models import Conversation, LanguageModel, QueuedMessage, Response
from conversations.replies import queued_message, request_body
from tests.support.item_samples import SAMPLES
from tests.support.ledger_rows import REPORTED, ask, end

SEARCH = {"type": "web_search", "user_location": {"type": "approximate"}}
CODE = {"type": "code_interpreter", "container": {"type": "auto"}}
TOOLS = [
    {"tool": SEARCH, "include": ["web_search_call.action.sources"]},
    {"name": "code", "label": "Calculate & plot", "tool": CODE, "default": True},
    {"name": "lab", "label": "Lab's files", "tool": {"type": "file_search"}, "groups": ["Lab"]},
]
PAGE = {"tools_shown": ["web_search", "code"]}


@pytest.fixture(autouse=True)
def model(db):
    LanguageModel.objects.all().delete()
    Group.objects.create(name="Lab")
    return LanguageModel.objects.create(name="gpt-4o", tools=TOOLS)


@pytest.fixture
def desk(client, alice):
    client.force_login(alice)
    return client


def post(client, text="Hello", path="/", **fields):
    return client.post(path, {"text": text, "submission": str(uuid.uuid4()), **fields})


def join(person):
    """Make `person` a member of the group Lab; by the table, for else their session ends."""
    type(person).groups.through.objects.create(person=person, group=Group.objects.get(name="Lab"))


def leave(person):
    type(person).groups.through.objects.filter(person=person).delete()


def switches(page):
    """Name -> whether it is ticked, of the switches on a page, in their order."""
    found = re.findall(r'<input type="checkbox" name="tools" value="([^"]+)"([^>]*)>', page.text)
    return {name: "checked" in rest for name, rest in found}


def asked():
    """What the last Response's request says of tools: types, include."""
    request = Response.objects.latest("created_at").request
    return [tool["type"] for tool in request.get("tools", [])], request.get("include")


def finish():
    """End the reply that is open; its conversation."""
    response = Response.objects.open().get()
    end(response, REPORTED)
    return Conversation.objects.get(pk=response.conversation_id)


def test_a_person_sees_the_tools_of_the_selected_model_as_switches(desk):
    page = desk.get("/")
    assert switches(page) == {"web_search": False, "code": True}
    shown = html.unescape(page.text)
    assert "Search the web" in shown
    assert "Calculate & plot" in shown
    assert "Lab" not in shown


def test_without_tools_the_page_and_the_request_are_as_before(desk, model):
    LanguageModel.objects.update(tools=[])
    assert 'id="tools"' not in desk.get("/").text
    assert post(desk).status_code == 303
    response = Response.objects.get()
    assert {"tools", "include"}.isdisjoint(response.request)
    assert set(request_body.rebuild(response)) == {"model", "input", "stream", "store"}
    assert Conversation.objects.get().tools is None


def test_only_what_is_on_is_sent(desk, settings):
    settings.MAX_TOOL_CALLS = 7
    post(desk, **PAGE)
    assert asked() == ([], None)
    response = Response.objects.get()
    assert response.request["parameters"] == {}
    assert "tools" not in request_body.rebuild(response)
    finish()
    post(desk, tools=["web_search"], **PAGE)
    response = Response.objects.latest("created_at")
    assert request_body.rebuild(response) | {"input": 0} == {
        "model": "gpt-4o",
        "input": 0,
        "stream": True,
        "store": False,
        "tools": [SEARCH],
        "include": ["web_search_call.action.sources"],
        "max_tool_calls": 7,
    }
    finish()
    post(desk, tools=["code"], **PAGE)
    assert asked() == (["code_interpreter"], None)


def test_an_empty_value_switches_all_off(desk):
    """What a client sends by hand that has no other way to say so."""
    assert post(desk, tools=[""]).status_code == 303
    assert asked() == ([], None)
    path = finish().get_absolute_url()
    post(desk, path=path, tools=["", "web_search"])
    assert asked()[0] == ["web_search"]


def test_defaults_hold_until_somebody_chooses(desk):
    post(desk)
    assert asked() == (["code_interpreter"], None)
    assert Conversation.objects.get().tools is None


def test_a_conversation_remembers_its_switches(desk):
    post(desk, tools=["web_search"], **PAGE)
    conversation = finish()
    page = desk.get(conversation.get_absolute_url())
    assert switches(page) == {"web_search": True, "code": False}
    # Another conversation begins as the model's row says.
    assert switches(desk.get("/")) == {"web_search": False, "code": True}


def test_edits_retries_and_continuations_carry_them_along(desk):
    post(desk, tools=["web_search"], **PAGE)
    conversation = finish()
    message = conversation.messages.get(role="user")
    reply = conversation.messages.get(role="assistant")
    for path, text in (
        (f"/messages/{message.pk}/edit/", "Otherwise"),
        (f"/messages/{reply.pk}/retry/", ""),
        (f"/messages/{reply.pk}/continue/", ""),
        (conversation.get_absolute_url(), "And then?"),
    ):
        assert post(desk, text, path).status_code == 303
        assert asked()[0] == ["web_search"], path
        finish()
    # The script adds what is switched on by now.
    post(desk, "", f"/messages/{reply.pk}/retry/", tools=["code"], **PAGE)
    assert asked()[0] == ["code_interpreter"]


def test_a_queued_message_has_the_switches_it_was_sent_with(desk, alice):
    post(desk)
    response = Response.objects.get()
    path = response.conversation.get_absolute_url()
    sent = post(desk, "Next", path, queue="1", tools=["web_search"], **PAGE)
    assert sent.status_code == 303
    assert QueuedMessage.objects.get().tools == ["web_search"]
    end(response, REPORTED)
    queued_message.send(response.conversation_id)
    assert asked()[0] == ["web_search"]
    assert Conversation.objects.get().tools == ["web_search"]


def test_what_is_taken_away_is_not_sent_by_what_waits_or_is_remembered(desk, alice):
    join(alice)
    post(desk, tools=["lab"], tools_shown=["lab", "code", "web_search"])
    assert asked()[0] == ["file_search"]
    response = Response.objects.get()
    path = response.conversation.get_absolute_url()
    post(desk, "Next", path, queue="1", tools=["lab"], tools_shown=["lab"])
    leave(alice)
    end(response, REPORTED)
    queued_message.send(response.conversation_id)
    assert Response.objects.count() == 2
    assert asked()[0] == []
    conversation = finish()
    reply = conversation.messages.filter(role="assistant").first()
    post(desk, "", f"/messages/{reply.pk}/retry/")
    assert asked()[0] == []


def test_a_tool_of_a_group_is_for_its_members_only(desk, alice):
    join(alice)
    assert "lab" in switches(desk.get("/"))
    post(desk, tools=["lab"], **PAGE)
    conversation = finish()
    question = conversation.messages.get(role="user")
    reply = conversation.messages.get(role="assistant")
    leave(alice)
    routes = ("/", conversation.get_absolute_url(), f"/messages/{question.pk}/edit/")
    routes += (f"/messages/{reply.pk}/retry/", f"/messages/{reply.pk}/continue/")
    for path in routes:
        answer = post(desk, "By hand", path, tools=["lab"])
        assert answer.status_code == 422, path
        assert "The tool “lab” is not available." in html.unescape(answer.text)
    # The same words for what does not exist, so that nobody learns what others have.
    answer = post(desk, tools=["nothing"])
    assert "The tool “nothing” is not available." in html.unescape(answer.text)
    assert Response.objects.count() == 1


def test_a_refused_form_comes_back_with_its_switches(desk):
    page = post(desk, "", tools=["web_search"], **PAGE)
    assert page.status_code == 422
    assert switches(page) == {"web_search": True, "code": False}
    page = post(desk, "", **PAGE)
    assert switches(page) == {"web_search": False, "code": False}


def test_another_models_switches_are_not_lost(desk):
    LanguageModel.objects.create(name="plain")
    images = {"name": "draw", "tool": {"type": "image_generation"}, "default": True}
    LanguageModel.objects.create(name="painter", tools=[images, *TOOLS[:1]])
    page = desk.get("/")
    options = re.findall(r'<option value="(\w[^"]*)"[^>]*?data-tools="([^"]*)"', page.text)
    assert [name for name, _tools in options] == ["gpt-4o", "painter"]
    post(desk, model="gpt-4o", tools=["web_search"], **PAGE)
    path = finish().get_absolute_url()
    post(desk, "To one that has none", path, model="plain")
    assert asked()[0] == []
    finish()
    assert switches(desk.get(path)) == {}
    # Without the script the switches on the page are those of the model before.
    post(desk, "To another", path, model="painter", tools=["web_search"], **PAGE)
    assert asked()[0] == ["image_generation", "web_search"]
    finish()
    assert switches(desk.get(path)) == {"draw": True, "web_search": True}


def test_rows_that_hold_nonsense_offer_nothing_and_break_nothing(desk):
    for nonsense in ({}, "x", 3, [None, {"type": "function"}, {"tool": []}]):
        LanguageModel.objects.update(tools=nonsense)
        assert switches(desk.get("/")) == {}
    assert post(desk).status_code == 303
    assert asked() == ([], None)


def test_reading_groups_costs_a_query_only_where_a_tool_has_some(desk, alice, model):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def groups_read():
        with CaptureQueriesContext(connection) as captured:
            desk.get("/")
        return sum('"auth_group"."name"' in query["sql"] for query in captured)

    limited = groups_read()
    LanguageModel.objects.update(tools=TOOLS[:2])
    assert groups_read() == limited - 1


def test_a_price_of_a_tool_is_reserved_for_as_many_calls_as_may_come(desk, alice, settings):
    from datetime import UTC, datetime

    from conversations.models import Budget, Price, ToolPrice

    at = datetime(2026, 1, 1, tzinfo=UTC)
    Price.objects.create(model="gpt-4o", input=0, output=0, valid_from=at)
    ToolPrice.objects.create(tool="web_search", per_use="0.01", valid_from=at)
    Budget.objects.create(person=alice, period="day", metric="cost", limit=1)
    settings.MAX_TOOL_CALLS = 5
    post(desk, tools=["web_search"], **PAGE)
    assert float(Response.objects.get().reserved_cost) == 0.05
    finish()
    post(desk, tools=["code"], **PAGE)
    assert Response.objects.latest("created_at").reserved_cost == 0


def test_ask_without_a_form_takes_what_the_conversation_has(alice, model):
    response = ask(alice, model=model)
    assert response.request["tools"] == [CODE]


def test_an_approval_goes_with_the_tools_of_the_reply_that_asks(desk, model):
    connector = {"type": "mcp", "server_label": "calendar", "server_url": "https://c.example.org"}
    LanguageModel.objects.update(tools=[*TOOLS, {"name": "calendar", "tool": connector}])
    post(desk, tools=["calendar"], tools_shown=["calendar", "code"])
    response = Response.objects.get()
    request = {**SAMPLES["mcp_approval_request"], "server_label": "calendar"}
    end(response, REPORTED, "", items=[request])
    # Switched otherwise by a message in another branch.
    Conversation.objects.update(tools=["web_search"])
    answer = desk.post(f"/messages/{response.message_id}/approval/", {"answer": "allow"})
    assert answer.status_code == 303
    assert asked()[0] == ["mcp"]
    assert Conversation.objects.get().tools == ["web_search"]
    reply = Response.objects.latest("created_at")
    end(reply, REPORTED)
    post(desk, "", f"/messages/{reply.message_id}/retry/")
    assert asked()[0] == ["mcp"]
