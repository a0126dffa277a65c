"""Reconciliation: exports model calls (Responses) as CSV, and compares them with a gateway's
bill."""

import csv
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation

from django.db.models import BigIntegerField, Count, F, Q, Sum
from django.db.models.functions import Cast, Round, TruncDate

from conversations.form_fields import FIRST_DAY, LAST_DAY
from conversations.models import Charge, Response
from conversations.models.response import RATES, TOKENS
from conversations.models.usage_day import COST_PLACES, money
from conversations.usage.calendar import ONE_DAY
from conversations.usage.consistency_check import FINAL

Source = Response.UsageSource

# Columns that sums of Responses can be grouped by.
CUTS = (
    *("day", "model", "answered_model", "service_tier", "purpose", "person_id", "status"),
    "usage_source",
)
# Columns that are added up: tokens and uses of tools, and amounts of money.
COUNTS = (*TOKENS, "tool_uses")
MONEY = ("cost", "tool_cost", "reported_cost")
SUMMED = (*COUNTS, *MONEY)
# Columns of the list of Responses, for a bill that lists single calls.
ROW = (
    "id",
    "upstream_id",
    "request_id",
    "created_at",
    "finished_at",
    "person_id",
    "username",
    "purpose",
    "model",
    "answered_model",
    "service_tier",
    "status",
    "http_status",
    "attempts",
    "usage_source",
    *SUMMED,
    "reported_cost_source",
    "missing_prices",
    *RATES.values(),
)
# Columns of the list of Charges, after the id and the time of their Response.
CHARGE = ("kind", "quantity", "unit_price", "amount", "basis")
# Figures that a bill can be compared by. Of these only tokens of input and of output are estimated
# where the gateway reports none.
COMPARED = (
    *("calls", "input_tokens", "output_tokens", "cost"),
    *("cached_tokens", "cache_write_tokens", "cache_write_12h_tokens", "tool_cost"),
)


def ended_calls(since=None, until=None, zone=UTC):
    """Return a queryset of the ended Responses created from the date `since` to the date `until`,
    both included (None: no bound); days begin at midnight of the tzinfo `zone`."""
    calls = Response.objects.filter(status__in=FINAL)
    if since:
        calls = calls.filter(created_at__gte=datetime.combine(since, time(), zone))
    if until:
        calls = calls.filter(created_at__lt=datetime.combine(until + ONE_DAY, time(), zone))
    return calls


def summed(calls, by, zone=UTC):
    """Return `(header, rows)` for a CSV file. `rows` is an iterator with one row for each
    combination of the columns `by` (names from CUTS) among `calls`, a queryset of Response: the
    number of calls and of those that reached a model, the sums of tokens, uses of tools and costs,
    and the number of calls of unknown cost. The column "day" is the date in the tzinfo `zone`."""
    calls = calls.annotate(day=TruncDate("created_at", tzinfo=zone))
    # What never reached a model is on no bill.
    reached = Count("pk", filter=~Q(usage_source=Source.NONE))
    unpriced = Count("pk", filter=Q(cost=None) & ~Q(usage_source=Source.NONE))
    sums = {f"sum_{name}": Sum(name) for name in COUNTS}
    # In whole units: SQLite would add decimals as floating point numbers.
    for name in MONEY:
        units = Cast(Round(F(name) * 10**COST_PLACES), BigIntegerField())
        sums[f"sum_{name}"] = Sum(units)
    counts = {"calls": Count("pk"), "reached": reached, "unpriced": unpriced}
    rows = calls.order_by(*by).values(*by).annotate(**counts, **sums)
    header = [*by, "calls", "reached", *SUMMED, "unpriced"]
    return header, (_summed_line(row, by) for row in rows.iterator(2_000))


def _summed_line(row, by):
    """Return a list of the cells of a CSV line for `row`, a dict of sums of which those of money
    are in units of 10⁻⁸ and replaced by Decimals; `by` are the names of the columns that it is
    summed by."""
    for name in MONEY:
        if row[f"sum_{name}"] is not None:
            row[f"sum_{name}"] = money(row[f"sum_{name}"])
    names = [*by, "calls", "reached", *(f"sum_{name}" for name in SUMMED), "unpriced"]
    return [_plain(row[name]) for name in names]


def listed(calls):
    """Return `(header, rows)` for a CSV file with one row for each of `calls`, a queryset of
    Response; rows are an iterator in order of creation."""
    rows = calls.order_by("created_at", "pk").values_list(*ROW)
    return ROW, ([_plain(value) for value in row] for row in rows.iterator(2_000))


def listed_charges(calls):
    """Return `(header, rows)` for a CSV file with one row for each Charge of `calls`, a queryset of
    Response; rows are an iterator in order of creation."""
    of_response = ("response_id", "response__created_at", "response__model")
    charges = Charge.objects.filter(response__in=calls)
    rows = charges.order_by("response__created_at", "response_id", "kind")
    header = ["response", "created_at", "model", *CHARGE]
    lines = rows.values_list(*of_response, *CHARGE).iterator(2_000)
    return header, ([_plain(value) for value in row] for row in lines)


