"""Prices: dated, exact or by prefix, copied onto the call, never changed afterwards."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.utils import timezone

from conversations.models import Price, UsageDay
from conversations.usage.missing_costs import fill_costs
from conversations.usage.prices import cost, price_of
from tests.support.ledger_rows import STOPPED, balanced, call, past_call

THEN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_price(model="gpt-4o", amount=1, at=THEN, **fields):
    return Price.objects.create(
        model=model, **{"input": amount, "output": amount, "valid_from": at, **fields}
    )


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
    tokens = {"input_tokens": 10, "cached_tokens": 4, "output_tokens": 0}
    assert cost(a_price(), **tokens) == Decimal("0.00001")
    assert cost(a_price("b", cached_input=0), **tokens) == Decimal("0.000006")


@pytest.mark.parametrize(
    ("price", "rounded"),
    [("0.025", "0.00000002"), ("0.035", "0.00000004"), ("0.0250001", "0.00000003")],
)
def test_a_half_is_rounded_to_the_even_place(db, price, rounded):
    made = Price(model="m", input=Decimal(price), output=0)
    assert cost(made, input_tokens=1, cached_tokens=0, output_tokens=0) == Decimal(rounded)


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


def test_costs_are_filled_in_batches_without_missing_any(alice):
    for _ in range(5):
        past_call(alice, THEN)
    a_price()
    assert fill_costs(THEN.date(), size=2) == (5, {})
    assert UsageDay.objects.get().unpriced == 0
    assert UsageDay.objects.get().cost == 5 * Decimal("0.0011")
    assert balanced()
