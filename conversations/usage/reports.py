"""Reports: the usage of people, groups, models and days, added up from the tables of sums. Only the
report of one person's conversations reads the ledger of Responses itself."""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from operator import add, neg, sub

from django.contrib.auth.models import Group
from django.utils.functional import cached_property

from conversations.models import Person, Response, UsageRollup
from conversations.models.response import DISTINCT_TOKENS
from conversations.models.usage_day import FIGURES, MEASURES, money
from conversations.usage import calendar
from conversations.usage.aggregation import DAYS, GROUPS, ROLLUPS, Where
from conversations.usage.consistency_check import FINAL
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
OF_PEOPLE = ("person_id", GROUPS)
_MEASURES = frozenset(MEASURES)
# Fewer ids are looked up one by one; of more, all rows are read, which is quicker.
FEW = 200
# By day up to so many, else by month.
DAYS_SHOWN = 92


@dataclass(frozen=True)
class Selection:
    """The Responses that a report is about: dates (both included), people, model, purpose.

    `people` are ids of people, `groups` ids of groups, of which the present members are meant; both
    are None for everyone. `model` and `purpose` are "" for all.
    """

    since: date
    until: date
    people: object = None
    groups: object = None
    model: str = ""
    purpose: str = ""

    @property
    def everyone(self):
        return self.people is None and self.groups is None

    @property
    def days(self):
        return (self.until - self.since).days + 1


class Sums(dict):
    """The sums of some Responses by measure (usage_day.MEASURES), and what follows from them. A
    measure that is not in it is 0."""

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
        return sum(self[name] for name in DISTINCT_TOKENS)

    @property
    def coverage(self):
        """The share, 0 to 1, of Responses with reported usage among those that reached a model;
        None where none did."""
        reached = self["reported"] + self["estimated"]
        return self["reported"] / reached if reached else None

    @property
    def cached_share(self):
        return self["cached_tokens"] / self["input_tokens"] if self["input_tokens"] else None

    @property
    def failed_share(self):
        return self["failed"] / self["calls"] if self["calls"] else None

    @cached_property
    def times(self):
        """Median and 95th percentile of the time to the first token, then of the total time, in
        seconds or None. Cached: nothing may be added to the sums afterwards."""
        return times(self)


def sums_by(key, selection, names=MEASURES):
    """The Sums of a Selection grouped by `key`, as `{value of key: Sums}`. The key is "person_id",
    "model", "purpose", "groups" (values are frozensets of ids), "day" or "month" (first dates).
    `names` are the measures wanted.
    """
    if key == "day":
        return _by_day(selection, names)
    if key == "month":
        return _by_month(selection, names)
    found, groups = {}, key == GROUPS
    for sign, table, where in _rows(selection, key):
        change = add if sign > 0 else sub
        for value, numbers in where.add_up(table, key, names, selection.groups):
            # The database says them in any order.
            place = frozenset(map(int, value.split(",") if value else ())) if groups else value
            if place in found:
                found[place] = list(map(change, found[place], numbers))
            else:
                found[place] = numbers if sign > 0 else list(map(neg, numbers))
    return {
        place: Sums(zip(names, numbers, strict=True))
        for place, numbers in found.items()
        if any(numbers)
    }


def total(selection, names=MEASURES):
    """The Sums of all Responses of a Selection."""
    key = "model" if selection.everyone else "person_id"
    return added(sums_by(key, selection, names).values())


def added(many):
    """The total of many Sums."""
    found = defaultdict(int)
    for sums in many:
        for name, number in sums.items():
            found[name] += number
    return Sums(found)


def _by_day(selection, names):
    if _is_fine(selection, "day"):
        rows, where = DAYS, Where().between(selection.since, selection.until)
    else:
        rows, where = ROLLUPS, Where().add("grain = %s", int(_grains(selection, "day")["day"]))
        where.between(selection.since, selection.until)
    return {
        day: Sums(zip(names, numbers, strict=True))
        for day, numbers in where.chosen(selection).add_up(rows, "day", names)
    }


