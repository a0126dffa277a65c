"""The sums say what the ledger says, whatever happened; check_usage mends what does not."""

import random
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversations.models import (
    Conversation,
    Message,
    Price,
    Response,
    ToolPrice,
    UsageDay,
    UsageRollup,
)
from conversations.replies import recovery, response_states
from conversations.usage.consistency_check import check
from tests.conftest import make_person
from tests.support.hypothesis_scale import examples
from tests.support.ledger_rows import REFUSED, REPORTED, STOPPED, ask, balanced, call, past_call

MODELS = ["gpt-4o", "claude"]
TIERS = ["", "default", "flex", "priority"]
TOOLS = ["web_search", "file_search"]
tokens = st.integers(0, 5_000)
reported = st.builds(
    lambda read, cached, stored, stored_12h, written, thought, **more: {
        "usage_source": "reported",
        "input_tokens": read,
        "cached_tokens": min(cached, read),
        "cache_write_tokens": min(stored, read),
        "cache_write_12h_tokens": min(stored_12h, stored, read),
        "output_tokens": written,
        "reasoning_tokens": min(thought, written),
        "total_tokens": read + written,
        **more,
    },
    *([tokens] * 6),
    status=st.sampled_from(["completed", "incomplete", "failed"]),
    service_tier=st.sampled_from(TIERS),
    tool_usage=st.none() | st.dictionaries(st.sampled_from(TOOLS), st.integers(0, 3)),
    reported_cost=st.none() | st.decimals(0, 9, places=8),
)
endings = st.one_of(reported, st.sampled_from([STOPPED, REFUSED]))
SEARCHED = [{"type": "web_search_call", "id": "1"}, {"type": "file_search_call", "id": "2"}]
steps = st.one_of(
    st.tuples(st.just("call"), st.integers(0, 2), st.sampled_from(MODELS), endings),
    st.tuples(st.just("past"), st.integers(0, 2), st.integers(0, 40), endings),
    st.tuples(st.just("crash"), st.integers(0, 2), st.just(0), st.just(None)),
    st.tuples(st.just("back"), st.integers(0, 2), st.just(0), endings),
    st.tuples(st.just("stop"), st.integers(0, 2), st.just(0), st.just(None)),
    st.tuples(st.just("erase"), st.integers(0, 2), st.sampled_from(["all", "last"]), st.just(None)),
    st.tuples(st.just("price"), st.integers(0, 9), st.sampled_from(MODELS), st.sampled_from(TIERS)),
    st.tuples(st.just("tool"), st.integers(0, 9), st.sampled_from(TOOLS), st.just(None)),
    st.tuples(st.just("leave"), st.integers(0, 2), st.just(0), st.just(None)),
)


@given(history=st.lists(steps, max_size=12))
@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_history_balances(db, history):
    people = {}
    for step in history:
        play(people, *step)
    assert balanced()
    ended = Response.objects.exclude(status__in=Response.OPEN)
    assert sum(UsageDay.objects.values_list("calls", flat=True)) == ended.count()
    for response in ended.exclude(usage_source="none"):
        assert_costs_what_its_parts_do(response)


def assert_costs_what_its_parts_do(response):
    """Either all of a call has a price, and its cost is the sum, or it says what has none."""
    charges = list(response.charges.all())
    if response.cost is None:
        assert response.missing_prices
        assert response.tool_cost is None
        return
    assert response.missing_prices == ""
    assert all(charge.amount == charge.quantity * charge.unit_price for charge in charges)
    assert response.tool_cost == (sum(charge.amount for charge in charges) if charges else None)
    read = response.input_tokens or response.estimated_input_tokens or 0
    stored = response.cache_write_tokens or 0
    stored_12h = response.cache_write_12h_tokens or 0
    cached = response.cached_tokens or 0
    for number, rate in (
        (stored - stored_12h, response.price_cache_write),
        (stored_12h, response.price_cache_write_12h),
    ):
        assert rate is not None or not number
    millionths = (
        max(read - cached - stored, 0) * response.price_input
        + cached * response.price_cached_input
        + (stored - stored_12h) * (response.price_cache_write or 0)
        + stored_12h * (response.price_cache_write_12h or 0)
        + (response.output_tokens or response.estimated_output_tokens or 0) * response.price_output
    )
    assert response.cost == millionths / 1_000_000 + (response.tool_cost or 0)


