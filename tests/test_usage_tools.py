"""Charges: the tools that a call used, as reported or counted, at their price, with its end."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.utils import timezone

from conversations.models import Charge, Price, Response, ToolPrice, UsageDay
from conversations.replies import recovery, response_states
from conversations.usage.tool_uses import counted, reported, uses_of
from tests.support.ledger_rows import REFUSED, REPORTED, STOPPED, ask, balanced, call, past_call

THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
SEARCH = {"type": "web_search_call", "status": "completed", "action": {"type": "search"}}
SEARCHES = [{**SEARCH, "id": "ws_1"}, {**SEARCH, "id": "ws_2"}]


@pytest.fixture
def prices(db):
    """A model at 1 and 1 a million, a search at 0.01."""
    Price.objects.create(model="gpt-4o", input=1, output=1, valid_from=THEN)
    ToolPrice.objects.create(tool="web_search", per_use=Decimal("0.01"), valid_from=THEN)


@pytest.mark.parametrize(
    ("items", "uses"),
    [
        (SEARCHES, {"web_search": 2}),
        ([SEARCHES[0], SEARCHES[0]], {"web_search": 1}),
        ([SEARCH, SEARCH], {"web_search": 2}),  # without ids nothing says that they are the same
        ([{**SEARCH, "action": {"type": "open_page"}}], {}),
        ([{**SEARCH, "action": {"type": "find_in_page"}}], {}),
        ([{**SEARCH, "action": None}], {"web_search": 1}),
        ([{**SEARCH, "action": "search"}], {}),
        # Who only searches may leave out what else a call could do.
        ([{**SEARCH, "action": {"query": "okapi"}}], {"web_search": 1}),
        ([{**SEARCH, "type": "openrouter:web_search"}], {"web_search": 1}),
        ([{"type": "openrouter:web_search", "status": "completed"}], {"web_search": 1}),
        ([{"type": "openrouter:web_fetch", "status": "completed"}], {}),
        ([{**SEARCH, "status": "failed"}], {}),
        ([{**SEARCH, "status": "searching"}], {}),
        ([{**SEARCH, "status": "in_progress"}], {}),
        ([{"type": "file_search_call", "id": "fs", "status": "completed"}], {"file_search": 1}),
        (
            [
                {"type": "code_interpreter_call", "id": "a", "container_id": "c1"},
                {"type": "code_interpreter_call", "id": "b", "container_id": "c1"},
                {"type": "code_interpreter_call", "container_id": "c2", "status": "failed"},
                {"type": "code_interpreter_call", "container_id": None},
                {"type": "code_interpreter_call", "container_id": ["c3"]},
            ],
            {"code_interpreter": 2},
        ),
        ([{"type": "image_generation_call", "id": "i"}], {"image_generation": 1}),
        ([{"type": "openrouter:image_generation", "id": "i"}], {"image_generation": 1}),
        ([{"type": "mcp_call", "id": "m", "status": "completed"}], {}),
        ([{"type": ["web_search_call"]}, {"type": None}, None, "x", 3, []], {}),
        (None, {}),
        ([], {}),
    ],
)
def test_uses_are_counted_from_what_was_completed(items, uses):
    assert counted(items) == uses


def test_what_had_begun_counts_where_the_reply_broke_off():
    picture = {"type": "image_generation_call", "status": "generating"}
    begun = [{**SEARCH, "status": "searching"}, {"type": "web_search_call", "status": "failed"}]
    begun += [picture, {"type": "web_search_call", "id": "w", "status": "in_progress"}]
    assert counted(begun) == {}
    assert counted(begun, broke_off=True) == {"web_search": 2, "image_generation": 1}


@pytest.mark.parametrize(
    ("tool_usage", "uses"),
    [
        ({"web_search": {"num_requests": 2}}, {"web_search": 2}),
        ({"web_search": {"num_requests": 0}}, {"web_search": 0}),
        ({"web_search": 3}, {"web_search": 3}),
        ({"code_interpreter": {"num_sessions": 1}}, {"code_interpreter": 1}),
        ({"server_tool_use": {"web_search_requests": 4}}, {"web_search": 4}),
        ({"brand_new": {"num_requests": 1}}, {"brand_new": 1}),
        (
            {
                "image_gen": {
                    "input_tokens": 60,
                    "input_tokens_details": {"text_tokens": 10, "image_tokens": 50},
                    "output_tokens": 500,
                    "output_tokens_details": {"image_tokens": 400},
                }
            },
            {
                "image_input_text_tokens": 10,
                "image_input_image_tokens": 50,
                "image_output_image_tokens": 400,
                "image_output_tokens": 100,
            },
        ),
        (
            {
                "image_gen": {
                    "input_tokens": 60,
                    "input_tokens_details": {"text_tokens": 10, "image_tokens": 50},
                    "cached_tokens": 25,
                    "cached_tokens_details": {"cached_text_tokens": 99, "cached_image_tokens": 15},
                }
            },
            {
                "image_input_text_tokens": 0,
                "image_cached_text_tokens": 10,
                "image_input_image_tokens": 35,
                "image_cached_image_tokens": 15,
            },
        ),
        # Details beyond the whole: the parts count, and nothing is left of the whole.
        (
            {"image_gen": {"input_tokens": 5, "input_tokens_details": {"text_tokens": 10}}},
            {"image_input_text_tokens": 10},
        ),
        ({"web_search": {"num_requests": -1}}, {}),
        ({"web_search": {"num_requests": "2"}}, {}),
        ({"web_search": {"num_requests": 10**12}}, {}),
        ({"web_search": True, "file_search": None, "x": [], "": 3, "a b": 3}, {}),
        ({"image_gen": {"input_tokens": None, "input_tokens_details": 3}}, {}),
        (None, {}),
    ],
)
def test_uses_are_reported_in_several_forms(tool_usage, uses):
    assert reported(tool_usage) == uses


def test_what_is_reported_goes_before_what_is_counted():
    tool_usage = {"web_search": {"num_requests": 1}, "image_gen": {"output_tokens": 9}}
    items = [*SEARCHES, {"type": "image_generation_call", "id": "i"}]
    files = {"type": "file_search_call", "id": "f"}
    assert uses_of(tool_usage, [*items, files]) == [
        ("file_search", 1, "counted"),
        ("image_output_tokens", 9, "reported"),
        ("web_search", 1, "reported"),
    ]
    # Kinds without any use are reported as 0; pictures may be left out of their tokens.
    nothing = {"web_search": {"num_requests": 0}, "image_gen": {"input_tokens": 0}}
    assert uses_of(nothing, items) == [("image_generation", 1, "counted")]


def test_a_charge_is_stored_and_is_part_of_the_cost(alice, prices):
    response = call(alice, {**REPORTED, "tool_usage": {"web_search": {"num_requests": 2}}})
    charge = Charge.objects.get()
    assert (charge.response, charge.kind, charge.quantity) == (response, "web_search", 2)
    assert (charge.unit_price, charge.amount, charge.basis) == (
        Decimal("0.01"),
        Decimal("0.02"),
        "reported",
    )
    assert response.cost == Decimal("0.0011") + Decimal("0.02")
    assert response.tool_cost == Decimal("0.02")
    assert response.missing_prices == ""
    day = UsageDay.objects.get()
    assert (day.cost, day.tool_cost_units) == (response.cost, 2_000_000)
    assert balanced()


def test_items_are_counted_where_nothing_is_reported(alice, prices):
    response = call(alice, STOPPED, items=SEARCHES)
    assert response.usage_source == "estimated"
    assert (Charge.objects.get().basis, response.tool_cost) == ("counted", Decimal("0.02"))
    assert UsageDay.objects.get().estimated_cost_units == UsageDay.objects.get().cost_units
    assert balanced()


def test_a_tool_without_a_price_leaves_the_call_without_a_cost(alice, prices):
    uses = {"web_search": {"num_requests": 2}, "file_search": {"num_requests": 1}}
    response = call(alice, {**REPORTED, "tool_usage": uses})
    assert (response.cost, response.tool_cost) == (None, None)
    assert response.missing_prices == "file_search"
    assert Charge.objects.get(kind="web_search").amount == Decimal("0.02")
    assert Charge.objects.get(kind="file_search").amount is None
    assert UsageDay.objects.get().unpriced == 1
    assert balanced()


def test_a_call_that_reached_no_model_has_no_charges(alice, prices):
    response = call(alice, {**REFUSED, "tool_usage": {"web_search": 3}}, items=SEARCHES)
    assert (response.cost, response.tool_cost) == (0, None)
    assert not Charge.objects.exists()


def test_the_most_particular_price_of_its_time_applies(alice, prices):
    later = timezone.now() - timedelta(days=1)
    for model, price in (("gpt-4*", "0.025"), ("gpt-4o", "0.03"), ("*", "0.5"), ("other", "9")):
        ToolPrice.objects.create(
            tool="web_search", model=model, per_use=Decimal(price), valid_from=later
        )
    used = {**REPORTED, "tool_usage": {"web_search": 1}}
    assert call(alice, used).tool_cost == Decimal("0.03")
    assert past_call(alice, later - timedelta(days=1), used).tool_cost == Decimal("0.01")
    ToolPrice.objects.filter(model="gpt-4o").delete()
    assert call(alice, used).tool_cost == Decimal("0.025")


def test_tokens_of_pictures_have_prices_of_their_own(alice, prices):
    for tool, price in (("image_input_text_tokens", 5), ("image_output_image_tokens", 40)):
        ToolPrice.objects.create(tool=tool, per_use=Decimal(price) / 1_000_000, valid_from=THEN)
    image_gen = {
        "input_tokens": 100,
        "input_tokens_details": {"text_tokens": 100},
        "output_tokens": 1_000,
        "output_tokens_details": {"image_tokens": 1_000},
    }
    response = call(alice, {**REPORTED, "tool_usage": {"image_gen": image_gen}})
    assert response.tool_cost == Decimal("0.0005") + Decimal("0.04")


def test_what_a_reply_searched_before_its_process_died_is_charged(alice, prices):
    response = ask(alice)
    response_states.claim(response.pk, response.pk)
    shown = [
        {"type": item["type"], "item": item, "is_closed": True}
        for item in (*SEARCHES, {**SEARCH, "id": "ws_3", "status": "in_progress"})
    ]
    Response.objects.filter(pk=response.pk).update(
        partial_items=shown,
        heartbeat_at=timezone.now() - timedelta(minutes=1),
    )
    assert recovery.bury(response.pk)
    assert Charge.objects.get().quantity == 3
    assert balanced()


def test_the_end_that_takes_the_place_of_another_replaces_its_charges(alice, prices):
    response = ask(alice)
    lease = response.pk
    response_states.claim(response.pk, lease)
    Response.objects.filter(pk=response.pk).update(
        partial="what there was", heartbeat_at=timezone.now() - timedelta(minutes=1)
    )
    assert recovery.bury(response.pk)
    buried = Response.objects.filter(pk=response.pk)
    assert response_states.replace_end(buried, dict(STOPPED), "more", items=SEARCHES)
    assert Charge.objects.get().quantity == 2
    assert balanced()
    used = {**REPORTED, "tool_usage": {"web_search": 1}, "service_tier": "default"}
    ending = response_states.replace_end(buried, used, "all of it")
    assert ending["tool_cost"] == Decimal("0.01")
    assert Charge.objects.get().quantity == 1
    assert balanced()
    response_states.replace_end(buried, dict(REPORTED), "all of it")
    response.refresh_from_db()
    assert (response.tool_cost, response.tool_usage, response.service_tier) == (None, None, "")
    assert not Charge.objects.exists()
    assert balanced()


def test_an_end_that_cannot_store_its_charges_is_no_end(alice, prices):
    response = ask(alice)
    response_states.claim(response.pk, response.pk)
    Charge.objects.create(response=response, kind="web_search", quantity=1, basis="counted")
    with pytest.raises(DatabaseError), transaction.atomic():
        response_states.finish(response, response.pk, dict(REPORTED), "", "", "", items=SEARCHES)
    response.refresh_from_db()
    assert response.status == "in_progress"
    assert not UsageDay.objects.exists()


def test_check_usage_finds_a_call_that_differs_from_its_charges(alice, prices, capsys):
    response = call(alice, STOPPED, items=SEARCHES)
    call_command("check_usage")
    Charge.objects.update(amount=Decimal("0.03"))
    with pytest.raises(CommandError, match="1 calls differ from their charges"):
        call_command("check_usage", "--repair")
    assert f"call {response.pk}: its charges are 0.03" in capsys.readouterr().out
    Charge.objects.all().delete()
    with pytest.raises(CommandError, match="1 calls differ"):
        call_command("check_usage", "--since", "2026-01-01")


def test_reports_and_the_owner_see_what_was_used(client, alice, administrator, prices):
    call(alice, STOPPED, items=SEARCHES)
    connector = {"type": "mcp_call", "id": "m", "status": "completed"}
    picture = {"type": "image_generation_call", "id": "i", "status": "completed"}
    image_gen = {"output_tokens": 1_500}
    ToolPrice.objects.create(tool="image_output_tokens", per_use=0, valid_from=THEN)
    response = call(
        alice, {**REPORTED, "tool_usage": {"image_gen": image_gen}}, items=[connector, picture]
    )
    # A picture that is paid by its tokens is one use, and a connector's call is one without price.
    assert response.tool_uses == 2
    assert UsageDay.objects.get().tool_uses == 4
    assert balanced()
    client.force_login(alice)
    page = client.get(response.conversation.get_absolute_url())
    assert '<dt>Tool uses</dt><dd dir="auto">2</dd>' in page.text
    assert '<dt>image_output_tokens</dt><dd dir="auto">1,500</dd>' in page.text
    stopped = Response.objects.get(status="cancelled")
    page = client.get(stopped.conversation.get_absolute_url())
    assert '<dt>Search the web</dt><dd dir="auto">2, counted</dd>' in page.text
    file = client.get("/usage.csv?by=model").getvalue().decode("utf-8-sig")
    header, row = [line.split(",") for line in file.splitlines()[:2]]
    assert row[header.index("tool_uses")] == "4"
    assert row[header.index("tool_cost")] == "0.02000000"
    client.force_login(administrator)
    for address in ("/usage/people/", "/usage/people/alice/"):
        page = client.get(f"{address}?sort=-tool_uses")
        assert page.status_code == 200
        assert "Tool uses" in page.text
        assert '<td class="num">4</td>' in page.text


def test_hostile_numbers_of_uses_fit_the_books(alice, prices):
    most = {"tool_usage": {"web_search": 10**9, "other": 10**9, "third": 10**9}}
    assert call(alice, {**REPORTED, **most}).tool_uses == 10**9
    assert UsageDay.objects.get().tool_uses == 10**9
    call(alice, {**REPORTED, **most})
    call(alice, {**REPORTED, **most})
    assert UsageDay.objects.get().tool_uses == 3 * 10**9
    assert balanced()


def test_exported_calls_say_how_often_they_used_tools(alice, prices, capsys):
    call(alice, STOPPED, items=SEARCHES)
    for arguments in (["--rows"], []):
        call_command("export_usage", *arguments)
        header, row = [line.split(",") for line in capsys.readouterr().out.splitlines()[:2]]
        assert row[header.index("tool_uses")] == "2"