def _by_month(selection, names):
    """Sums by month: whole months are read from the sums of months, the first and the last, where
    the range cuts them, from those of days."""
    months = defaultdict(Sums)
    whole = []
    for first, last in _months(selection):
        if first.day == 1 and last == _last_of_month(first):
            whole.append(first)
        else:
            part = replace(selection, since=first, until=last)
            for sums in _by_day(part, names).values():
                months[first.replace(day=1)].add(sums)
    if whole:
        fine = _is_fine(selection, "day")
        grain = Grain.MONTH if fine else _grains(selection, "day")[calendar.MONTH]
        where = Where().add("grain = %s", int(grain)).between(whole[0], whole[-1])
        for first, numbers in where.chosen(selection).add_up(ROLLUPS, "day", names):
            months[first].add(dict(zip(names, numbers, strict=True)))
    return dict(months)


def _rows(selection, key):
    """The rows that make up a Selection, as `(1 to add or -1 to subtract, table, Where)`."""
    fine = _is_fine(selection, key)
    if fine and len(selection.people or ()) == 1:
        # Few enough, and the index finds them all at once.
        yield 1, DAYS, Where().between(selection.since, selection.until).chosen(selection)
        return
    grains = {calendar.DAY: None, calendar.MONTH: Grain.MONTH} if fine else _grains(selection, key)
    until = selection.until
    if until >= calendar.today():
        # There is nothing after today, so its month is whole already.
        until = _last_of_month(until)
    for sign, spans in zip((1, -1), cover(selection.since, until, grains), strict=True):
        if fine and (days := spans.pop(calendar.DAY)):
            yield sign, DAYS, Where().days(days).chosen(selection)
        found = {grains[period]: days for period, days in spans.items() if days}
        if found:
            yield sign, ROLLUPS, Where().spans(found).chosen(selection)


def _is_fine(selection, key):
    """Whether a Selection needs UsageDay, since no roll-up tells apart all that it asks for."""
    models = key == "model" or bool(selection.model)
    people = key in OF_PEOPLE or not selection.everyone
    return key == "purpose" or bool(selection.purpose) or (people and models)


def _grains(selection, key):
    return BY_PERSON if key in OF_PEOPLE or not selection.everyone else BY_MODEL


def _months(selection):
    """The selection's dates cut at the ends of months, as pairs of first and last."""
    first = selection.since
    while first <= selection.until:
        last = min(_last_of_month(first), selection.until)
        yield first, last
        first = last + calendar.ONE_DAY


def _last_of_month(day):
    return calendar.next_first_day(calendar.MONTH, day) - calendar.ONE_DAY


def timeline(selection, names=FIGURES):
    """The usage over time as `(period, {first date: Sums})`, without gaps: by day, or by month
    where the range has more than DAYS_SHOWN days."""
    if selection.days <= DAYS_SHOWN:
        found = sums_by("day", selection, names)
        days = (selection.since + n * calendar.ONE_DAY for n in range(selection.days))
        return calendar.DAY, {day: found.get(day, Sums()) for day in days}
    found = sums_by("month", selection, names)
    return calendar.MONTH, {
        first.replace(day=1): found.get(first.replace(day=1), Sums())
        for first, _last in _months(selection)
    }


def names_of(person_ids):
    """The names of people as `{id: (username, whether the account exists)}`: the present username,
    or the last one of somebody who left."""
    people = Person.objects.values_list("pk", "username")
    if len(person_ids) < FEW:
        people = people.filter(pk__in=person_ids)
    known = {pk: (username, True) for pk, username in people if pk in person_ids}
    for person_id in set(person_ids) - known.keys():
        calls = Response.objects.filter(person_id=person_id).order_by("-created_at")
        name = calls.values_list("username", flat=True).first()
        known[person_id] = (name or str(person_id), False)
    return known


def groups_of(people=None, groups=None):
    """The groups of people as `{person id: [names of groups, sorted]}`, for those of `people` (ids;
    None: everyone) who are in one. With `groups` (ids) only these are named."""
    memberships = Person.groups.through.objects.order_by("group__name")
    if people is not None and len(people) < FEW:
        memberships = memberships.filter(person_id__in=people)
    if groups is not None:
        memberships = memberships.filter(group_id__in=groups)
    found = defaultdict(list)
    for person_id, name in memberships.values_list("person_id", "group__name"):
        found[person_id].append(name)
    return found


def visible_groups(viewer):
    """The ids of the groups whose usage `viewer` may see; None where there is no limit."""
    scope = getattr(viewer, "usage_scope", None)
    if scope is None:
        return None
    return Group.objects.filter(pk__in=scope.groups.values("pk"))


def by_conversation(person, selection):
    """The Sums of one person by conversation id, read from the ledger; None is the key of
    conversations that were erased."""
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
