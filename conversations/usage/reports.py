"""Usage reports: sums of calls, tokens, cost and times of people, groups, models and days. They are
read from the tables UsageDay and UsageRollup; only `by_conversation` adds up Responses.

Over 300 lines since all reports share Selection and Sums, and the choice of the table to read.
"""

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

# Kinds of UsageRollup by period: those with a row for each person, and those for each model.
BY_PERSON = {
    calendar.DAY: Grain.PERSON_DAY,
    calendar.WEEK: Grain.PERSON_WEEK,
    calendar.MONTH: Grain.PERSON_MONTH,
}
BY_MODEL = {calendar.DAY: Grain.MODEL_DAY, calendar.MONTH: Grain.MODEL_MONTH}
OF_PEOPLE = ("person_id", GROUPS)
_MEASURES = frozenset(MEASURES)
# Fewer ids than this are given to the query; for more, all rows are read, which is quicker.
FEW = 200
# A timeline of up to so many days is by day, a longer one by month.
DAYS_SHOWN = 92


@dataclass(frozen=True)
class Selection:
    """Selection of the Responses that a usage report is about: those created from the date `since`
    to the date `until` (both included), of certain people, of one model, for one purpose.

    `people` are ids of people, `groups` ids of groups, meaning their present members (None:
    everyone). `model` is a name and `purpose` a Response.Purpose ("": all).
    """

    since: date
    until: date
    people: object = None
    groups: object = None
    model: str = ""
    purpose: str = ""

    @property
    def everyone(self):
        """Return True if the selection is limited to neither people nor groups."""
        return self.people is None and self.groups is None

    @property
    def days(self):
        """Return the number of dates from `since` to `until`, both included."""
        return (self.until - self.since).days + 1


class Sums(dict):
    """Dict of `{measure: number}`: sums over some Responses. A missing measure (of
    usage_day.MEASURES) reads as 0. Properties give the figures that are calculated from them."""

    def __missing__(self, name):
        # Templates ask a mapping first: what is no measure must be left to the attributes.
        if name in _MEASURES:
            return 0
        raise KeyError(name)

    def add(self, other):
        """Add the numbers of `other`, a mapping of measures, to these sums in place."""
        for name, number in other.items():
            self[name] += number

    @property
    def titles(self):
        """Return the number of model calls that generated titles of conversations."""
        return self["calls"] - self["replies"]

    @property
    def cost(self):
        """Return the cost that this site computed, as a Decimal in its currency; calls of unknown
        cost count as 0."""
        return money(self["cost_units"])

    @property
    def tool_cost(self):
        """Return the part of the cost that is charges for tools, as a Decimal in the site's
        currency."""
        return money(self["tool_cost_units"])

    @property
    def reported_cost(self):
        """Return the sum (Decimal, in the gateway's currency) of the costs that the gateway
        reported with its answers; calls without one count as 0."""
        return money(self["reported_cost_units"])

    @property
    def unmatched_cost(self):
        """Return the part of `reported_cost` (Decimal, in the gateway's currency) that belongs to
        calls whose cost this site could not compute."""
        return money(self["unmatched_cost_units"])

    @property
    def matched_cost(self):
        """Return the cost that this site computed (Decimal, in its currency) for the calls for
        which the gateway reported one too."""
        return money(self["matched_cost_units"])

    @property
    def cost_difference(self):
        """Return by how much the cost reported by the gateway exceeds this site's, over the calls
        that have both, as a Decimal; negative if it is lower."""
        matched = self["reported_cost_units"] - self["unmatched_cost_units"]
        return money(matched - self["matched_cost_units"])

    @property
    def cost_difference_share(self):
        """Return `cost_difference` as a share of this site's cost (0.1 is ten per cent); None if
        that is 0."""
        own = self["matched_cost_units"]
        return float(self.cost_difference / money(own)) if own else None

    @property
    def estimated_cost(self):
        """Return the part of the cost that comes from estimated tokens, as a Decimal in the site's
        currency."""
        return money(self["estimated_cost_units"])

    @property
    def tokens(self):
        """Return the number of tokens of input and output, reported or estimated."""
        return sum(self[name] for name in DISTINCT_TOKENS)

    @property
    def coverage(self):
        """Return the share (0 to 1) of Responses for which the gateway reported usage, among those
        that reached a model; None if none did."""
        reached = self["reported"] + self["estimated"]
        return self["reported"] / reached if reached else None

    @property
    def cached_share(self):
        """Return the share (0 to 1) of reported input tokens that came from the cache; None without
        input."""
        return self["cached_tokens"] / self["input_tokens"] if self["input_tokens"] else None

    @property
    def failed_share(self):
        """Return the share (0 to 1) of replies that failed or were interrupted; None if there were
        no replies."""
        return self["failed"] / self["replies"] if self["replies"] else None

    @cached_property
    def times(self):
        """Return how long replies took, as four numbers of seconds, each None where nothing was
        measured: median and 95th percentile of the time to the first token, then the same two of
        the total time. The result is cached, so add nothing to the sums afterwards."""
        return times(self)


