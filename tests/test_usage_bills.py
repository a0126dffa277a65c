"""Exports for comparison with a gateway's bill, and the comparison itself."""

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from conversations.models import Price, Response, ToolPrice
from tests.support.ledger_rows import REFUSED, REPORTED, STOPPED, past_call

NIGHT = datetime(2026, 5, 13, 23, 30, tzinfo=UTC)


@pytest.fixture
def spring(alice):
    """Three calls on the 13th, one an hour later, and one that reached nobody."""
    Price.objects.create(model="gpt-4o", input=1, output=1, valid_from=NIGHT - timedelta(days=9))
    past_call(alice, NIGHT)
    past_call(alice, NIGHT, model="claude")
    past_call(alice, NIGHT, STOPPED)
    past_call(alice, NIGHT + timedelta(hours=1))
    past_call(alice, NIGHT, REFUSED)


def export(*arguments):
    out = StringIO()
    call_command("export_usage", *arguments, stdout=out)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


def reconcile(tmp_path, bill, *arguments):
    file = tmp_path / "bill.csv"
    file.write_text(bill)
    out = StringIO()
    try:
        call_command("reconcile_usage", str(file), *arguments, stdout=out)
    except CommandError as error:
        return [*out.getvalue().splitlines(), str(error)]
    return out.getvalue().splitlines()


def test_sums_by_day_and_model_are_of_utc_days(spring):
    rows = export()
    assert [(row["day"], row["model"], row["reached"], row["input_tokens"]) for row in rows] == [
        ("2026-05-13", "claude", "1", "1000"),
        ("2026-05-13", "gpt-4o", "2", "1000"),
        ("2026-05-14", "gpt-4o", "1", "1000"),
    ]
    assert (rows[1]["calls"], rows[1]["estimated_input_tokens"]) == ("3", "7")
    assert (rows[0]["cost"], rows[2]["cost"]) == ("", "0.00110000")


def test_another_zone_has_other_days(spring):
    rows = export("--tz", "Asia/Tokyo", "--by", "day")
    assert [(row["day"], row["calls"]) for row in rows] == [("2026-05-14", "5")]
    assert export("--tz", "Asia/Tokyo", "--until", "2026-05-13") == []


def test_single_calls_carry_their_ids(spring):
    Response.objects.filter(created_at=NIGHT, model="claude").update(
        upstream_id="resp_1", request_id="=req"
    )
    rows = export("--rows", "--since", "2026-05-13", "--until", "2026-05-13")
    assert len(rows) == 4
    [claude] = [row for row in rows if row["model"] == "claude"]
    assert (claude["upstream_id"], claude["request_id"]) == ("resp_1", "'=req")
    assert claude["created_at"] == "2026-05-13T23:30:00+00:00"


@pytest.fixture
def charged(alice):
    """A call with two searches, in another tier, for which the gateway named a cost."""
    ToolPrice.objects.create(tool="web_search", per_use=1, valid_from=NIGHT - timedelta(days=9))
    Price.objects.create(
        model="gpt-4o", tier="flex", input=1, output=1, valid_from=NIGHT - timedelta(days=9)
    )
    said = {
        "service_tier": "flex",
        "tool_usage": {"web_search": 2},
        "reported_cost": Decimal("2.5"),
        "reported_cost_source": "usage",
        "cache_write_tokens": 0,
    }
    return past_call(alice, NIGHT, {**REPORTED, **said})


def test_charges_tier_and_reported_cost_are_exported(charged):
    [row] = export("--rows")
    assert (row["service_tier"], row["tool_cost"]) == ("flex", "2.00000000")
    assert (row["reported_cost"], row["reported_cost_source"]) == ("2.50000000", "usage")
    assert (row["cost"], row["missing_prices"]) == ("2.00110000", "")
    [row] = export("--by", "service_tier")
    assert (row["service_tier"], row["reported_cost"], row["cache_write_tokens"]) == (
        "flex",
        "2.50000000",
        "0",
    )
    [row] = export("--charges", "--since", "2026-05-13")
    assert row == {
        "response": str(charged.pk),
        "created_at": "2026-05-13T23:30:00+00:00",
        "model": "gpt-4o",
        "kind": "web_search",
        "quantity": "2",
        "unit_price": "1.0000000000",
        "amount": "2.00000000",
        "basis": "reported",
    }
    assert export("--charges", "--since", "2026-05-14") == []


def test_a_bill_of_tools_is_compared(charged, tmp_path):
    bill = "day,model,tool_cost,cached\n2026-05-13,gpt-4o,2.5,400\n"
    assert reconcile(tmp_path, bill, "--cached-tokens", "cached")[0] == (
        "2026-05-13 gpt-4o: tool_cost 2.5 on the bill, 2.00000000 in the books (+25.00 %)"
    )


