"""Budgets and rate limits refuse before the call, exactly, and let go of what was not used."""

import os
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.db import DatabaseError, connections, transaction
from django.utils import timezone

from conversations import usage
from conversations.models import Budget, BudgetChange, Message, Price, Response, ToolPrice
from conversations.replies import recovery, response_states
from conversations.replies.refused import OverLimit
from conversations.usage.sentences import limit_sentence
from tests.conftest import make_person
from tests.support.ledger_rows import REFUSED, REPORTED, STOPPED, a_model, ask, call, end, past_call
from tests.support.server import database_url


def a_budget(limit=3, metric="replies", period="day", **fields):
    return Budget.objects.create(limit=limit, metric=metric, period=period, **fields)


def refused(person, **asked):
    """The sentence of why an order is refused; fails where it is taken."""
    with pytest.raises(OverLimit) as refusal:
        ask(person, **asked)
    return limit_sentence(refusal.value.limit)


@pytest.fixture
def research(alice):
    group = Group.objects.create(name="Research")
    alice.groups.add(group)
    return group


def test_a_hard_budget_refuses_and_stores_nothing(alice):
    a_budget(person=alice, limit=1)
    call(alice)
    count = Message.objects.count()
    sentence = refused(alice)
    assert sentence.startswith("The personal budget of 1 reply a day is used up: 1 reply used.")
    assert "resets on" in sentence
    assert Message.objects.count() == count


def test_a_reply_being_written_counts_until_it_ends(alice):
    a_budget(person=alice, limit=1)
    first = ask(alice)
    assert "1 reply reserved" in refused(alice)
    end(first, REFUSED)
    assert ask(alice)


def test_what_was_stopped_after_it_reached_the_model_stays_used(alice):
    a_budget(person=alice, limit=1)
    call(alice, STOPPED)
    assert "is used up" in refused(alice)


def test_a_crash_gives_its_reservation_back(alice):
    a_budget(person=alice, limit=10_000, metric="tokens")
    response = ask(alice, text="x" * 36_400)
    assert "reserved" in refused(alice)
    response_states.claim(response.pk, response.pk)
    Response.objects.filter(pk=response.pk).update(
        heartbeat_at=timezone.now() - timedelta(minutes=1)
    )
    recovery.bury(response.pk)
    [standing] = usage.standings(alice)
    assert (standing.used, standing.reserved) == (9_100, 0)
    assert ask(alice)


def test_a_soft_budget_warns_and_refuses_nothing(alice):
    a_budget(person=alice, limit=1, hard=False)
    call(alice)
    call(alice)
    [standing] = usage.nearly_used_up(alice)
    assert standing.exhausted
    assert standing.fraction == 1


def test_little_used_is_not_shown(alice):
    a_budget(person=alice, limit=10)
    for _ in range(7):
        call(alice)
    assert usage.nearly_used_up(alice) == []
    call(alice)
    [standing] = usage.nearly_used_up(alice)
    assert (standing.percent, standing.left) == (80, 2)


def test_a_groups_budget_is_each_members(alice, bob, research):
    a_budget(group=research, limit=1)
    call(alice)
    assert refused(alice).startswith("The budget of 1 reply a day for each member of Research")
    call(bob)
    assert ask(bob)
    bob.groups.add(research)
    assert refused(bob)


def test_everyones_budget_is_each_persons(alice, bob):
    a_budget(limit=1)
    call(alice)
    assert refused(alice).startswith("The budget of 1 reply a day for everyone is used up")
    assert ask(bob)


def test_the_most_restrictive_budget_applies(alice, research):
    a_budget(limit=100)
    a_budget(person=alice, limit=50, period="month")
    a_budget(group=research, limit=1, period="week")
    call(alice)
    assert "a week for each member of Research" in refused(alice)


def test_each_period_begins_anew(alice, settings):
    settings.TIME_ZONE = "America/New_York"
    a_budget(person=alice, limit=1)
    past_call(alice, timezone.now() - timedelta(days=1))
    assert ask(alice)


def test_money_counts_what_is_estimated_too(alice):
    Price.objects.create(model="gpt-4o", input=10, output=10, valid_from=timezone.now())
    a_budget(person=alice, limit=Decimal("0.001"), metric="cost")
    call(alice, STOPPED, text="x" * 300, answer="y" * 400)
    [standing] = usage.standings(alice)
    assert standing.used == Decimal("0.00175")
    assert refused(alice).startswith("The personal budget of $0.001000 a day is used up: $0.001750")


def test_an_input_that_cannot_fit_is_refused_before_it_is_sent(alice):
    a_budget(person=alice, limit=100, metric="tokens")
    sentence = refused(alice, text="x" * 1_000)
    assert sentence.startswith("This message would go beyond a budget. The personal budget of 100")
    assert ask(alice, text="Hi")


def test_titles_count_in_tokens_and_money_but_are_no_replies(alice):
    a_budget(person=alice, limit=1)
    a_budget(person=alice, limit=2_000, metric="tokens")
    past_call(alice, timezone.now(), purpose=Response.Purpose.TITLE)
    by_metric = {standing.budget.metric: standing.used for standing in usage.standings(alice)}
    assert by_metric == {"replies": 0, "tokens": 1_100}
    past_call(alice, timezone.now())
    assert not usage.may_spend(alice, "gpt-4o", purpose="title")
    with pytest.raises(usage.OverBudget), transaction.atomic():
        usage.reserve(alice, "gpt-4o", purpose="title")


def test_a_title_may_be_made_when_only_the_replies_are_used_up(alice):
    a_budget(person=alice, limit=1)
    call(alice)
    assert not usage.may_spend(alice, "gpt-4o")
    assert usage.may_spend(alice, "gpt-4o", purpose="title")


