"""Roll-ups: adds each ended Response to the tables of sums, UsageDay and UsageRollup.

The upsert is SQL: the ORM's `bulk_create(update_conflicts=True)` can only overwrite a column, not
add to it. A Response is added to seven rows by two statements, one for each table.
"""

from bisect import bisect_left
from collections import defaultdict

from django.db import connection

from conversations.database.statements import change
from conversations.models import Response, UsageDay, UsageRollup
from conversations.models.response import TOKENS
from conversations.models.usage_day import (
    COST_PLACES,
    FIRST_TOKEN,
    FIRST_TOKEN_EDGES,
    MEASURES,
    TOTAL_TIME,
    TOTAL_TIME_EDGES,
)
from conversations.usage import calendar

Grain = UsageRollup.Grain
Source = Response.UsageSource
Status = Response.Status

# The columns of a Response that the sums are made of.
COLUMNS = (
    "person_id",
    "model",
    "purpose",
    "status",
    "usage_source",
    *TOKENS,
    "input_characters",
    "output_characters",
    "cost",
    "tool_uses",
    "tool_cost",
    "reported_cost",
    "created_at",
    "started_at",
    "first_token_at",
    "finished_at",
)
_CHARGED = (Source.REPORTED, Source.ESTIMATED)
_FAILED = (Status.FAILED, Status.INTERRUPTED)

KEYS = ("day", "person_id", "model", "purpose")
# For each grain the period its rows are for and which of person, model and purpose they tell
# apart. Always written in this order, so that two transactions never wait for each other.
GRAINS = {
    Grain.MONTH: (calendar.MONTH, ("person_id", "model", "purpose")),
    Grain.PERSON_DAY: (calendar.DAY, ("person_id",)),
    Grain.PERSON_WEEK: (calendar.WEEK, ("person_id",)),
    Grain.PERSON_MONTH: (calendar.MONTH, ("person_id",)),
    Grain.MODEL_DAY: (calendar.DAY, ("model",)),
    Grain.MODEL_MONTH: (calendar.MONTH, ("model",)),
}


def measure(call):
    """Return what an ended Response adds to the usage sums, as `{measure: number}` without zeros;
    `call` is a mapping with the Response's columns COLUMNS."""
    source = call["usage_source"]
    reply = call["purpose"] == Response.Purpose.REPLY
    reported = source == Source.REPORTED
    added = {name: call[name] or 0 for name in TOKENS}
    added["calls"] = 1
    added["replies"] = int(reply)
    added["answered"] = int(reply and source != Source.NONE)
    # A title that failed is no failed reply: the person has lost nothing.
    added["failed"] = int(reply and call["status"] in _FAILED)
    added["reported"] = int(reported)
    added["estimated"] = int(source == Source.ESTIMATED)
    added["unpriced"] = int(call["cost"] is None and source in _CHARGED)
    added["tool_uses"] = call["tool_uses"] or 0
    added["cost_units"] = units(call["cost"])
    added["tool_cost_units"] = units(call["tool_cost"])
    if call["reported_cost"] is not None:
        added["cost_reports"] = 1
        added["reported_cost_units"] = units(call["reported_cost"])
        if call["cost"] is None:
            added["unmatched_cost_units"] = added["reported_cost_units"]
        else:
            added["matched_cost_units"] = added["cost_units"]
    if call["estimated_input_tokens"] or call["estimated_output_tokens"]:
        added["estimated_cost_units"] = added["cost_units"]
    if reported and call["input_tokens"] and call["output_tokens"]:
        added["input_characters"] = call["input_characters"] or 0
        added["output_characters"] = call["output_characters"] or 0
    began = call["started_at"]
    if began and call["first_token_at"]:
        added[_bucket(FIRST_TOKEN, FIRST_TOKEN_EDGES, call["first_token_at"] - began)] = 1
    if began and call["finished_at"] and call["status"] in Response.WHOLE:
        added[_bucket(TOTAL_TIME, TOTAL_TIME_EDGES, call["finished_at"] - began)] = 1
    return {name: number for name, number in added.items() if number}


