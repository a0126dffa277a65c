"""Retention: finds the conversations that the retention rules (RetentionRule) delete, and when.

Days are counted from a conversation's last message (`Conversation.updated_at`). One rule applies to
a person: of the rules for their groups the one with the fewest days, else the rule for everyone.
Temporary conversations have separate rules, and are kept TEMPORARY_DAYS without one. Holds are
heeded where these are deleted, in `conversations.keeping.removal`.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from conversations.models import Conversation, Person, Response, RetentionRule

TEMPORARY_DAYS = 1


@dataclass(frozen=True)
class Span:
    """Set of conversations, and the time for which a retention rule keeps them.

    Their owners are in one of `groups` (ids of Groups; None: everybody) and in none of `other_than`
    (ids of Groups). All of the conversations are temporary if `temporary` is True, else none is.
    They, or the files in them, are deleted `days` days after the last message (None: never), those
    of pinned conversations never if `spare_pinned`. `name` is text that names the people concerned:
    a group, or everyone.
    """

    name: str
    groups: tuple | None
    other_than: tuple
    days: int | None
    spare_pinned: bool = False
    temporary: bool = False

    def due(self, now=None):
        """Return a queryset of the Conversations that the rule deletes at the datetime `now` (None:
        the current time), without those that are deleted for their owners already, and without
        those in which a reply is being written."""
        if self.days is None:
            return Conversation.objects.none()
        return self.conversations().filter(
            ~Exists(Response.objects.open().filter(conversation_id=OuterRef("pk"))),
            updated_at__lte=before(self.days, now),
        )

    def conversations(self):
        """Return a queryset of the Conversations to which the rule applies, however old they are,
        without pinned ones that it spares and those that are deleted for their owners."""
        found = Conversation.objects.filter(temporary=self.temporary, hidden_at=None)
        if self.spare_pinned:
            found = found.filter(pinned_at=None)
        members = Person.groups.through.objects.filter(person_id=OuterRef("owner_id"))
        if self.groups is not None:
            found = found.filter(Exists(members.filter(group_id__in=self.groups)))
        if self.other_than:
            found = found.filter(~Exists(members.filter(group_id__in=self.other_than)))
        return found


def spans(rules=None, column="days"):
    """Return a list of Spans for `rules` (RetentionRules; None: the stored ones). Each conversation
    is in one Span at most. `column` is the column of the rules with the number of days: "days" for
    conversations, "file_days" for the files in them."""
    if rules is None:
        rules = RetentionRule.objects.select_related("group")
    found = []
    for temporary in (True, False):
        mine = [rule for rule in rules if rule.temporary == temporary]
        found += _spans(mine, column, temporary)
    return found


def _spans(rules, column, temporary):
    """Return the list of Spans for `rules`, which are all for temporary conversations (`temporary`
    is True) or all for others. `column` as in `spans`."""
    found, before_it = [], []
    of_groups = [rule for rule in rules if rule.group_id is not None]
    for rule in sorted(of_groups, key=lambda rule: _order(rule, column)):
        found.append(_span(rule, column, (rule.group_id,), tuple(before_it)))
        before_it.append(rule.group_id)
    for rule in rules:
        if rule.group_id is None:
            found.append(_span(rule, column, None, tuple(before_it)))
    has_one_for_everyone = len(found) > len(of_groups)
    if temporary and column == "days" and not has_one_for_everyone:
        everyone = str(RetentionRule())
        found.append(Span(everyone, None, tuple(before_it), TEMPORARY_DAYS, temporary=True))
    return found


def _order(rule, column):
    """Return the sort key (a tuple) of a RetentionRule for a group: fewest days first, no limit
    (None) last. `column` as in `spans`."""
    days = getattr(rule, column)
    return days is None, days or 0, rule.group_id


def _span(rule, column, groups, other_than):
    """Return the Span of a RetentionRule. `column` as in `spans`; `groups` and `other_than` are ids
    of groups as in Span."""
    days = getattr(rule, column)
    if rule.temporary and column == "days" and days is None:
        days = TEMPORARY_DAYS
    return Span(str(rule), groups, other_than, days, rule.spare_pinned, rule.temporary)


def before(days, now=None):
    """Return the datetime `days` days before `now` (a datetime; None: the current time). For more
    days than a datetime can go back, it is that of 1,000 years before."""
    now = now or timezone.now()
    try:
        return now - timedelta(days=days)
    except OverflowError:
        return now - timedelta(days=365 * 1000)


def span_of(person, *, temporary=False, column="days"):
    """Return the Span that applies to the conversations of `person` (a Person), or to their
    temporary ones if `temporary`; None if no rule does. `column` as in `spans`."""
    rules = list(RetentionRule.objects.filter(temporary=temporary).select_related("group"))
    if not rules and not temporary:
        return None
    groups = set()
    if any(rule.group_id for rule in rules):
        through = Person.groups.through.objects.filter(person_id=person.pk)
        groups = set(through.values_list("group_id", flat=True))
    for span in _spans(rules, column, temporary):
        if span.groups is None or groups.intersection(span.groups):
            return span
    return None


def deleted_on(conversation, person):
    """Return the datetime from which on a retention rule deletes the Conversation, whose owner is
    `person`; None if no rule deletes it."""
    span = span_of(person, temporary=conversation.temporary)
    if span is None or span.days is None or (span.spare_pinned and conversation.pinned_at):
        return None
    try:
        return conversation.updated_at + timedelta(days=span.days)
    except OverflowError:
        return None