def test_the_same_form_again_is_answered_with_its_first_reply(alice):
    a_budget(person=alice, limit=1)
    form = uuid.uuid4()
    assert ask(alice, id=form) == ask(alice, id=form)


def test_replies_a_minute(alice, settings):
    settings.REPLIES_PER_MINUTE = 2
    call(alice)
    past_call(alice, timezone.now() - timedelta(seconds=50))
    with pytest.raises(OverLimit) as refusal:
        ask(alice)
    assert 9 <= refusal.value.limit.retry_after <= 11
    assert limit_sentence(refusal.value.limit).startswith("You may ask for 2 replies a minute.")


def test_replies_at_a_time(alice, settings):
    settings.CONCURRENT_REPLIES = 1
    first = ask(alice)
    assert refused(alice).startswith("1 reply may be written for you at a time.")
    end(first, REPORTED)
    assert ask(alice)


def test_a_very_large_budget_is_kept_exactly(alice):
    a_budget(person=alice, limit=10**15, metric="tokens")
    [standing] = usage.standings(alice)
    assert standing.left == 10**15
    assert ask(alice)


@pytest.mark.parametrize("limit", [-1, 10**15 + 1])
def test_a_budget_out_of_range_is_refused_by_the_database(alice, limit):
    with pytest.raises(DatabaseError), transaction.atomic():
        a_budget(person=alice, limit=limit)


def test_changes_of_a_budget_are_kept(alice, research):
    budget = a_budget(person=alice)
    budget.limit = 5
    budget.changed_by = "administrator"
    budget.save()
    a_budget(group=research)
    research.delete()
    alice.delete()
    history = BudgetChange.objects.filter(budget_id=budget.pk).order_by("id")
    assert list(history.values_list("action", "holder", "limit")) == [
        ("made", "alice", 3),
        ("changed", "alice", 5),
        ("removed", "alice", 5),
    ]
    assert history[1].by == "administrator"
    assert BudgetChange.objects.filter(holder="Research", action="removed").exists()


@pytest.mark.parametrize("metric", ["tokens", "cost"])
def test_parallel_replies_go_beyond_a_budget_by_less_than_one(alice, metric):
    """Whatever each may use is reserved: the next is refused while they could use it all."""
    Price.objects.create(model="gpt-4o", input=1, output=1, valid_from=timezone.now())
    a_model(max_output_tokens=4_000)
    a_budget(person=alice, limit={"tokens": 10_000, "cost": Decimal("0.01")}[metric], metric=metric)
    taken = [ask(alice), ask(alice), ask(alice)]
    assert "reserved" in refused(alice)
    used = {**REPORTED, "output_tokens": 4_000, "input_tokens": 2, "cached_tokens": 0}
    for response in taken:
        end(response, used)
    [standing] = usage.standings(alice)
    assert 0 <= standing.used - standing.budget.limit < standing.used / 3


def test_what_may_be_written_to_the_cache_and_searched_is_reserved(alice):
    now = timezone.now()
    for tier, factor in (("", 1), ("priority", 2)):
        Price.objects.create(
            model="m", tier=tier, input=factor, cache_write=3, output=factor, valid_from=now
        )
    ToolPrice.objects.create(tool="web_search", per_use=Decimal("0.01"), valid_from=now)
    ToolPrice.objects.create(tool="file_search", per_use=Decimal("0.002"), valid_from=now)
    a_budget(person=alice, limit=5, metric="cost")
    tools = [
        {"type": "openrouter:web_search"},
        {"type": "file_search"},
        {"type": ["x"]},
        "web_search",
        None,
    ]

    def reserved(**parameters):
        with transaction.atomic():
            found = usage.reserve(
                alice, "m", texts=["x" * 4_000], max_output_tokens=2_000, parameters=parameters
            )
        return found["reserved_cost"]

    assert reserved() == Decimal("0.005")
    assert reserved(service_tier="priority") == Decimal("0.007")
    assert reserved(tools=tools, max_tool_calls=3) == Decimal("0.035")
    assert reserved(tools=tools) == Decimal("0.015")
    assert reserved(tools=tools[1:], max_tool_calls=3) == Decimal("0.011")
    assert reserved(tools=[], max_tool_calls=3) == Decimal("0.005")


@pytest.mark.parametrize("metric", ["replies", "tokens", "cost"])
def test_of_fifty_at_once_exactly_three_go_through(transactional_db, metric):
    alice = make_person("alice")
    Price.objects.create(model="gpt-4o", input=1, output=1, valid_from=timezone.now())
    a_model(max_output_tokens=100)
    # Each reserves 100 tokens of input and 100 of output.
    limit = {"replies": 3, "tokens": 600, "cost": Decimal("0.0006")}[metric]
    a_budget(person=alice, limit=limit, metric=metric)

    def attempt(_):
        try:
            ask(alice, text="x" * 400)
        except OverLimit:
            return "refused"
        finally:
            connections.close_all()
        return "taken"

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(attempt, range(50)))
    assert outcomes.count("taken") == 3
    assert outcomes.count("refused") == 47
    assert Response.objects.count() == 3


def test_of_many_in_several_processes_exactly_three_go_through(transactional_db):
    alice = make_person("alice")
    a_model()
    a_budget(person=alice)
    command = [sys.executable, "-m", "tests.support.competing_process", str(alice.pk), "13"]
    environment = {**os.environ, "DATABASE_URL": database_url()}
    competitors = [
        subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    assert [each.stdout.readline() for each in competitors] == ["ready\n"] * 4
    for each in competitors:
        each.stdin.write("go\n")
        each.stdin.flush()
    taken = [int(each.communicate(timeout=120)[0]) for each in competitors]
    assert sum(taken) == 3
    assert Response.objects.open().count() == 3
