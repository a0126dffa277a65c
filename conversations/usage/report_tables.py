"""Tables of usage reports: sorted rows and totals, as pages show them. `csv_export.py` writes them
as CSV."""

from dataclasses import dataclass, field, replace
from functools import partial
from operator import itemgetter

from django.contrib.auth.models import Group
from django.utils.translation import gettext as _

from conversations.models import Conversation
from conversations.models.response import DISTINCT_TOKENS, TOKENS
from conversations.models.usage_day import FIGURES as COUNTED
from conversations.models.usage_day import TIMES as TIME_COUNTS
from conversations.usage import reports
from conversations.usage.histogram import TIMES, time_of
from conversations.usage.reports import Sums

# The figures of a row, by the names they have in files and in `sort=`.
FIGURES = {
    "replies": itemgetter("replies"),
    "titles": lambda sums: sums.titles,
    "failed": itemgetter("failed"),
    **{name: itemgetter(name) for name in TOKENS},
    "tool_uses": itemgetter("tool_uses"),
    "cost": lambda sums: sums.cost,
    "tool_cost": lambda sums: sums.tool_cost,
    "estimated_cost": lambda sums: sums.estimated_cost,
    "unpriced": itemgetter("unpriced"),
    "coverage": lambda sums: sums.coverage,
    "first_token_median": lambda sums: sums.times[0],
    "first_token_p95": lambda sums: sums.times[1],
    "total_time_median": lambda sums: sums.times[2],
    "total_time_p95": lambda sums: sums.times[3],
}
# The measures that a row of a file needs, a row of a page, and sorting by a figure besides tokens.
UNUSED = ("answered", "input_characters", "output_characters")
WHOLE = tuple(name for name in COUNTED if name not in UNUSED) + TIME_COUNTS
SHOWN = tuple(name for name in WHOLE if name != "cache_write_12h_tokens")
NEEDED = {
    "replies": ("replies",),
    "titles": ("replies",),
    "failed": ("failed",),
    "cached_tokens": ("cached_tokens",),
    "cache_write_tokens": ("cache_write_tokens",),
    "cache_write_12h_tokens": ("cache_write_12h_tokens",),
    "reasoning_tokens": ("reasoning_tokens",),
    "total_tokens": ("total_tokens",),
    "tool_uses": ("tool_uses",),
    "cost": ("cost_units",),
    "tool_cost": ("tool_cost_units",),
    "estimated_cost": ("estimated_cost_units",),
    "unpriced": ("unpriced",),
    "coverage": ("reported", "estimated"),
    **{name: counts for name, (counts, _edges, _share) in TIMES.items()},
}
PAGE = 50  # rows


@dataclass
class Row:
    """Row of a usage report: `key` identifies what it is about (a person's id, a model's name, a
    date …), `label` is the text for it, `sums` holds its figures (reports.Sums)."""

    key: object
    label: str
    sums: Sums
    # If it is about a person: names of their groups, and True if their account was deleted.
    groups: list = field(default_factory=list)
    left: bool = False
    # URL of the page about it, if there is one.
    link: str = ""


