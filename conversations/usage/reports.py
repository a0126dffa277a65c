"""Reports: sums over few rows of the books, never over the ledger but for one person."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_

from django.contrib.auth.models import Group
from django.db.models import Q, Sum

from conversations.models import Person, Response, UsageDay, UsageRollup
from conversations.models.usage_day import FIGURES, MEASURES, money
from conversations.usage import calendar
from conversations.usage.balance import FINAL
from conversations.usage.histogram import times
from conversations.usage.rollup import COLUMNS, measure
from conversations.usage.spans import cover

Grain = UsageRollup.Grain

# Which grains tell apart what is asked for, and the period of each.
BY_PERSON = {
    calendar.DAY: Grain.PERSON_DAY,
    calendar.WEEK: Grain.PERSON_WEEK,
    calendar.MONTH: Grain.PERSON_MONTH,
}
BY_MODEL = {calendar.DAY: Grain.MODEL_DAY, calendar.MONTH: Grain.MODEL_MONTH}
_MEASURES = frozenset(MEASURES)
# By day up to so many, else by month.
DAYS_SHOWN = 92


@dataclass(frozen=True)
class Selection:
    """Which calls a report is about: dates (both included), people, model, purpose.

    `people` is None for everyone, else a collection or a query of ids; `model` and `purpose` are
    "" for all.
    """

    since: date
    until: date
    people: object = None
    model: str = ""
    purpose: str = ""

    @property
    def days(self):
        return (self.until - self.since).days + 1


class Sums(dict):
    """Measures of some calls, with what follows from them. A measure that is not in it is 0."""

    def __missing__(self, name):
        # Templates ask a mapping first: what is no measure must be left to the attributes.
        if name in _MEASURES:
            return 0
        raise KeyError(name)

    def add(self, other):
        for name, number in other.items():
            self[name] += number

    @property
    def titles(self):
        return self["calls"] - self["replies"]

    @property
    def cost(self):
        return money(self["cost_units"])

    @property
    def estimated_cost(self):
        return money(self["estimated_cost_units"])

    @property
    def tokens(self):
        """All tokens, those estimated included."""
        return (
            self["input_tokens"]
            + self["output_tokens"]
            + self["estimated_input_tokens"]
            + self["estimated_output_tokens"]
        )

    @property
    def coverage(self):
        """Of the calls that reached a model the share, 0 to 1, whose usage was reported; None
        where none did."""
        reached = self["reported"] + self["estimated"]
        return self["reported"] / reached if reached else None

    @property
    def cached_share(self):
        return self["cached_tokens"] / self["input_tokens"] if self["input_tokens"] else None

    @property
    def failed_share(self):
        return self["failed"] / self["calls"] if self["calls"] else None

    @property
    def times(self):
        """First token median and p95, total time median and p95, in seconds or None."""
        return times(self)


def sums_by(key, selection, names=MEASURES):
    """`{value of key: Sums}` of the selection, where `key` is "person_id", "model", "purpose",
    "day" or "month" (then the values are first dates). `names` are the measures wanted."""
    if key == "day":
        return _by_day(selection, names)
    if key == "month":
        months = defaultdict(Sums)
        for first, last in _months(selection):
            part = Selection(first, last, selection.people, selection.model, selection.purpose)
            months[first.replace(day=1)].add(total(part, names))
        return dict(months)
    found = defaultdict(Sums)
    for sign, rows in _rows(selection, key):
        for value, *numbers in rows.values_list(key).annotate(*map(Sum, names)):
            for name, number in zip(names, numbers, strict=True):
                if number:
                    found[value][name] += sign * number
    return {value: sums for value, sums in found.items() if any(sums.values())}


def total(selection, names=MEASURES):
    """The Sums of all calls of the selection."""
    key = "model" if selection.people is None else "person_id"
    found = Sums()
    for sums in sums_by(key, selection, names).values():
        found.add(sums)
    return found


def _by_day(selection, names):
    found = {}
    for _sign, rows in _rows(selection, "day", periods=(calendar.DAY,)):
        for day, *numbers in rows.values_list("day").annotate(*map(Sum, names)):
            found[day] = Sums(zip(names, numbers, strict=True))
    return found


def _rows(selection, key, periods=None):
    """`(1 or -1, query)` of the rows to add or subtract for the selection."""
    tells_people = key == "person_id" or selection.people is not None
    tells_models = key == "model" or bool(selection.model)
    if key == "purpose" or selection.purpose or (tells_people and tells_models):
        yield from _fine_rows(selection, periods)
    else:
        yield from _rollup_rows(selection, BY_PERSON if tells_people else BY_MODEL, periods)


def _rollup_rows(selection, grains, periods):
    for sign, spans in zip((1, -1), _cover(selection, periods or tuple(grains)), strict=True):
        wanted = [
            Q(grain=grains[period], day__in=starts) for period, starts in spans.items() if starts
        ]
        if wanted:
            yield sign, _chosen(UsageRollup.objects.filter(reduce(or_, wanted)), selection)


def _fine_rows(selection, periods):
    periods = periods or (calendar.DAY, calendar.MONTH)
    if isinstance(selection.people, list | set | tuple) and len(selection.people) == 1:
        # Few enough, and the index finds them all at once.
        periods = (calendar.DAY,)
    for sign, spans in zip((1, -1), _cover(selection, periods), strict=True):
        if starts := spans.get(calendar.DAY):
            yield sign, _chosen(_on_days(UsageDay.objects, starts), selection)
        if starts := spans.get(calendar.MONTH):
            months = UsageRollup.objects.filter(grain=Grain.MONTH, day__in=starts)
            yield sign, _chosen(months, selection)


def _cover(selection, periods):
    if tuple(periods) == (calendar.DAY,):
        days = [
            date.fromordinal(n)
            for n in range(selection.since.toordinal(), selection.until.toordinal() + 1)
        ]
        return {calendar.DAY: days}, {}
    return cover(selection.since, selection.until, periods)


def _on_days(rows, days):
    """Rows of those days; a range where there is no gap."""
    first, last = min(days), max(days)
    if (last - first).days + 1 == len(days):
        return rows.filter(day__gte=first, day__lte=last)
    return rows.filter(day__in=days)


def _chosen(rows, selection):
    if selection.people is not None:
        rows = rows.filter(person_id__in=selection.people)
    if selection.model:
        rows = rows.filter(model=selection.model)
    if selection.purpose:
        rows = rows.filter(purpose=selection.purpose)
    return rows.order_by()


def _months(selection):
    """The selection's dates cut at the ends of months, as pairs of first and last."""
    first = selection.since
    while first <= selection.until:
        end = calendar.next_first_day(calendar.MONTH, first)
        yield first, min(end - calendar.ONE_DAY, selection.until)
        first = end


