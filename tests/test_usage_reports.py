"""Reports add up, whatever they are cut by, and files have the rows of the screen."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from conversations.models import Budget, Price, Response, UsageDay, UsageRollup, UsageScope
from conversations.models.usage_day import FIRST_TOKEN, TOTAL_TIME
from conversations.usage import calendar
from conversations.usage.chart import draw, round_below
from conversations.usage.histogram import percentile
from conversations.usage.report_tables import FIGURES
from conversations.usage.reports import Sums
from conversations.usage.spans import cover
from tests.conftest import make_person
from tests.support.ledger_rows import REFUSED, REPORTED, STOPPED, balanced, call, past_call
from tests.support.visitor import session_of

THEN = datetime(2026, 5, 13, 12, tzinfo=UTC)
MIGRATION = "conversations.migrations.0025_prices_of_2026"


@pytest.fixture
def viewer(db):
    """May see everyone's usage, and is nothing else."""
    person = make_person("vera")
    person.user_permissions.add(Permission.objects.get(codename="view_usage"))
    return person


@pytest.fixture
def as_viewer(client, viewer):
    client.cookies["session"] = session_of(viewer)
    return client


def log_in(client, person):
    client.cookies["session"] = session_of(person)
    return client


def rows_of(client, address):
    """The rows of a CSV file as mappings."""
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def a_history(alice, bob):
    """Ten calls in spring, of two people and models, on the edges of weeks and months too."""
    Price.objects.create(
        model="gpt-4o", input=1, cached_input=0, output=1, valid_from=THEN - timedelta(days=99)
    )
    for days in (-43, -42, -13, -12, 0, 1, 18, 19):
        past_call(alice, THEN + timedelta(days=days))
    past_call(bob, THEN, STOPPED, model="claude")
    past_call(bob, THEN, REFUSED)


def test_a_file_has_the_figures_of_the_ledger(as_viewer, alice, bob):
    a_history(alice, bob)
    rows = rows_of(as_viewer, "/usage/people.csv?from=2026-05-01&to=2026-05-31")
    by_name = {row["username"]: row for row in rows}
    assert by_name["alice"]["replies"] == "4"
    assert by_name["alice"]["input_tokens"] == "4000"
    assert by_name["alice"]["cached_tokens"] == "1600"
    assert by_name["alice"]["output_tokens"] == "400"
    assert by_name["alice"]["reasoning_tokens"] == "80"
    assert by_name["alice"]["total_tokens"] == "4400"
    assert Decimal(by_name["alice"]["cost"]) == 4 * Decimal("0.0007")
    assert by_name["bob"]["replies"] == "2"
    assert by_name["bob"]["failed"] == "1"
    assert by_name["bob"]["total_tokens"] == "0"
    assert by_name["bob"]["estimated_input_tokens"] == "7"
    assert by_name["bob"]["cost"] == ""  # unpriced is not free


@pytest.mark.parametrize(
    "dates",
    [
        ("2026-05-13", "2026-05-13"),
        ("2026-04-30", "2026-05-31"),
        ("2026-03-31", "2026-06-01"),
        ("2026-05-02", "2026-05-30"),
        ("2025-01-15", "2026-12-01"),
    ],
)
@pytest.mark.parametrize("model", ["", "gpt-4o"])
def test_all_cuts_of_all_ranges_add_up_to_the_ledger(as_viewer, alice, bob, dates, model):
    a_history(alice, bob)
    first, last = map(date.fromisoformat, dates)
    ledger = Response.objects.filter(
        created_at__gte=calendar.start_of(first),
        created_at__lt=calendar.start_of(last + timedelta(days=1)),
    )
    if model:
        ledger = ledger.filter(model=model)
    expected = sum(call.input_tokens or 0 for call in ledger)
    for by in ("person", "group", "model", "day"):
        rows = rows_of(as_viewer, f"/usage/people.csv?from={first}&to={last}&by={by}&model={model}")
        assert sum(int(row["input_tokens"]) for row in rows) == expected, by
        assert sum(int(row["replies"]) for row in rows) == len(ledger), by


def test_who_is_in_several_groups_is_counted_once(as_viewer, alice, bob):
    one, other = Group.objects.create(name="Platform"), Group.objects.create(name="Research")
    alice.groups.add(one, other)
    bob.groups.add(one)
    for person in (alice, bob):
        call(person)
    rows = rows_of(as_viewer, "/usage/people.csv?by=group&sort=name")
    assert [(row["group"], row["replies"]) for row in rows] == [
        ("Platform", "1"),
        ("Platform + Research", "1"),
    ]