@dataclass
class Table:
    """Table of a usage report: `rows` (all, a list of Row, sorted by `sort`, see `sorted_table`),
    `by` (what they are grouped by, such as "person") and `total` (reports.Sums of all rows)."""

    by: str
    rows: list
    sort: str
    total: Sums

    def page(self, number):
        """Return the list of rows on the page `number`, counted from 1; empty beyond the last
        page."""
        return self.rows[(number - 1) * PAGE : number * PAGE]

    @property
    def pages(self):
        """Return the number of pages, at least 1."""
        return max(-(-len(self.rows) // PAGE), 1)


def make_table(by, selection, sort="", names=WHOLE):
    """Query the database and return the Table of a reports.Selection. `by` is what to group by:
    "person", "group", "model" or "day" (months for long ranges); `sort` is described at
    `sorted_table`; `names` are the measures to add up: WHOLE for a file, SHOWN for a page."""
    names = tuple(dict.fromkeys((*names, *NEEDED.get(sort.lstrip("-"), ()))))
    if by == "person":
        rows = _people(selection, names)
        _add_groups(rows, selection)
    elif by == "group":
        rows = _groups(selection, names)
    elif by == "model":
        found = reports.sums_by("model", selection, names)
        rows = [Row(model, model, sums) for model, sums in found.items()]
    else:
        period, found = reports.timeline(selection, names)
        # Days without use get no row; the chart shows them.
        rows = [
            Row(day, label_of(period, day), sums) for day, sums in found.items() if sums["calls"]
        ]
    return sorted_table(by, rows, sort)


def make_own_table(person, by, selection, sort="", names=WHOLE):
    """Return the Table that `person` sees of their own usage. `selection`, a reports.Selection, has
    to be of this person only. `by` is "model", "day" or "conversation"; `sort` and `names` are as
    for `make_table`.

    Rows by conversation are named by titles; all temporary ones share one row, and so do all
    deleted ones.
    """
    if by != "conversation":
        return make_table(by, selection, sort, names)
    found = reports.by_conversation(person, selection)
    listed = Conversation.objects.of(person).filter(pk__in=[pk for pk in found if pk])
    titles = {row.pk: row.display_title for row in listed.filter(temporary=False)}
    rows = [Row(pk, titles[pk], sums) for pk, sums in found.items() if pk in titles]
    # In one row each, so that a deleted conversation which a hold keeps looks like any deleted one.
    temporary = set(listed.filter(temporary=True).values_list("pk", flat=True))
    for label, keys in (
        (_("Temporary"), temporary),
        (_("Deleted"), found.keys() - titles.keys() - temporary),
    ):
        if keys:
            sums = Sums()
            for key in keys:
                sums.add(found[key])
            rows.append(Row(None, label, sums))
    return sorted_table(by, rows, sort)


def make_page(selection, sort, number):
    """Return `(table, rows)` for a reports.Selection: the Table with a Row for each person, and the
    list of those on the page `number`, counted from 1 (beyond the last: the last). `sort` is
    described at `sorted_table`.

    Only the rows of the page have all figures, the others those that they are sorted by: to add up
    forty sums for thousands of people, in order to show fifty, would be most of the work.
    """
    sort = _known("person", sort)
    order = sort.lstrip("-")
    rows = _people(selection, ("calls", *DISTINCT_TOKENS, *NEEDED.get(order, ())))
    if order == "groups":
        _add_groups(rows, selection)
    table = sorted_table("person", rows, sort, reports.total(selection, SHOWN))
    shown = table.page(min(number, table.pages))
    chosen = replace(selection, people=[row.key for row in shown], groups=None)
    found = reports.sums_by("person_id", chosen, SHOWN)
    for row in shown:
        row.sums = found.get(row.key, row.sums)
    _add_groups(shown, selection)
    return table, shown


def sorted_table(by, rows, sort, total=None):
    """Return the Table of `rows`, sorted by `sort`: a key of FIGURES, "name" or (by person only)
    "groups", with "-" in front for descending; anything else is replaced by the usual order. `by`
    is what rows are grouped by, `total` their Sums (None: added up here)."""
    sort = _known(by, sort)
    name, down = sort.lstrip("-"), sort.startswith("-")
    rows = sorted(rows, key=lambda row: str(row.key) if by == "day" else row.label.casefold())
    if name == "name":
        rows = rows[::-1] if down else rows
    elif name == "groups":
        rows.sort(key=lambda row: [group.casefold() for group in row.groups], reverse=down)
    else:
        # Equal rows are sorted by tokens, then by name: a sensible order without prices, too.
        figure = _ORDER.get(name, FIGURES[name])
        rows.sort(key=lambda row: (_or_least(figure(row.sums)), row.sums.tokens), reverse=down)
    return Table(by, rows, sort, total or reports.added(row.sums for row in rows))


def _known(by, sort):
    """Return `sort` if it is valid for a table grouped by `by` (see `sorted_table`), else the usual
    order: "name" (the date) for days, "-cost" for all else."""
    if sort.lstrip("-") in (*FIGURES, "name", *(["groups"] if by == "person" else [])):
        return sort
    return "name" if by == "day" else "-cost"


# Quicker forms of some figures, for sorting: cost as an int, one percentile instead of all four.
_ORDER = {
    "cost": lambda sums: sums["cost_units"],
    "tool_cost": lambda sums: sums["tool_cost_units"],
    "estimated_cost": lambda sums: sums["estimated_cost_units"],
    **{name: partial(time_of, name=name) for name in TIMES},
}


def _or_least(figure):
    """Return a sort key (a tuple) for `figure`, a number or None, that puts None before all
    numbers."""
    return (figure is not None, figure or 0)


def _people(selection, names):
    """Return a list of Row, one for each person with usage in `selection`, a reports.Selection:
    `key` is the person's id, `label` the name. `names` are the measures to add up, as in WHOLE."""
    found = reports.sums_by("person_id", selection, names)
    people = reports.names_of(found.keys())
    return [
        Row(person_id, people[person_id][0], sums, left=not people[person_id][1])
        for person_id, sums in found.items()
    ]


def _groups(selection, names):
    """Return a list of Row, one for each set of groups that people with usage in `selection` (a
    reports.Selection) are in: members of several groups are in a row of their own, so that nobody
    is counted twice and the rows add up. `names` are the measures to add up, as in WHOLE."""
    found = reports.sums_by("groups", selection, names)
    known = dict(Group.objects.values_list("pk", "name"))
    rows = []
    for groups, sums in found.items():
        names = sorted(known[group] for group in groups)
        rows.append(Row(groups, " + ".join(names) if names else _("No group"), sums))
    return rows


def _add_groups(rows, selection):
    """Set `groups` of each of `rows` (Rows about one person each) to the names of the person's
    groups; if `selection` (a reports.Selection) is limited to groups, only these are named."""
    groups = reports.groups_of([row.key for row in rows], selection.groups)
    for row in rows:
        row.groups = groups.get(row.key, [])


def label_of(period, day):
    """Return the text for the date `day` in a table of `period`: "2026-11-27" for "day", else the
    month, "2026-11"."""
    return day.isoformat() if period == "day" else f"{day:%Y-%m}"