def sums_by(key, selection, names=MEASURES):
    """Return the Sums of a Selection grouped by `key`, as `{value of key: Sums}`; values without
    any use may be missing.

    `key` is "person_id", "model", "purpose", "groups" (values are frozensets of group ids), "day"
    or "month" (values are first dates). `names` are the measures (of usage_day.MEASURES) to add up.
    """
    if key == "day":
        return _by_day(selection, names)
    if key == "month":
        return _by_month(selection, names)
    found, groups = {}, key == GROUPS
    for sign, table, where in _rows(selection, key):
        change = add if sign > 0 else sub
        for value, numbers in where.add_up(table, key, names, selection.groups):
            # The database lists the group ids in any order.
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
    """Return the Sums of all Responses of a Selection; `names` are the measures (of
    usage_day.MEASURES) to add up."""
    key = "model" if selection.everyone else "person_id"
    return added(sums_by(key, selection, names).values())


def added(many):
    """Return one Sums with the total of `many`, an iterable of Sums."""
    found = defaultdict(int)
    for sums in many:
        for name, number in sums.items():
            found[name] += number
    return Sums(found)


def _by_day(selection, names):
    """Return `{date: Sums}` of a Selection, with the measures `names`; dates without any row are
    left out."""
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
    """Return `{first date of the month: Sums}` of a Selection, with the measures `names`. Whole
    months are read from monthly sums; the first and the last one, if the range cuts them, from
    daily sums."""
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
    """Yield the queries whose results make up a report of `selection` (a Selection) grouped by
    `key` (as for `sums_by`), as `(sign, table, where)`: 1 to add the result or -1 to subtract it,
    the name of the table (DAYS or ROLLUPS) and a Where."""
    fine = _is_fine(selection, key)
    if fine and len(selection.people or ()) == 1:
        # One person has few rows, and an index of UsageDay finds them all at once.
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
    """Return True if a report of `selection` (a Selection) grouped by `key` has to read UsageDay,
    because no kind of UsageRollup distinguishes all that is asked for (such as person and model
    together)."""
    models = key == "model" or bool(selection.model)
    people = key in OF_PEOPLE or not selection.everyone
    return key == "purpose" or bool(selection.purpose) or (people and models)


def _grains(selection, key):
    """Return the kinds of UsageRollup to read for `selection` (a Selection) grouped by `key`, as
    `{period: Grain}`, where the period is "day", "week" or "month"."""
    return BY_PERSON if key in OF_PEOPLE or not selection.everyone else BY_MODEL


def _months(selection):
    """Yield `(first date, last date)` of each month, or part of a month, in a Selection."""
    first = selection.since
    while first <= selection.until:
        last = min(_last_of_month(first), selection.until)
        yield first, last
        first = last + calendar.ONE_DAY


def _last_of_month(day):
    """Return the last date of the month that contains the date `day`."""
    return calendar.next_first_day(calendar.MONTH, day) - calendar.ONE_DAY


def timeline(selection, names=FIGURES):
    """Return the use of a Selection over time, for the chart, as `(period, {first date: Sums})`
    without gaps. The period is "day", or "month" for more than DAYS_SHOWN days; `names` are the
    measures (of usage_day.MEASURES) to add up."""
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
    """Return `{id: (username, True if the account exists)}` for a set of `person_ids`. A deleted
    account has the username of its last Response, or its id as text if there is none."""
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
    """Return `{person id: [names of groups, sorted]}` for people who are in a group. `people` are
    ids (None: everyone); `groups` are the ids of the groups to name (None: all)."""
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
    """Return a queryset of the groups whose members' usage `viewer` (a Person with the permission
    `view_usage`, which is not checked here) may see; None if there is no limit."""
    scope = getattr(viewer, "usage_scope", None)
    if scope is None:
        return None
    return Group.objects.filter(pk__in=scope.groups.values("pk"))


def by_conversation(person, selection):
    """Return `{conversation id: Sums}` of the Responses of `person` on the dates of `selection`;
    the key None is for conversations that were erased."""
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