def test_a_group_narrows_to_its_members(as_viewer, alice, bob):
    group = Group.objects.create(name="Research")
    alice.groups.add(group)
    for person in (alice, bob):
        call(person)
    for by, count in (("person", 1), ("model", 1), ("day", 1)):
        rows = rows_of(as_viewer, f"/usage/people.csv?group={group.pk}&by={by}")
        assert len(rows) == count
        assert rows[0]["input_tokens"] == "1000"


def test_the_rows_come_in_the_order_asked_for(as_viewer, alice, bob):
    call(alice)
    call(bob)
    call(bob)
    for sort, names in (
        ("replies", ["alice", "bob"]),
        ("-replies", ["bob", "alice"]),
        ("name", ["alice", "bob"]),
        ("-name", ["bob", "alice"]),
        ("nonsense", ["bob", "alice"]),
        ("-total_time_median", None),
    ):
        rows = rows_of(as_viewer, f"/usage/people.csv?sort={sort}")
        assert names is None or [row["username"] for row in rows] == names


@pytest.mark.parametrize("sort", ["first_token_median", "total_time_p95"])
def test_people_come_in_the_order_of_their_times(as_viewer, alice, bob, sort):
    none = dict.fromkeys(FIRST_TOKEN + TOTAL_TIME, 0)
    for person, bucket in ((alice, 9), (bob, 1)):
        past_call(person, timezone.now())
        counts = {FIRST_TOKEN[bucket]: 1, TOTAL_TIME[bucket]: 1}
        UsageRollup.objects.filter(person_id=person.pk).update(**{**none, **counts})
    for order, names in ((sort, ["bob", "alice"]), (f"-{sort}", ["alice", "bob"])):
        page = as_viewer.get(f"/usage/people/?sort={order}")
        assert [row.label for row in page.context["rows"]] == names
        rows = rows_of(as_viewer, f"/usage/people.csv?sort={order}")
        assert [row["username"] for row in rows] == names


def test_people_come_in_the_order_of_their_groups(as_viewer, alice, bob):
    for name, person in (("Zoology", alice), ("Botany", bob), ("Physics", make_person("carol"))):
        person.groups.add(Group.objects.create(name=name))
        call(person)
    for sort, names in (
        ("groups", ["bob", "carol", "alice"]),
        ("-groups", ["alice", "carol", "bob"]),
    ):
        rows = rows_of(as_viewer, f"/usage/people.csv?sort={sort}")
        assert [row["username"] for row in rows] == names
        page = as_viewer.get(f"/usage/people/?sort={sort}")
        assert [row.label for row in page.context["rows"]] == names
    assert as_viewer.get("/usage/people/?by=model&sort=groups").status_code == 200


def test_a_formula_in_a_name_stays_text(as_viewer):
    for name in ("+SUM(1)", "@cmd", "-1", "=1+1"):
        call(make_person(name))
    names = {row["username"] for row in rows_of(as_viewer, "/usage/people.csv")}
    assert names == {"'+SUM(1)", "'@cmd", "'-1", "'=1+1"}


def test_a_deleted_person_keeps_their_row_and_a_namesake_begins_anew(as_viewer, alice):
    call(alice)
    gone = alice.pk
    alice.delete()
    namesake = make_person("alice")
    call(namesake)
    call(namesake)
    rows = rows_of(as_viewer, "/usage/people.csv?sort=replies")
    assert [(row["username"], row["replies"]) for row in rows] == [("alice", "1"), ("alice", "2")]
    page = as_viewer.get("/usage/people/").text
    assert f"/usage/people/alice/?id={gone}&amp;" in page
    assert "has left" in page
    [day] = rows_of(as_viewer, f"/usage/people/alice.csv?id={gone}")
    assert day["replies"] == "1"
    [day] = rows_of(as_viewer, "/usage/people/alice.csv")
    assert day["replies"] == "2"


def test_the_screen_has_the_rows_and_totals_of_the_file(as_viewer, alice, bob):
    a_history(alice, bob)
    page = as_viewer.get("/usage/people/?from=2026-05-01&to=2026-05-31").text
    assert 'href="/usage/people.csv?from=2026-05-01&amp;to=2026-05-31"' in page
    for shown in ("alice", "bob", "4,000", "1,600", "$0.0028", "unpriced", "claude"):
        assert shown in page
    assert "style=" not in page
    assert "<script>" not in page


