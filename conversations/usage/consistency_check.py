"""Consistency check of usage sums: compares UsageDay and UsageRollup with the Responses they were
added up from, and repairs them (`manage.py check_usage`)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max, Min, Q, Sum

from conversations.models import Charge, Response, UsageDay, UsageRollup
from conversations.models.usage_day import MEASURES
from conversations.usage import calendar
from conversations.usage.rollup import COLUMNS, GRAINS, KEYS, key_of, measure

FINAL = [status for status in Response.Status if status not in Response.OPEN]
CHUNK = 2_000


@dataclass(frozen=True)
class Difference:
    """Stored sum that differs from the one computed anew: `measure` (of MEASURES) of the row with
    the key `key` is `found` and should be `expected`. `str()` gives a line for the terminal."""

    kind: str  # "day" for UsageDay, else the grain of UsageRollup
    key: tuple  # day, person id, model, purpose
    measure: str
    expected: int
    found: int

    def __str__(self):
        day, person_id, model, purpose = self.key
        what = " ".join(
            part for part in (person_id and f"person {person_id}", model, purpose) if part
        )
        return (
            f"{self.kind} {day} {what}: {self.measure} is {self.found}, should be {self.expected}"
        )


def check(since=None, repair=False):
    """Compare all usage sums from the date `since` on (None: all) with the Responses, and yield a
    Difference for each wrong one.

    With `repair` each is corrected as it is found. Since Responses may end meanwhile, a difference
    is compared again under a lock that keeps other processes from writing sums.
    """
    for first, end in _spans(calendar.WEEK, _days(since)):
        yield from _check_cells(_LedgerDays(max(first, since) if since else first, end), repair)
    for grain, (period, _told_apart) in GRAINS.items():
        # Sums by day are checked a week at a time, those by week or month one period at a time.
        together = calendar.WEEK if period == calendar.DAY else period
        for first, end in _spans(together, _days(since, grain)):
            yield from _check_cells(_Rollups(grain, first, end), repair)


@dataclass(frozen=True)
class ChargeDifference:
    """Response whose Charges (uses of tools that cost money) do not add up to its column
    `tool_cost`: `found` is the column, `expected` the sum of the charges' amounts; each is a
    Decimal, or None if there is none. `str()` gives a line for the terminal."""

    response_id: UUID
    expected: Decimal | None
    found: Decimal | None

    def __str__(self):
        return (
            f"call {self.response_id}: its charges are {_amount(self.expected)}, "
            f"its row says {_amount(self.found)}"
        )


def _amount(amount):
    """Return `amount` (a Decimal or None) as text."""
    return "none" if amount is None else f"{amount:f}"


def check_charges(since=None):
    """Yield a ChargeDifference for each Response whose column `tool_cost` is not the sum of the
    amounts of its Charges, among those with a cost, created from the date `since` on (None: all).
    Nothing is repaired, since the original records themselves contradict each other."""
    charged = Response.objects.filter(Q(tool_cost__isnull=False) | Q(charges__isnull=False))
    if since:
        charged = charged.filter(created_at__gte=calendar.start_of(since))
    rows = charged.filter(cost__isnull=False).order_by("created_at", "pk").distinct()
    rows = rows.values_list("pk", "tool_cost", "created_at").iterator(CHUNK)
    while calls := list(islice(rows, 500)):
        sums = defaultdict(Decimal)
        amounts = Charge.objects.filter(response__in=[pk for pk, _cost, _at in calls])
        for pk, amount in amounts.values_list("response", "amount"):
            sums[pk] += amount or 0
        for pk, found, _at in calls:
            if sums.get(pk) != found:
                yield ChargeDifference(pk, sums.get(pk), found)


def _check_cells(cells, repair):
    """Yield a Difference for each wrong sum of `cells` (a _Cells), after comparing again under a
    lock, since sums may be written meanwhile. With `repair` (a bool) correct the sums."""
    if not cells.differences():
        return
    with transaction.atomic():
        _lock_sums()
        found = cells.differences()
        if found and repair:
            cells.mend()
    yield from found


def _lock_sums():
    """Lock the tables UsageDay and UsageRollup against writers until the transaction ends
    (PostgreSQL; on SQLite the transaction itself does)."""
    if connection.vendor == "postgresql":
        tables = ", ".join(model._meta.db_table for model in (UsageDay, UsageRollup))
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE")


class _Cells:
    """Base class for a set of rows of UsageDay or UsageRollup whose sums are to be checked.

    Subclasses define `kind` (text for `Difference.kind`), `rows()` (a queryset of the stored rows),
    `make(**columns)` (returns a row that is not stored yet) and `expected()` (the sums computed
    anew, in the form that `found` returns).
    """

    def differences(self):
        """Return a list with a Difference for each sum that is stored wrong."""
        expected, found = self.expected(), self.found()
        return [
            Difference(self.kind, key, name, wanted, had)
            for key in sorted(expected.keys() | found.keys())
            for name in MEASURES
            if (wanted := expected.get(key, {}).get(name, 0))
            != (had := found.get(key, {}).get(name, 0))
        ]

    def found(self):
        """Return the sums as they are stored: `{(day, person id, model, purpose): {measure:
        number}}`, without zeros."""
        rows = self.rows().values_list(*KEYS, *MEASURES)
        return {row[:4]: _nonzero(row[4:]) for row in rows.iterator(CHUNK)}

    def mend(self):
        """Delete the stored rows and insert rows with the sums computed anew. Call it in a
        transaction."""
        self.rows().delete()
        made = [
            self.make(**dict(zip(KEYS, key, strict=True)), **sums)
            for key, sums in self.expected().items()
        ]
        self.rows().model.objects.bulk_create(made, batch_size=500)


class _LedgerDays(_Cells):
    """Rows of UsageDay from the date `first` to the day before `end`, to be compared with the
    Responses."""

    kind = "day"
    make = UsageDay

    def __init__(self, first, end):
        self._first = first
        self._end = end

    def rows(self):
        """Return a queryset of the stored rows to check."""
        return UsageDay.objects.filter(day__gte=self._first, day__lt=self._end)

    def expected(self):
        """Return the sums computed anew from the Responses: `{(day, person id, model, purpose):
        {measure: number}}`, without zeros."""
        calls = Response.objects.filter(
            status__in=FINAL,
            created_at__gte=calendar.start_of(self._first),
            created_at__lt=calendar.start_of(self._end),
        ).values(*COLUMNS)
        sums = defaultdict(lambda: defaultdict(int))
        for call in calls.iterator(CHUNK):
            of_key = sums[key_of(call)]
            for name, number in measure(call).items():
                of_key[name] += number
        return sums


class _Rollups(_Cells):
    """Rows of UsageRollup of one `grain` (kind of sum, such as "per person and week") whose period
    begins from the date `first` to the day before `end`, to be compared with UsageDay. For weeks
    and months this must be a single period."""

    def __init__(self, grain, first, end):
        self._grain = grain
        self._first = first
        self._end = end
        self.kind = grain.label

    def make(self, **fields):
        """Return a UsageRollup, not stored yet, of the grain to check, with the columns
        `fields`."""
        return UsageRollup(grain=self._grain, **fields)

    def rows(self):
        """Return a queryset of the stored rows to check."""
        return UsageRollup.objects.filter(
            grain=self._grain, day__gte=self._first, day__lt=self._end
        )

    def expected(self):
        """Return the sums computed anew from UsageDay: `{(day, person id, model, purpose):
        {measure: number}}`, without zeros."""
        period, told_apart = GRAINS[self._grain]
        names = ("day", *told_apart) if period == calendar.DAY else told_apart
        days = UsageDay.objects.filter(day__gte=self._first, day__lt=self._end)
        rows = days.order_by().values_list(*names).annotate(*(Sum(name) for name in MEASURES))
        sums = {}
        for row in rows.iterator(CHUNK):
            known = dict(zip(names, row, strict=False))
            key = (
                known.get("day", self._first),
                known.get("person_id", 0),
                known.get("model", ""),
                known.get("purpose", ""),
            )
            sums[key] = _nonzero(row[len(names) :])
        return sums


def _nonzero(numbers):
    """Return `{measure: number}` without zeros; `numbers` are those of all MEASURES, in their
    order."""
    return {name: number for name, number in zip(MEASURES, numbers, strict=True) if number}


def _days(since, grain=None):
    """Return a list of the dates to check, in any order, from `since` on (None: all): those for
    which UsageDay has sums, and all from the first Response to the last.

    With `grain` (a UsageRollup.Grain) they are those for which UsageDay has sums or UsageRollup has
    sums of this grain; for a grain by week or month they begin with the first day of the week or
    month that contains `since`.
    """
    days = set(UsageDay.objects.values_list("day", flat=True).distinct())
    if grain is None:
        calls = Response.objects.aggregate(first=Min("created_at"), last=Max("created_at"))
        if calls["first"]:
            day, last = (calendar.day_of(at) for at in (calls["first"], calls["last"]))
            while day <= last:
                days.add(day)
                day += timedelta(days=1)
    else:
        days |= set(
            UsageRollup.objects.filter(grain=grain).values_list("day", flat=True).distinct()
        )
        since = since and calendar.first_day(GRAINS[grain][0], since)
    return [day for day in days if since is None or day >= since]


def _spans(period, days):
    """Return a sorted list of `(first date, date after the last)`, one for each `period` (day, week
    or month) that contains one of `days`."""
    starts = sorted({calendar.first_day(period, day) for day in days})
    return [(start, calendar.next_first_day(period, start)) for start in starts]