def timeline(selection, names=FIGURES):
    """`(period, {first date: Sums})` without gaps: by day, or by month for many days."""
    if selection.days <= DAYS_SHOWN:
        found = sums_by("day", selection, names)
        days = _cover(selection, (calendar.DAY,))[0][calendar.DAY]
        return calendar.DAY, {day: found.get(day, Sums()) for day in days}
    found = sums_by("month", selection, names)
    return calendar.MONTH, {
        first.replace(day=1): found.get(first.replace(day=1), Sums())
        for first, _last in _months(selection)
    }


def names_of(person_ids):
    """`{id: (username, exists)}`: the name of now, or the last one of who has left."""
    known = {
        pk: (username, True)
        for pk, username in Person.objects.filter(pk__in=person_ids).values_list("pk", "username")
    }
    for person_id in set(person_ids) - known.keys():
        calls = Response.objects.filter(person_id=person_id).order_by("-created_at")
        name = calls.values_list("username", flat=True).first()
        known[person_id] = (name or str(person_id), False)
    return known


def groups_of():
    """`{person id: [names of groups]}`, sorted, for everyone who is in one."""
    memberships = Person.groups.through.objects.order_by("group__name")
    found = defaultdict(list)
    for person_id, name in memberships.values_list("person_id", "group__name"):
        found[person_id].append(name)
    return found


def members_of(groups):
    """A query of the ids of all members of `groups` (a query or list of Groups)."""
    return (
        Person.groups.through.objects.filter(group__in=groups)
        .values_list("person_id", flat=True)
        .distinct()
    )


def visible_groups(viewer):
    """The groups that `viewer` is limited to, or None where there is no limit."""
    scope = getattr(viewer, "usage_scope", None)
    if scope is None:
        return None
    return Group.objects.filter(pk__in=scope.groups.values("pk"))


def by_conversation(person, selection):
    """`{conversation id (None: erased ones): Sums}` of one person, from the ledger."""
    calls = Response.objects.filter(
        person_id=person.pk,
        status__in=FINAL,
        created_at__gte=calendar.start_of(selection.since),
        created_at__lt=calendar.start_of(selection.until + calendar.ONE_DAY),
    )
    found = defaultdict(Sums)
    for call in calls.values("conversation_id", *COLUMNS):
        found[call["conversation_id"]].add(measure(call))
    return found
