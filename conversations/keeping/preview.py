"""Preview of retention rules: how many conversations a set of rules would delete, by person and
age, before it is saved."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Q

from conversations.keeping import retention
from conversations.models import Attachment, Hold, Person

PEOPLE = 50  # that are listed, those with most conversations first; the others are counted


@dataclass
class Loss:
    """Loss of one Person (of several together, if `person` is None) by retention rules: the number
    of `conversations` that would be deleted, and the datetimes of their last messages, the `oldest`
    and the `newest` of these."""

    person: Person | None
    conversations: int
    oldest: datetime
    newest: datetime


@dataclass
class Preview:
    """Preview of what the next retention run would delete. `losses` is a list of Loss; `total`
    conversations of `people` different people are due, of which `held` are only hidden from their
    owners because of a legal hold; `ages` is a list of `(year of the last message, number of
    conversations)`; `files` is the number of files to be deleted from conversations that stay."""

    losses: list
    total: int
    people: int
    held: int
    ages: list
    files: int = 0


def preview(rules, now=None):
    """Return the Preview of what `rules` (a list of RetentionRules, saved or not) would delete at
    the datetime `now` (None: the current time). Without a rule for temporary conversations their
    default applies. Nothing is deleted."""
    counted, ages, held = {}, {}, 0
    for span in retention.spans(rules):
        due = span.due(now)
        held += due.filter(Hold.of_conversation()).count()
        by_person = due.values("owner_id").annotate(
            count=Count("pk"), oldest=Min("updated_at"), newest=Max("updated_at")
        )
        for row in by_person.order_by():
            loss = Loss(None, row["count"], row["oldest"], row["newest"])
            _add(counted, row["owner_id"], loss)
        years = due.values("updated_at__year").annotate(count=Count("pk")).order_by()
        for row in years:
            year = row["updated_at__year"]
            ages[year] = ages.get(year, 0) + row["count"]
    return Preview(
        losses=_listed(counted),
        total=sum(loss.conversations for loss in counted.values()),
        people=len(counted),
        held=held,
        ages=sorted(ages.items()),
        files=_files(rules, now),
    )


def _files(rules, now):
    """Return the number of attached files that `rules` would delete by their `file_days` at the
    datetime `now` (None: the current time), in conversations that `rules` would not delete."""
    due, gone = Q(pk__in=[]), Q(pk__in=[])
    for span in retention.spans(rules, column="file_days"):
        due |= Q(conversation__in=span.due(now).values("pk"))
    for span in retention.spans(rules):
        gone |= Q(conversation__in=span.due(now).values("pk"))
    return Attachment.objects.filter(due & ~gone, message__isnull=False).count()


def _add(counted, owner_id, loss):
    """Add `loss` (a Loss) to that of the person with the id `owner_id` in `counted`, a dict of Loss
    by person id, or insert it if there is none."""
    before = counted.setdefault(owner_id, loss)
    if before is not loss:
        before.conversations += loss.conversations
        before.oldest = min(before.oldest, loss.oldest)
        before.newest = max(before.newest, loss.newest)


def _listed(counted):
    """Return the list of Loss in `counted` (a dict by person id), most conversations first, with
    `person` set. Only PEOPLE of them are listed; the rest is summed up in one Loss without a
    person."""
    most = sorted(counted.items(), key=lambda item: (-item[1].conversations, item[0]))
    people = Person.objects.in_bulk([owner_id for owner_id, _loss in most[:PEOPLE]])
    for owner_id, loss in most[:PEOPLE]:
        loss.person = people.get(owner_id)
    listed = [loss for _owner, loss in most[:PEOPLE]]
    others = [loss for _owner, loss in most[PEOPLE:]]
    if others:
        listed.append(
            Loss(
                None,
                sum(loss.conversations for loss in others),
                min(loss.oldest for loss in others),
                max(loss.newest for loss in others),
            )
        )
    return listed