def test_a_file_is_written_where_asked(spring, tmp_path):
    call_command("export_usage", "--output", str(tmp_path / "out.csv"))
    assert (tmp_path / "out.csv").read_text().startswith("day,model,calls,reached,input_tokens,")


def test_calls_without_a_known_cost_are_counted_beside_the_sums(spring):
    rows = export("--by", "model")
    assert [(row["model"], row["unpriced"]) for row in rows] == [("claude", "1"), ("gpt-4o", "0")]


@pytest.mark.parametrize(("cuts", "said"), [("day,nonsense", "not nonsense"), ("", "not nothing")])
def test_an_unknown_cut_is_refused(db, cuts, said):
    with pytest.raises(CommandError, match=said):
        export("--by", cuts)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("export_usage --since 2026-13-01", "is no day"),
        ("export_usage --until 9999-12-31", "is not between"),
        ("export_usage --tz Mars/Olympus", "is no time zone"),
        ("export_usage --rows --charges", "not allowed with"),
        ("export_usage --output /nowhere/out.csv", "No such file"),
        ("price_responses --since 0001-01-01", "is not between"),
        ("check_usage --since yesterday", "is no day"),
        ("reconcile_usage bill.csv --tolerance much", "is no number of per cent"),
        ("reconcile_usage bill.csv --tolerance NaN", "is no number of per cent"),
        ("reconcile_usage bill.csv --tz Mars", "is no time zone"),
    ],
)
def test_what_cannot_be_used_is_a_sentence(db, command, said):
    with pytest.raises(CommandError, match=said):
        call_command(*command.split())


BILL = """day,model,calls,input_tokens,output_tokens
2026-05-13,gpt-4o,2,1007,103
2026-05-13,claude,1,1000,100
2026-05-14,gpt-4o,1,1000,100
"""


def test_a_bill_that_agrees(spring, tmp_path):
    assert reconcile(tmp_path, BILL) == [
        "calls, input_tokens, output_tokens agree on 3 days and models"
    ]


def test_differences_are_named_and_end_with_an_error(spring, tmp_path):
    bill = BILL.replace("1,1000,100\n2026-05-14", "1,1500,100\n2026-05-14")
    assert reconcile(tmp_path, bill) == [
        "2026-05-13 claude: input_tokens 1500 on the bill, 1000 in the books (+50.00 %)",
        "1 differences above 1 %",
    ]
    assert reconcile(tmp_path, bill, "--tolerance", "50")[-1].startswith("calls,")


def test_what_only_one_side_has_is_a_difference(spring, tmp_path):
    bill = BILL.replace("2026-05-13,claude,1,1000,100\n", "2026-05-14,o3,1,5,5\n")
    found = reconcile(tmp_path, bill)
    assert "2026-05-13 claude: calls 0 on the bill, 1 in the books (-100.00 %)" in found
    assert "2026-05-14 o3: calls 1 on the bill, 0 in the books (not in the books)" in found


def test_other_headings_and_dates_are_mapped(spring, tmp_path):
    bill = (
        "Date,Model name,Requests,Amount\n"
        "05/13/2026 00:00,gpt-4o,2,0.00111000\n05/13/2026 00:00,claude,1,0\n"
        "05/14/2026 00:00,gpt-4o,1,0.0011\n"
    )
    options = ["--day", "Date", "--day-format", "%m/%d/%Y", "--model", "Model name"]
    options += ["--calls", "Requests", "--cost", "Amount"]
    assert reconcile(tmp_path, bill, *options) == ["calls, cost agree on 3 days and models"]


def test_the_bills_days_may_be_of_another_zone(spring, tmp_path):
    bill = "day,model,calls\n2026-05-14,gpt-4o,3\n2026-05-14,claude,1\n"
    assert reconcile(tmp_path, bill, "--tz", "Asia/Tokyo") == ["calls agree on 2 days and models"]


@pytest.mark.parametrize(
    ("bill", "complaint"),
    [
        ("", "none of its columns is known"),
        ("day,model,calls\n", "there is no row in it"),
        ("date,model,calls\n", "no column 'day'"),
        ("day,model,calls\n2026-05-13,gpt-4o,many\n", "line 2 cannot be read"),
        ("day,model,calls\n13.5.,gpt-4o,1\n", "line 2 cannot be read"),
        ("day,model,calls\n2026-05-13,gpt-4o,NaN\n", "line 2 cannot be read"),
        ("day,model,calls\n9999-12-31,gpt-4o,1\n", "is no day of a bill"),
        (f"day,model,calls\n2026-05-13,{'a' * 140_000},1\n", "field larger than"),
    ],
)
def test_a_file_that_is_no_bill_is_said_to_be_so(db, tmp_path, bill, complaint):
    assert complaint in reconcile(tmp_path, bill)[-1]


def test_a_file_that_is_not_there_is_said_so(db):
    with pytest.raises(CommandError, match="No such file"):
        call_command("reconcile_usage", "/nowhere.csv")