SUMMED = (
    *("replies", "titles", "failed", "input_tokens", "cached_tokens", "output_tokens"),
    *("reasoning_tokens", "total_tokens", "estimated_input_tokens", "estimated_output_tokens"),
    *("cache_write_tokens", "cost", "tool_cost", "estimated_cost"),
    "unpriced",
)


@pytest.mark.parametrize("by", ["person", "group", "model", "day"])
@pytest.mark.parametrize("model", ["", "gpt-4o"])
def test_the_total_is_the_sum_of_the_rows(as_viewer, alice, bob, by, model):
    a_history(alice, bob)
    past_call(bob, THEN, purpose="title")
    alice.groups.add(Group.objects.create(name="Research"))
    query = f"by={by}&model={model}&from=2026-03-31&to=2026-06-01"
    rows = rows_of(as_viewer, f"/usage/people.csv?{query}")
    total = as_viewer.get(f"/usage/people/?{query}").context["total"]
    assert total["replies"] > 0
    for name in SUMMED:
        summed = sum(Decimal(row[name] or 0) for row in rows)
        assert FIGURES[name](total) == summed, name


def test_the_bars_have_a_table_of_their_own_unless_it_is_cut_by_day(as_viewer, alice, bob):
    a_history(alice, bob)
    dates = "from=2026-05-01&to=2026-05-31"
    for by, tables in (("person", 2), ("group", 2), ("model", 2), ("day", 1)):
        page = as_viewer.get(f"/usage/people/?by={by}&{dates}").text
        assert page.count("<table") == tables, by
        for day in ("May 1", "May 13", "May 14", "May 31"):
            assert f"<title>{day}: $0.000700</title>" in page
            row = f'<th scope="row">{day}</th><td class="num">$0.000700</td>'
            assert (row in page) == (tables == 2)


def test_many_people_are_shown_page_by_page_and_all_in_the_file(as_viewer):
    for n in range(102):
        past_call(make_person(f"person{n:03}"), timezone.now())
    first = as_viewer.get("/usage/people/?sort=name").text
    second = as_viewer.get("/usage/people/?sort=name&page=2").text
    assert "person049" in first
    assert "person050" not in first
    assert "person050" in second
    assert "Page 2 of 3" in second
    assert "102 people" in first
    assert "102 people" in second
    assert "102,000" in second  # the total is of all
    assert len(rows_of(as_viewer, "/usage/people.csv?sort=name")) == 102


def test_a_title_that_failed_is_no_failed_reply(as_viewer, alice):
    call(alice)
    past_call(alice, timezone.now(), REFUSED, purpose="title")
    [row] = rows_of(as_viewer, "/usage/people.csv")
    assert (row["replies"], row["titles"], row["failed"]) == ("1", "1", "0")
    assert "% failed" not in as_viewer.get("/usage/people/").text
    past_call(alice, timezone.now(), REFUSED)
    assert "50.0 % failed" in as_viewer.get("/usage/people/").text


def test_sums_from_before_forget_the_titles_that_failed(alice):
    for purpose in ("title", "reply"):
        past_call(alice, THEN, REFUSED, purpose=purpose)
    UsageDay.objects.filter(purpose="title").update(failed=1)
    by_month = UsageRollup.objects.filter(grain=UsageRollup.Grain.MONTH)
    by_month.filter(purpose="title").update(failed=1)
    UsageRollup.objects.exclude(grain=UsageRollup.Grain.MONTH).update(failed=2)
    import_module(MIGRATION).forget_failed_titles(apps, None)
    assert balanced()


@pytest.fixture
def named(alice, bob):
    """Costs that the gateway named on two days: 20 % more than ours, and where we have none."""
    Price.objects.create(model="gpt-4o", input=1, output=1, valid_from=THEN - timedelta(days=9))
    for person, at, model, cost in (
        (alice, THEN, "gpt-4o", "0.00132"),
        (bob, THEN, "gpt-4o", "0.00132"),
        (alice, THEN + timedelta(days=1), "=new", "0.5"),
        (alice, THEN, "gpt-4o", None),
    ):
        past_call(person, at, {**REPORTED, "reported_cost": cost and Decimal(cost)}, model=model)


DATES = "from=2026-05-01&to=2026-05-31"