def play(people, what, who, which, ending):
    """One step of a history. `people` are those who have an account now."""
    if what in ("price", "tool"):
        since = timezone.now() - timedelta(days=who * 10)
        if what == "tool":
            ToolPrice.objects.create(tool=which, per_use=who, valid_from=since)
        elif not Price.objects.filter(model=which, tier=ending, valid_from=since).exists():
            # Some have no rate for what is written to the cache, or dearer ones for a long input.
            rates = {"cache_write": who, "cache_write_12h": who * 3} if who % 3 else {}
            long = {"long_context_over": 2_500, "long_input": 7, "long_output": 9, **rates}
            rates |= {f"long_{name}": rate for name, rate in rates.items()}
            Price.objects.create(
                model=which,
                tier=ending,
                valid_from=since,
                input=who,
                output=who * 2,
                **{**rates, **(long if who % 2 else {})},
            )
        call_command("price_responses", "--since", "2020-01-01", stdout=StringIO())
        return
    if who not in people:
        people[who] = make_person(f"person{who}-{uuid.uuid4().hex[:8]}")
    person = people[who]
    if what == "call":
        call(person, ending, model=which, items=SEARCHED if ending == STOPPED else ())
    elif what == "past":
        past_call(person, timezone.now() - timedelta(days=which), ending)
    elif what in ("crash", "back"):
        response = ask(person)
        response_states.claim(response.pk, uuid.uuid4())
        Response.objects.filter(pk=response.pk).update(
            partial="what there was", heartbeat_at=timezone.now() - timedelta(minutes=1)
        )
        assert recovery.bury(response.pk)
        if what == "back":
            with transaction.atomic():
                buried = Response.objects.filter(pk=response.pk)
                assert response_states.replace_end(buried, dict(ending), "all of it")
    elif what == "stop":
        response_states.request_stop(ask(person).pk)
    elif what == "erase":
        own = Conversation.objects.filter(owner=person).order_by("-created_at")
        (own if which == "all" else own.filter(pk__in=own[:1])).delete()
    elif what == "leave":
        people.pop(who).delete()


def test_eight_writers_at_once_balance(transactional_db):
    people = [make_person(f"person{n}") for n in range(3)]

    def write(seed):
        chance = random.Random(seed)
        for _ in range(12):
            try:
                ending = chance.choice([REPORTED, REPORTED, STOPPED, REFUSED])
                response = call(chance.choice(people), ending, model=chance.choice(MODELS))
                if chance.random() < 0.3:
                    Message.objects.filter(conversation=response.conversation_id).delete()
            finally:
                connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(write, seed) for seed in range(8)]:
            while not done.done():
                # Looking while they write finds nothing wrong either.
                assert balanced()
            done.result()
    assert sum(UsageDay.objects.values_list("calls", flat=True)) == 96
    assert balanced()


def run(*arguments):
    out = StringIO()
    call_command("check_usage", *arguments, stdout=out)
    return out.getvalue()


def test_balanced_books_are_said_to_be_so(alice):
    call(alice)
    assert run() == "balanced\n"


@pytest.mark.parametrize("since", [(), ("--since", "2026-01-01")])
def test_a_wrong_sum_is_found_and_mended(alice, since):
    past_call(alice, datetime(2026, 2, 3, 12, tzinfo=UTC))
    UsageDay.objects.update(input_tokens=7)
    UsageRollup.objects.filter(grain=UsageRollup.Grain.PERSON_WEEK).delete()
    with pytest.raises(CommandError, match="differences"):
        run(*since)
    out = run("--repair", *since)
    expected = f"day 2026-02-03 person {alice.pk} gpt-4o reply: input_tokens is 7, should be 1000"
    assert expected in out.splitlines()
    assert run() == "balanced\n"
    assert balanced()


def test_a_lost_day_is_made_again_and_an_invented_one_removed(alice):
    past_call(alice, datetime(2026, 2, 3, 12, tzinfo=UTC))
    UsageDay.objects.all().delete()
    UsageDay.objects.create(day="2025-01-01", person_id=9, model="m", purpose="reply", calls=3)
    assert any(check())
    run("--repair")
    assert str(UsageDay.objects.get().day) == "2026-02-03"
    assert run() == "balanced\n"


def test_days_before_the_date_asked_for_are_left_alone(alice):
    past_call(alice, datetime(2026, 2, 3, 12, tzinfo=UTC))
    UsageDay.objects.update(input_tokens=7)
    assert list(check(since=date(2026, 3, 1))) == []


def test_open_calls_are_not_in_the_books_yet(alice):
    ask(alice)
    assert run() == "balanced\n"
    assert not UsageDay.objects.exists()
