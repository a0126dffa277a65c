"""Prices: dated, exact or by prefix, copied onto the call, never changed afterwards."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.utils import timezone

from conversations.models import Charge, Price, ToolPrice, UsageDay
from conversations.usage.missing_costs import fill_costs
from conversations.usage.prices import Tokens, cost, price_of
from tests.support.ledger_rows import STOPPED, balanced, call, past_call

THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_price(model="gpt-4o", amount=1, at=THEN, **fields):
    return Price.objects.create(
        model=model, **{"input": amount, "output": amount, "valid_from": at, **fields}
    )


# What a call ends with that read and wrote a million tokens each.
ENDED = {"status": "completed", "usage_source": "reported"}
MUCH = {**ENDED, "input_tokens": 1_000_000, "output_tokens": 1_000_000, "total_tokens": 2_000_000}


def test_the_price_is_the_latest_of_its_time(db):
    old, new = a_price(amount=1), a_price(amount=2, at=THEN + timedelta(days=10))
    assert price_of("gpt-4o", THEN - timedelta(seconds=1)) is None
    assert price_of("gpt-4o", THEN) == old
    assert price_of("gpt-4o", new.valid_from - timedelta(seconds=1)) == old
    assert price_of("gpt-4o", new.valid_from) == new


def test_the_exact_name_goes_before_the_longest_prefix(db):
    a_price("gpt-*", at=THEN + timedelta(days=2))
    longer, exact = a_price("gpt-4o*"), a_price("gpt-4o")
    later = THEN + timedelta(days=3)
    assert price_of("gpt-4o", later) == exact
    assert price_of("gpt-4o-mini", later) == longer
    assert price_of("claude", later) is None


def test_a_name_is_no_prefix_unless_written_so(db):
    a_price("gpt-4")
    assert price_of("gpt-4o", THEN) is None


def test_a_star_may_only_end_a_name(db):
    with pytest.raises(ValidationError):
        Price(model="gpt*4o", input=1, output=1).full_clean()


def test_a_plain_date_means_its_first_moment_in_the_sites_zone(db, settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    price = a_price(at=date(2026, 3, 1))
    assert price.valid_from == datetime(2026, 2, 28, 15, tzinfo=UTC)


def test_cached_input_without_a_price_of_its_own_costs_as_much_as_other(db):
    tokens = Tokens.of({"input_tokens": 10, "cached_tokens": 4, "output_tokens": 0})
    assert cost(a_price(), tokens) == Decimal("0.00001")
    assert cost(a_price("b", cached_input=0), tokens) == Decimal("0.000006")


@pytest.mark.parametrize(
    ("price", "rounded"),
    [("0.025", "0.00000002"), ("0.035", "0.00000004"), ("0.0250001", "0.00000003")],
)
def test_a_half_is_rounded_to_the_even_place(db, price, rounded):
    made = Price(model="m", input=Decimal(price), output=0)
    assert cost(made, Tokens(input=1)) == Decimal(rounded)


def test_a_thousand_tokens_of_which_nine_hundred_were_written_to_the_cache(alice):
    a_price(input=10, output=40, cache_write=Decimal("12.5"))
    tokens = {"input_tokens": 1_000, "cache_write_tokens": 900, "output_tokens": 10}
    response = call(alice, {**ENDED, **tokens})
    assert response.cost == Decimal("0.01265")
    assert (response.price_input, response.price_cache_write) == (10, Decimal("12.5"))
    assert UsageDay.objects.get().cache_write_tokens == 900


@pytest.mark.parametrize(
    ("tokens", "dollars"),
    [
        # 700,000 plain, 100,000 read, 150,000 and 50,000 written.
        ((100_000, 200_000, 50_000), "0.7 + 0.01 + 0.1875 + 0.1 + 4"),
        # Read and written overlap: nothing is left at the ordinary rate, and nothing below 0.
        ((900_000, 300_000, 0), "0.09 + 0.375 + 4"),
        ((0, 0, 0), "1 + 4"),
        ((None, None, None), "1 + 4"),
    ],
)
def test_each_kind_of_tokens_has_its_rate(alice, tokens, dollars):
    rates = {"cached_input": "0.1", "cache_write": "1.25", "cache_write_12h": 2, "output": 4}
    a_price(**rates)
    kinds = ("cached_tokens", "cache_write_tokens", "cache_write_12h_tokens")
    response = call(alice, {**MUCH, **dict(zip(kinds, tokens, strict=True))})
    assert response.cost == sum(map(Decimal, dollars.split(" + ")))


@pytest.mark.parametrize("kind", ["cache_write", "cache_write_12h"])
def test_writing_to_the_cache_without_a_price_is_not_charged_as_other_input(alice, kind):
    price = a_price(cache_write=1, cache_write_12h=1)
    Price.objects.filter(pk=price.pk).update(**{kind: None})
    written = {"cache_write_tokens": 100, "cache_write_12h_tokens": 50}
    response = call(alice, {**MUCH, **written})
    assert (response.cost, response.missing_prices) == (None, kind)
    assert call(alice, MUCH).cost == 2


@pytest.mark.parametrize(
    ("tier", "dollars"),
    [
        ("", 2),
        ("auto", 2),
        ("default", 2),
        ("Standard", 2),
        ("flex", 1),
        ("FLEX ", 1),
        ("priority", None),
        ("scale", None),
    ],
)
def test_a_call_is_charged_in_the_tier_that_the_answer_named(alice, tier, dollars):
    a_price()
    a_price(tier="Flex", amount=Decimal("0.5"))
    response = call(alice, {**MUCH, "service_tier": tier})
    assert response.cost == dollars
    assert response.service_tier == tier
    missing = "" if dollars else f"tier {tier}"
    assert response.missing_prices == missing


def test_a_price_of_one_tier_is_none_of_another(alice):
    a_price(tier="priority")
    assert call(alice, MUCH).missing_prices == "model"
    with pytest.raises(ValidationError):
        Price(model="gpt-4o", tier="PRIORITY", input=1, output=1, valid_from=THEN).full_clean()


LONG = {"long_input": 2, "long_cached_input": "0.5", "long_cache_write": 3, "long_output": 6}


@pytest.mark.parametrize(
    ("limit", "dollars"),
    [(1_000_000, "0.3 + 0.05 + 0.3 + 2"), (999_999, "0.6 + 0.25 + 0.6 + 6")],
)
def test_beyond_a_number_of_tokens_all_of_them_are_dearer(alice, limit, dollars):
    a_price(cached_input="0.1", cache_write="1.5", output=2, long_context_over=limit, **LONG)
    tokens = {"cached_tokens": 500_000, "cache_write_tokens": 200_000}
    response = call(alice, {**MUCH, **tokens})
    assert response.cost == sum(map(Decimal, dollars.split(" + ")))
    assert response.price_output == (2 if limit == 1_000_000 else 6)


def test_a_long_input_without_rates_of_its_own_has_no_cost(alice):
    a_price(long_context_over=999_999, cached_input=1, long_input=2)
    response = call(alice, {**MUCH, "cached_tokens": 10})
    assert (response.cost, response.missing_prices) == (None, "long_output")
    Price.objects.update(long_input=None)
    assert call(alice, MUCH).missing_prices == "long_input, long_output"
    assert call(alice, {**MUCH, "input_tokens": 999_999}).cost is not None


def test_an_estimated_input_may_be_long_too(alice):
    a_price(long_context_over=5)
    assert call(alice, STOPPED, text="x" * 400).missing_prices == "long_input, long_output"


def test_later_prices_leave_finished_calls_alone(alice):
    first = a_price(at=timezone.now() - timedelta(days=1))
    response = call(alice)
    before = response.cost
    a_price(amount=50, at=timezone.now() - timedelta(hours=1))
    Price.objects.filter(pk=first.pk).update(input=99)
    call_command("price_responses", "--since", "2026-01-01", stdout=StringIO())
    response.refresh_from_db()
    assert response.cost == before == Decimal("0.0011")


def test_missing_costs_are_filled_once_a_price_is_there(alice):
    old = past_call(alice, THEN - timedelta(days=40))
    known = past_call(alice, THEN + timedelta(days=1))
    stopped = past_call(alice, THEN + timedelta(days=2), STOPPED)
    other = past_call(alice, THEN + timedelta(days=3), model="other")
    a_price(at=THEN)
    out = StringIO()
    call_command("price_responses", "--since", "2026-02-01", stdout=out)
    for response in (old, known, stopped, other):
        response.refresh_from_db()
    assert (old.cost, other.cost) == (None, None)
    assert known.cost == Decimal("0.0011")
    assert known.price_input == 1
    assert stopped.cost > 0
    assert out.getvalue().splitlines() == [
        "priced 2 calls",
        "still unpriced: other (1 calls)",
    ]
    assert sum(day.unpriced for day in UsageDay.objects.all()) == 2
    assert balanced()


def priced():
    out = StringIO()
    call_command("price_responses", "--since", "2026-02-01", stdout=out)
    return out.getvalue().splitlines()


def test_a_price_entered_later_fills_every_part_or_says_which_is_missing(alice):
    """Writes, another tier and a tool, priced one after the other."""
    uses = {"web_search": {"num_requests": 2}, "file_search": {"num_requests": 1}}
    ended = {**MUCH, "cache_write_tokens": 500_000, "service_tier": "flex", "tool_usage": uses}
    response = past_call(alice, THEN + timedelta(days=1), ended)
    assert response.missing_prices == "tier flex, file_search, web_search"
    left = "still unpriced: gpt-4o (1 calls), no price for: "
    a_price()
    assert priced() == ["priced 0 calls", f"{left}tier flex, file_search, web_search"]
    flex = a_price(tier="flex")
    ToolPrice.objects.create(tool="web_search", per_use=1, valid_from=THEN)
    assert priced() == ["priced 0 calls", f"{left}cache_write, file_search"]
    response.refresh_from_db()
    assert response.missing_prices == "cache_write, file_search"
    assert (response.cost, Charge.objects.filter(amount=None).count()) == (None, 2)
    Price.objects.filter(pk=flex.pk).update(cache_write=3)
    ToolPrice.objects.create(tool="file_search", per_use=4, valid_from=THEN)
    assert balanced()
    assert priced() == ["priced 1 calls"]
    response.refresh_from_db()
    assert (response.cost, response.tool_cost) == (Decimal("0.5") + Decimal("1.5") + 1 + 6, 6)
    assert response.missing_prices == ""
    assert sorted(Charge.objects.values_list("kind", "unit_price", "amount")) == [
        ("file_search", 4, 4),
        ("web_search", 1, 2),
    ]
    assert balanced()


def test_costs_are_filled_in_batches_without_missing_any(alice):
    for _ in range(5):
        past_call(alice, THEN)
    a_price()
    assert fill_costs(THEN.date(), size=2) == (5, {})
    assert UsageDay.objects.get().unpriced == 0
    assert UsageDay.objects.get().cost == 5 * Decimal("0.0011")
    assert balanced()
