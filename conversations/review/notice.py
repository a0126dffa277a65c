"""Review notice: tells people on their account page about reviews of their own conversations, as
far as the setting REVIEW_NOTICE allows."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from conversations.models import Conversation, Person, ReviewAccess
from conversations.models.review_sitting import LASTS
from conversations.review.record_access import HIDDEN

SHOWN = 20
# Rows of the log that are looked at: a reading has several, such as one for each page.
ROWS = 200


@dataclass
class Reading:
    """One reading of a person's conversation by one reviewer, as told to that person: all that the
    reviewer did with it for one reason within an hour. `at` is when it began, `first` the first row
    of the access log, `conversation` the Conversation (None if it was deleted), `reviewer` the
    Person (None if not to be named, or erased)."""

    at: datetime
    first: ReviewAccess
    conversation: Conversation | None = None
    reviewer: Person | None = None

    @property
    def is_export(self):
        """Return True if the conversation was exported as part of a case (a zip for an
        investigation), False if it was read on the site."""
        return self.first.action == ReviewAccess.Action.EXPORTED_CASE


def notice(person):
    """Return the context of the template `review/_account_notice.html` for `person`, whose account
    page it is on: `{"mode": …, "readings": […]}`.

    `mode` is REVIEW_NOTICE: "on", "full" or "off". `readings` are the newest 20 (SHOWN) Readings of
    the person's conversations; with "off" there are none. Reviewers are named with "full" only.
    """
    mode = settings.REVIEW_NOTICE
    if mode == "off":
        return {"mode": mode, "readings": []}
    told = (*ReviewAccess.READING, ReviewAccess.Action.EXPORTED_CASE)
    rows = ReviewAccess.objects.filter(owner_id=person.pk, action__in=told)
    # To the owner a legal hold looks like a deletion, after which nobody can read.
    rows = rows.exclude(detail__has_key=HIDDEN)
    readings = _readings(rows[:ROWS])[:SHOWN]
    ids = {reading.first.conversation_id for reading in readings}
    shown = Conversation.objects.of(person).kept().in_bulk(ids)
    names = {}
    if mode == "full":
        names = Person.objects.in_bulk({reading.first.reviewer_id for reading in readings})
    for reading in readings:
        reading.conversation = shown.get(reading.first.conversation_id)
        reading.reviewer = names.get(reading.first.reviewer_id)
    return {"mode": mode, "readings": readings}


def _readings(rows):
    """Group `rows` (ReviewAccess, newest first) into Readings of at most an hour, by conversation,
    reviewer and reason, exports apart; return the list, newest first."""
    found, last = [], {}
    for row in reversed(rows):
        is_export = row.action == ReviewAccess.Action.EXPORTED_CASE
        key = (row.conversation_id, row.reviewer_id, row.reason, is_export)
        reading = last.get(key)
        if reading is None or row.at - reading.at > LASTS:
            last[key] = reading = Reading(row.at, row)
            found.append(reading)
    return found[::-1]