def units(cost):
    """Convert `cost` (Decimal or None) to an int in units of its last decimal place (COST_PLACES),
    since sums are kept as integers; None gives 0."""
    return int(cost.scaleb(COST_PLACES)) if cost else 0


def _bucket(names, edges, duration):
    """Return the name of the histogram bucket that `duration` (a timedelta) falls into. `edges` are
    the upper ends of the buckets in seconds, `names` the names of the buckets, one more than
    `edges`."""
    return names[bisect_left(edges, duration.total_seconds())]


def key_of(call):
    """Return the key of the UsageDay row that a Response is added to, `(date, person id, model,
    purpose)`; `call` is a mapping with the Response's columns COLUMNS. The date is that of its
    creation."""
    return calendar.day_of(call["created_at"]), call["person_id"], call["model"], call["purpose"]


def coarser(key, grain):
    """Return the key of the UsageRollup row that includes the UsageDay row with `key`. `grain` is
    the kind of roll-up (UsageRollup.Grain); what it does not distinguish is 0 or "" in the key."""
    period, told_apart = GRAINS[grain]
    day, person_id, model, purpose = key
    return (
        calendar.first_day(period, day),
        person_id if "person_id" in told_apart else 0,
        model if "model" in told_apart else "",
        purpose if "purpose" in told_apart else "",
    )


def record(calls):
    """Add Responses that have just ended to all usage sums; `calls` is an iterable of mappings with
    their columns COLUMNS. Call it in the transaction that ends them, so that sums and Responses
    agree."""
    add([(key_of(call), measure(call)) for call in calls])


def replace(before, after):
    """Correct all usage sums after an ended Response was changed: `before` and `after` are mappings
    of its columns COLUMNS. Call it in the transaction that changes the Response."""
    subtracted = {name: -number for name, number in measure(before).items()}
    add([(key_of(before), subtracted), (key_of(after), measure(after))])


def add(days):
    """Add numbers to UsageDay and UsageRollup: `days` is an iterable of `(key of a UsageDay row,
    {measure: number})`; numbers may be negative."""
    fine = defaultdict(lambda: defaultdict(int))
    coarse = defaultdict(lambda: defaultdict(int))
    for key, measures in days:
        for name, number in measures.items():
            fine[key][name] += number
            for grain in GRAINS:
                coarse[(grain, *coarser(key, grain))][name] += number
    _upsert(UsageDay, KEYS, fine)
    _upsert(UsageRollup, ("grain", *KEYS), coarse)


# SQLite takes at most 32,766 parameters a statement, and a row has up to 54.
_ROWS = 400


def _upsert(model, keys, cells):
    """Add `cells`, `{values of the key columns: {measure: number}}`, to the rows of the table of
    `model` (UsageDay or UsageRollup); rows that do not exist are inserted. `keys` are the names of
    the key columns."""
    rows = sorted(cells.items())
    for start in range(0, len(rows), _ROWS):
        part = rows[start : start + _ROWS]
        names = [name for name in MEASURES if any(name in measures for _key, measures in part)]
        if names:
            _add_rows(model._meta.db_table, keys, names, part)


# Filled in are names of tables and columns, which cannot be parameters; all are constants of code.
_UPSERT = "INSERT INTO {table} ({columns}) VALUES {rows} ON CONFLICT ({keys}) DO UPDATE SET {sums}"


def _add_rows(table, keys, names, rows):
    """Add to the sums in `table` by one SQL statement; rows that do not exist are inserted. `rows`
    are pairs `(tuple of the values of the key columns, {measure: number})`; `keys` are the names of
    the key columns, `names` the measures."""
    places = "(" + ", ".join(["%s"] * (len(keys) + len(names))) + ")"
    sums = ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in names)
    statement = _UPSERT.format(
        table=table,
        columns=", ".join((*keys, *names)),
        rows=", ".join([places] * len(rows)),
        keys=", ".join(keys),
        sums=sums,
    )
    at = keys.index("day")
    values = []
    for key, measures in rows:
        values += key[:at]
        values.append(connection.ops.adapt_datefield_value(key[at]))
        values += key[at + 1 :]
        values += [measures.get(name, 0) for name in names]
    change(statement, *values)
