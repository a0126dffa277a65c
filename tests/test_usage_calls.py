"""The books after real calls: a real server in several processes and a real gateway."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from conversations.models import Budget, Price, Response, ToolPrice, UsageDay
from tests.support.gateway import HANG, USAGE
from tests.support.ledger_rows import balanced
from tests.support.sse_frames import completed, created, delta, message, stream


@pytest.fixture
def alice_at(server, visit, alice):
    return visit(server, alice)


def call(visitor, text):
    """Ask, watch to the end, and give the Response as it is stored."""
    response = visitor.ask(text)
    visitor.watch(response.pk)
    response.refresh_from_db()
    return response


def test_what_the_gateway_reports_is_what_is_entered(alice_at, gateway):
    Price.objects.create(model="*", input=1, cached_input=0, output=1)
    response = call(alice_at, "Hello")
    assert response.usage_source == "reported"
    assert response.input_tokens == USAGE["input_tokens"]
    assert response.cached_tokens == USAGE["input_tokens_details"]["cached_tokens"]
    assert response.reasoning_tokens == USAGE["output_tokens_details"]["reasoning_tokens"]
    assert response.total_tokens == USAGE["total_tokens"]
    assert float(response.cost) == (11 - 3 + 7) / 1_000_000
    assert UsageDay.objects.get().input_tokens == 11
    assert balanced()


def test_all_that_a_call_costs_is_entered(alice_at, gateway):
    """Written to the cache, in another tier, with two searches, and the gateway's own sum."""
    Price.objects.create(model="*", tier="flex", input=10, output=40, cache_write="12.5")
    ToolPrice.objects.create(tool="web_search", per_use="0.01")
    usage = {
        "input_tokens": 1_000,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 900},
        "output_tokens": 10,
        "cost": 0.03,
    }
    searches = {"web_search": {"num_requests": 2}}
    said = {"usage": usage, "service_tier": "flex", "tool_usage": searches}
    frames = stream(created(), delta("Hi"), completed(message("Hi"), **said))
    gateway.will(chunks=[frames.encode()])
    response = call(alice_at, "Hello")
    assert (response.service_tier, response.tool_usage) == ("flex", searches)
    assert response.cost == Decimal("0.01265") + Decimal("0.02")
    assert (response.reported_cost, response.reported_cost_source) == (Decimal("0.03"), "usage")
    assert response.charges.get().quantity == 2
    assert balanced()


SEARCH = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
SEARCHED = {**SEARCH, "action": {"type": "search", "query": "tides"}}
OPENED = {**SEARCH, "id": "ws_2", "action": {"type": "open_page", "url": "https://a.example/"}}
BEGUN = {**SEARCHED, "id": "ws_3", "status": "in_progress"}


def item_event(name, item, index):
    return {"type": f"response.output_item.{name}", "output_index": index, "item": item}


def test_searches_are_counted_also_of_a_reply_that_is_stopped(alice_at, gateway):
    Price.objects.create(model="*", input=0, output=0)
    ToolPrice.objects.create(tool="web_search", per_use="0.01")
    events = [
        created(),
        *(item_event("done", item, index) for index, item in enumerate([SEARCHED, OPENED])),
        item_event("added", BEGUN, 2),
        delta("So", output_index=3),
    ]
    gateway.will(chunks=[stream(*events).encode(), stream(completed()).encode()])
    charge = call(alice_at, "Hello").charges.get()
    assert (charge.kind, charge.quantity, charge.basis) == ("web_search", 1, "counted")
    gateway.will(chunks=[stream(*events).encode(), HANG])
    response = alice_at.ask("Hello")
    with alice_at.events(response.pk) as shown:
        next(event for event in shown if "So" in event.data)
    alice_at.post(f"/responses/{response.pk}/stop/")
    alice_at.watch(response.pk)
    response.refresh_from_db()
    # Nobody was there to hear whether the last one was completed: it had been asked for.
    assert (response.status, response.tool_cost) == ("cancelled", Decimal("0.02"))
    assert response.charges.get().basis == "counted"
    assert balanced()


@pytest.mark.parametrize(
    "refusal",
    [
        {"type": "error", "code": "server_error", "message": "Something is wrong."},
        {"type": "response.failed", "response": {"status": "failed", "error": {"code": "server"}}},
        {"error": {"message": "No channel for this model."}},
    ],
)
def test_a_refusal_within_a_200_has_used_nothing(alice_at, gateway, refusal):
    gateway.will(chunks=[stream(created(), refusal).encode()])
    response = call(alice_at, "Hello")
    assert (response.status, response.http_status) == ("failed", 200)
    assert (response.usage_source, response.cost) == ("none", 0)
    gateway.will(chunks=[stream(created(), delta("So "), refusal).encode()])
    assert call(alice_at, "Hello").usage_source == "estimated"
    assert balanced()


def test_a_gateway_that_reports_nothing_leaves_an_estimate(alice_at, gateway):
    response = call(alice_at, '[[gateway:{"usage": null, "text": "Eight characters"}]]')
    assert response.usage_source == "estimated"
    assert response.input_tokens is None
    assert response.estimated_input_tokens > 0
    assert response.estimated_output_tokens == 4
    assert balanced()


def test_a_gateway_that_refuses_has_used_nothing(alice_at, gateway):
    response = call(alice_at, '[[gateway:{"status": 401}]]')
    assert (response.status, response.usage_source, response.cost) == ("failed", "none", 0)
    assert UsageDay.objects.get().answered == 0
    assert balanced()


def test_a_stopped_reply_is_estimated_from_what_came(alice_at, gateway):
    response = alice_at.ask('[[gateway:{"pieces": 400, "pace": 0.05}]]')
    with alice_at.events(response.pk) as stream:
        for event in stream:
            if event.name == "block":
                break
        alice_at.post(f"/responses/{response.pk}/stop/")
    alice_at.watch(response.pk)
    response.refresh_from_db()
    assert (response.status, response.usage_source) == ("cancelled", "estimated")
    assert response.estimated_output_tokens > 0
    assert balanced()


def test_of_fifty_posts_at_once_to_two_processes_three_go_through(make_server, visit, alice):
    server = make_server(workers=2, DJANGO_SETTINGS_MODULE="tests.support.settings.bare")
    Budget.objects.create(person=alice, period="day", metric="replies", limit=3)
    visitor = visit(server, alice)
    token = visitor.token()

    def post(_number):
        fields = {"csrfmiddlewaretoken": token, "text": "Hello", "submission": uuid.uuid4()}
        answer = visitor.http.post("/", data=fields)
        return answer.status_code, answer.headers.get("Retry-After"), answer.text

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(post, range(50)))
    assert sorted(status for status, _wait, _text in answers) == [303] * 3 + [429] * 47
    for status, wait, text in answers:
        if status == 429:
            assert int(wait) > 0
            assert "The personal budget of 3 replies a day" in text
    assert Response.objects.count() == 3


def test_replies_at_a_time_are_limited_by_the_setting(make_server, visit, alice):
    server = make_server(CONCURRENT_REPLIES=1)
    visitor = visit(server, alice)
    response = visitor.ask('[[gateway:{"first": 30}]]')
    answer = visitor.send("Another")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "5"
    visitor.post(f"/responses/{response.pk}/stop/")
    visitor.watch(response.pk)
    assert visitor.send("Another").status_code == 303