def test_the_costs_that_the_gateway_named_stand_beside_ours(as_viewer, named):
    rows = rows_of(as_viewer, f"/usage/costs.csv?{DATES}")
    assert [tuple(row.values()) for row in rows] == [
        ("2026-05-14", "'=new", "1", "0.50000000", "0.50000000", "0.00000000", "0.00000000"),
        ("2026-05-13", "gpt-4o", "2", "0.00264000", "0.00000000", "0.00220000", "0.00044000"),
    ]
    page = as_viewer.get(f"/usage/costs/?{DATES}")
    for shown in ("+20.0 %", "0.002640", "0.000440", "=new", "0.5000", "0.5026"):
        assert shown in page.text
    assert "The gateway named no cost" in as_viewer.get("/usage/costs/?to=2020-01-01").text
    assert as_viewer.get("/usage/costs/?from=x").status_code == 422
    assert balanced()


def test_costs_are_limited_to_a_model_and_to_the_groups_of_the_viewer(
    as_viewer, viewer, bob, named
):
    [row] = rows_of(as_viewer, f"/usage/costs.csv?{DATES}&model=gpt-4o")
    assert row["calls"] == "2"
    group = Group.objects.create(name="Research")
    bob.groups.add(group)
    UsageScope.objects.create(viewer=viewer).groups.add(group)
    [row] = rows_of(as_viewer, f"/usage/costs.csv?{DATES}")
    assert (row["calls"], row["reported_cost"]) == ("1", "0.00132000")


def test_the_page_says_what_has_no_price(as_viewer, alice):
    Price.objects.create(model="gpt-4o", input=1, output=1, valid_from=THEN)
    call(alice, {**REPORTED, "cache_write_tokens": 5})
    call(alice, {**REPORTED, "service_tier": "flex"})
    call(alice, model="claude")
    page = as_viewer.get("/usage/people/").text
    assert (
        "<code>claude</code> (1 call), <code>gpt-4o</code> (2 calls): cache_write, tier flex."
        in page
    )


@pytest.mark.parametrize(
    "address",
    [
        "/usage/people/",
        "/usage/people.csv",
        "/usage/people/alice/",
        "/usage/costs/",
        "/usage/costs.csv",
    ],
)
def test_others_find_no_such_page(client, alice, bob, address):
    assert log_in(client, bob).get(address).status_code == 404
    client.cookies.clear()
    assert client.get(address).status_code == 302


def test_superusers_may_see_usage(client, administrator, alice):
    call(alice)
    assert "alice" in log_in(client, administrator).get("/usage/people/").text


def test_a_limited_viewer_sees_members_only(as_viewer, viewer, alice, bob):
    group = Group.objects.create(name="Research")
    other = Group.objects.create(name="Platform")
    alice.groups.add(group)
    scope = UsageScope.objects.create(viewer=viewer)
    scope.groups.add(group)
    call(alice)
    call(bob)
    page = as_viewer.get("/usage/people/").text
    assert "alice" in page
    assert "bob" not in page
    assert "Platform" not in page
    for by in ("person", "model", "day", "group"):
        rows = rows_of(as_viewer, f"/usage/people.csv?by={by}")
        assert [row["replies"] for row in rows] == ["1"], by
    assert as_viewer.get("/usage/people/alice/").status_code == 200
    assert as_viewer.get("/usage/people/bob/").status_code == 404
    assert as_viewer.get(f"/usage/people/?group={other.pk}").status_code == 422
    assert as_viewer.get(f"/usage/people/bob/?id={bob.pk}").status_code == 404


def test_my_usage_names_budgets_titles_and_conversations(client, alice, bob):
    call(alice, text="Tides explained")
    past_call(alice, timezone.now(), purpose="title")
    call(bob)
    Budget.objects.create(person=alice, period="month", metric="replies", limit=4)
    page = log_in(client, alice).get("/usage/?by=conversation").text
    assert "The personal budget of 4 replies a month: 1 reply used, 3 replies left." in page
    assert "Tides explained" in page
    assert "Titles in this range" in page
    assert "1,000" in page
    [by_day] = rows_of(client, "/usage.csv")
    assert (by_day["replies"], by_day["titles"], by_day["input_tokens"]) == ("1", "1", "2000")
    rows = rows_of(client, "/usage.csv?by=conversation")
    assert {row["title"] for row in rows} == {"Tides explained", "Deleted"}


