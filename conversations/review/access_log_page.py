"""Rows of the access log for its page and its CSV file: filtered, with the present names of people
and groups."""

import json
from datetime import timedelta

from django.contrib.auth.models import Group
from django.utils.translation import gettext as _

from conversations.models import Person, ReviewAccess
from conversations.review.queue import midnight

PAGE = 100
# Most rows of one CSV file; filters by date get the others.
CSV_ROWS = 50_000
COLUMNS = (
    "number",
    "at",
    "reviewer_id",
    "reviewer",
    "owner_id",
    "owner",
    "conversation_id",
    "action",
    "reason",
    "explanation",
    "detail",
    "address",
    "request_id",
    "previous",
    "hash",
)


def page(filters, before=None, size=PAGE):
    """Return one page of the access log, newest row first, as `(list of ReviewAccess, next)`.

    `filters` is the cleaned data of a LogForm, `size` the number of rows. `next` is the number of
    the last row, to be given as `before` for the next page (None on the last page); `before` None
    is the first page. Rows have the attributes that `with_names` sets.
    """
    rows = ReviewAccess.objects.all()
    if reviewer := filters.get("reviewer"):
        rows = rows.filter(reviewer_id=reviewer)
    if owner := filters.get("owner"):
        rows = rows.filter(owner_id=owner)
    if conversation := filters.get("conversation"):
        rows = rows.filter(conversation_id=conversation)
    if action := filters.get("action"):
        rows = rows.filter(action=action)
    if reason := filters.get("reason"):
        rows = rows.filter(reason=reason)
    if first := filters.get("since"):
        rows = rows.filter(at__gte=midnight(first))
    if last := filters.get("until"):
        rows = rows.filter(at__lt=midnight(last + timedelta(days=1)))
    if before is not None:
        rows = rows.filter(number__lt=before)
    shown = list(rows.order_by("-number")[: size + 1])
    more = len(shown) > size
    shown = with_names(shown[:size])
    return shown, shown[-1].number if more else None


def with_names(rows):
    """Set attributes for display on each of `rows` (ReviewAccess) and return them: `reviewer` and
    `owner` are usernames (see `name_of`); `said` is the dict `detail` with the group's name in
    place of its id and with the texts that the reviewer typed into filters, such as search words.
    Takes three queries however many rows."""
    ReviewAccess.load_words(rows)
    people, groups = set(), set()
    for row in rows:
        people |= {row.reviewer_id, row.owner_id}
        groups.add(row.detail.get("group"))
    people = Person.objects.only("username").in_bulk(people - {None})
    groups = Group.objects.in_bulk(groups - {None})
    for row in rows:
        row.reviewer = name_of(row.reviewer_id, people)
        row.owner = name_of(row.owner_id, people)
        group = groups.get(row.detail.get("group"))
        typed = {name: text for name, text in row.words.items() if name != "explanation"}
        kept = {name: value for name, value in row.detail.items() if name != "words"}
        row.said = {**kept, **typed, **({"group": group.name} if group else {})}
    return rows


def name_of(person_id, people):
    """Return the username of the person with the id `person_id`; `people` is a dict of Person by
    id. An id that is missing there gives "erased person", None gives ""."""
    if person_id is None:
        return ""
    person = people.get(person_id)
    return person.username if person else _("erased person")


def csv_rows(rows):
    """Yield a list of cells for each of `rows` (as returned by `with_names`), in the order of
    COLUMNS."""
    for row in rows:
        typed = {name: text for name, text in row.words.items() if name != "explanation"}
        yield [
            row.number,
            row.at.isoformat(),
            row.reviewer_id,
            row.reviewer,
            row.owner_id,
            row.owner,
            row.conversation_id,
            row.action,
            row.reason,
            row.explanation,
            json.dumps({**row.detail, **typed}, ensure_ascii=False) if row.detail else "",
            row.address,
            row.request_id,
            row.previous,
            row.hash,
        ]