def _plain(value):
    """Return `value` as a cell of a CSV file: a datetime in ISO 8601 in UTC, a Decimal without
    exponent, "" for None, anything else unchanged."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return "" if value is None else value


class BadBill(Exception):
    """Exception: a CSV file cannot be read as a bill; the message says which column or line is at
    fault."""


@dataclass(frozen=True)
class Difference:
    """Figure of one day and model that differs between a gateway's bill and this site's Responses:
    `measure` (one of COMPARED) says which, `bill` is the number on the bill, `books` the number
    computed from the Responses. `str()` gives a line for the terminal."""

    day: date
    model: str
    measure: str
    books: Decimal
    bill: Decimal

    def __str__(self):
        by = self.bill - self.books
        share = f"{by / self.books * 100:+.2f} %" if self.books else "not in the books"
        return (
            f"{self.day} {self.model}: {self.measure} {self.bill:f} on the bill, "
            f"{self.books:f} in the books ({share})"
        )


def read_bill(lines, columns, day_format="%Y-%m-%d"):
    """Read a gateway's bill from `lines`, the lines of a CSV file, and return it as `{(date,
    model): {measure: Decimal}}`; rows of the same day and model are added up.

    `columns` maps "day", "model" and some of COMPARED to the headings in the file; `day_format` is
    the strptime format of dates, after which a time of day is ignored. Raise BadBill if a column is
    missing, a line cannot be read or there is no row.
    """
    reader = csv.DictReader(lines)
    missing = [heading for heading in columns.values() if heading not in (reader.fieldnames or ())]
    if missing:
        raise BadBill(f"no column {', '.join(map(repr, missing))}; there are {reader.fieldnames}")
    bill = defaultdict(lambda: defaultdict(Decimal))
    for row in reader:
        try:
            text = row[columns["day"]].strip()
            day = datetime.strptime(text[: len(_shown(day_format))], day_format).date()
            cell = bill[day, row[columns["model"]].strip()]
            for measure, heading in columns.items():
                if measure in COMPARED:
                    number = Decimal((row[heading] or "0").strip().replace(",", "") or "0")
                    if not number.is_finite():
                        raise InvalidOperation
                    cell[measure] += number
        except (ValueError, ArithmeticError, AttributeError) as error:
            raise BadBill(f"line {reader.line_num} cannot be read: {row}") from error
        if not FIRST_DAY <= day <= LAST_DAY:
            raise BadBill(f"line {reader.line_num} is of {day}, which is no day of a bill")
    if not bill:
        raise BadBill("there is no row in it")
    return bill


def _shown(day_format):
    """Return an example date in the strptime format `day_format`; its length tells how much of a
    cell is the date."""
    return datetime(2026, 11, 22, 11, 33, 44).strftime(day_format)


def compare(bill, measures, *, zone=UTC, tolerance=Decimal(0)):
    """Yield a Difference for each figure in which `bill` (from `read_bill`) and the site's
    Responses differ, from the first to the last day of the bill.

    `measures` are the names from COMPARED to look at, `zone` is the tzinfo of the bill's days,
    `tolerance` the largest deviation that is accepted, as a share of the site's figure (0.01 is one
    per cent). Where usage was not reported the estimate counts, since the gateway bills those
    Responses too.
    """
    books = _books(min(bill)[0], max(day for day, _model in bill), zone)
    for key in sorted(bill.keys() | books.keys()):
        for measure in measures:
            known, billed = books[key][measure], bill[key][measure] if key in bill else Decimal(0)
            if abs(billed - known) > abs(known) * tolerance:
                yield Difference(*key, measure, known, billed)


def _books(since, until, zone):
    """Return the figures of this site's Responses (the "books") for the dates from `since` to
    `until` in the tzinfo `zone`, as `{(date, model): {measure: Decimal}}`, where missing keys read
    as 0."""
    header, rows = summed(ended_calls(since, until, zone), ("day", "model"), zone)
    books = defaultdict(lambda: defaultdict(Decimal))
    for row in rows:
        found = dict(zip(header, row, strict=True))
        cell = books[found["day"], found["model"]]
        cell["calls"] += found["reached"]
        for name in COMPARED[3:]:
            cell[name] += Decimal(found[name] or 0)
        for name in ("input_tokens", "output_tokens"):
            cell[name] += Decimal(found[name] or 0) + Decimal(found[f"estimated_{name}"] or 0)
    # A day on which nothing reached a model is on no bill.
    return defaultdict(
        lambda: defaultdict(Decimal),
        {key: cell for key, cell in books.items() if any(cell.values())},
    )