def test_one_persons_page_shows_figures_and_no_text(as_viewer, alice):
    call(alice, text="A secret plan")
    page = as_viewer.get("/usage/people/alice/").text
    assert "1,000" in page
    assert "secret" not in page
    assert as_viewer.get("/usage/people/alice/?by=conversation").status_code == 422
    assert as_viewer.get("/usage/people/nobody/").status_code == 404


@pytest.mark.parametrize(
    "query", ["from=2026-02-30", "from=x", "from=2026-05-02&to=2026-05-01", "to=9999", "by=nothing"]
)
def test_a_wrong_range_is_said_to_be_so(as_viewer, query):
    assert as_viewer.get(f"/usage/people/?{query}").status_code == 422
    assert as_viewer.get(f"/usage/?{query}").status_code == 422
    assert as_viewer.get(f"/usage/people.csv?{query}").status_code == 422


def test_the_composer_shows_what_is_left_once_most_is_used(client, alice):
    Budget.objects.create(person=alice, period="day", metric="replies", limit=5)
    for _ in range(3):
        call(alice)
    assert "personal budget" not in log_in(client, alice).get("/").text
    call(alice)
    assert "budget of 5 replies a day: 4 replies used, 1 reply left." in client.get("/").text
    turn = client.post("/", {"text": "Hello", "model": "gpt-4o"}, headers={"X-Fragment": "turn"})
    assert "1 reply reserved" in turn.text


def test_months_stand_for_days_in_long_ranges(as_viewer, alice, bob):
    a_history(alice, bob)
    rows = rows_of(as_viewer, "/usage/people.csv?by=day&from=2025-06-01&to=2026-06-30")
    assert [(row["day"], row["replies"]) for row in rows] == [
        ("2026-03", "1"),
        ("2026-04", "2"),
        ("2026-05", "6"),
        ("2026-06", "1"),
    ]


dates = st.dates(date(2023, 12, 1), date(2025, 3, 1))
periods = st.sampled_from([("day",), ("day", "month"), ("day", "week", "month")])


@given(first=dates, length=st.integers(1, 400), periods=periods)
def test_spans_add_up_to_exactly_the_days_of_a_range(first, length, periods):
    last = first + timedelta(days=length - 1)
    added, subtracted = cover(first, last, periods)
    days = {}
    for sign, spans in ((1, added), (-1, subtracted)):
        for period, starts in spans.items():
            for start in starts:
                assert calendar.first_day(period, start) == start
                day = start
                while day < calendar.next_first_day(period, start):
                    days[day] = days.get(day, 0) + sign
                    day += timedelta(days=1)
    counted = {day: count for day, count in days.items() if count}
    assert counted == {first + timedelta(days=n): 1 for n in range(length)}


@given(first=dates)
def test_a_quarter_takes_few_spans(first):
    spans = cover(first, first + timedelta(days=91), ("day", "week", "month"))
    assert sum(len(starts) for kind in spans for starts in kind.values()) <= 19


@pytest.mark.parametrize(
    ("counts", "share", "value"),
    [
        ([0, 0, 0], 0.5, None),
        ([4, 0, 0], 0.5, 0.5),
        ([0, 10, 0], 0.5, 1.5),
        ([5, 5, 0], 0.5, 1.0),
        ([0, 0, 3], 0.95, 2),
        ([1, 0, 1], 0.5, 1),
    ],
)
def test_percentiles_lie_within_their_bucket(counts, share, value):
    assert percentile(counts, (1, 2), share) == value


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=100))
def test_bars_stay_within_their_frame(values):
    chart = draw([(str(n), value) for n, value in enumerate(values)], str)
    shown = [(bar.label, bar.value) for bar in chart.bars]
    assert shown == [(str(n), str(value)) for n, value in enumerate(values) if value]
    for bar in chart.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= chart.width
        assert 0 <= bar.y < bar.y + bar.height <= chart.bottom
    assert 1 <= len(chart.labels) <= 6


@pytest.mark.parametrize(
    ("value", "below"),
    [(0, 0), (1, 1), (999, 500), (1000, 1000), (Decimal("0.0347"), Decimal("0.02"))],
)
def test_the_scale_is_a_round_number(value, below):
    assert round_below(value) == below


def test_shares_are_of_what_there_is():
    sums = Sums(reported=3, estimated=1, calls=7, replies=5, failed=1)
    assert (sums.coverage, sums.failed_share) == (0.75, 0.2)
    assert Sums().coverage is None
