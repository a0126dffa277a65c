"""The queue of a review: conversations newest activity first, without their text and title."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import BooleanField, Count, Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.utils import timezone

from conversations.models import (
    Conversation,
    Feedback,
    Message,
    Person,
    Response,
    ReviewMark,
)
from conversations.search import search

PAGE = 50
# Up to so many conversations with what a filter asks for are looked up one by one.
FEW_MATCHES = 2_000

# How a filter finds the replies it asks for. The first repeats the condition of the partial
# indexes, as it is written there: SQLite does not use one for values that it cannot see.
_TROUBLED = Q(RawSQL("status IN ('failed', 'incomplete', 'interrupted')", (), BooleanField()))
OUTCOMES = {
    "failed": _TROUBLED & Q(status="failed"),
    "filtered": _TROUBLED & Q(status="incomplete", reason="content_filter"),
    "refused": ~Q(refusal=""),
    "interrupted": _TROUBLED & Q(status="interrupted"),
}


@dataclass
class Row:
    """A conversation and what the queue says of it, all replies of all branches together.

    `tokens` and `cost` are None where nothing is known.
    """

    conversation: Conversation
    messages: int = 0
    tokens: int | None = None
    cost: Decimal | None = None
    failed: int = 0
    filtered: int = 0
    refused: int = 0
    interrupted: int = 0
    bad: int = 0
    good: int = 0

    @property
    def mark(self):
        return getattr(self.conversation, "review_mark", None)

    @property
    def flagged(self):
        return self.mark is not None and self.mark.flagged_at is not None

    @property
    def reviewed(self):
        """Whether nothing was added since it was reviewed."""
        reviewed_at = self.mark.reviewed_at if self.mark else None
        return reviewed_at is not None and reviewed_at >= self.conversation.updated_at


def queue(reviewer, filters, hits=None, after=None):
    """Conversations `reviewer` may review now, as `filters` ask, newest activity first; with
    `after`, a place as `read_place` gives it, those behind it.

    `filters` is the cleaned data of a QueueForm; `hits` are those of `look_for` where it has words
    to look for.
    """
    found = Conversation.objects.reviewable_by(reviewer)
    if hits is not None:
        found = found.holding(hits)
    if owner := filters.get("person"):
        found = found.filter(owner=owner)
    if group := filters.get("group"):
        found = found.owned_in([group.pk])
    if model := filters.get("model"):
        found = found.filter(model=model)
    if first := filters.get("since"):
        found = found.filter(updated_at__gte=midnight(first))
    end = filters.get("until") and midnight(filters["until"] + timedelta(days=1))
    # Of two ends SQLite goes by one only, which may be far before the other.
    if end and (after is None or end < after[0]):
        found = found.filter(updated_at__lt=end)
    if after is not None:
        found = _behind(found, *after)
    if outcome := filters.get("status"):
        troubled = Response.objects.filter(OUTCOMES[outcome])
        found = _with_one_of(found, troubled, "conversation_id")
    if value := filters.get("feedback"):
        thumbs = Feedback.objects.filter(value=value)
        found = _with_one_of(found, thumbs, "message__conversation_id")
    if filters.get("flagged"):
        found = found.filter(review_mark__flagged_at__isnull=False)
    if filters.get("unreviewed"):
        found = unreviewed(found)
    return found.order_by("-updated_at", "-id")


def _with_one_of(conversations, matches, key):
    """Those of `conversations` that `key` of one of `matches` names.

    Few: by their ids. Many: newest first, asking of each whether it is one. Putting many into
    order for one page took longer the more conversations there were.
    """
    if matches[: FEW_MATCHES + 1].count() <= FEW_MATCHES:
        # Of what was erased the call is left.
        few = set(matches.values_list(key, flat=True)) - {None}
        return conversations.filter(pk__in=few)
    # Not Exists, of which PostgreSQL would make a join that reads all matches first.
    one = matches.filter(**{key: OuterRef("pk")}).values("pk")[:1]
    return conversations.alias(one=Subquery(one)).filter(one__isnull=False)


def look_for(reviewer, filters, before=None):
    """The newest WINDOW Hits of the words in `filters`, in what `reviewer` may review, what is in
    the trash included; `before` is the id of the last Hit of the look before."""
    groups = reviewer.scopes.values("group_id")
    members = None
    if groups:
        through = Person.groups.through.objects.filter(group_id__in=groups)
        members = set(through.values_list("person_id", flat=True))
    if owner := filters.get("person"):
        members = {owner.pk}
    return search(filters["q"], members, trashed=True, before=before)


def unreviewed(conversations):
    """Those of `conversations` that have something nobody reviewed yet."""
    reviewed = ReviewMark.objects.filter(
        conversation=OuterRef("pk"), reviewed_at__gte=OuterRef("updated_at")
    )
    return conversations.filter(~Exists(reviewed))


def page(conversations):
    """`(rows, place of the next page or None)`: the first PAGE of `conversations`.

    Six queries however many rows; the texts and titles are not even read.
    """
    # What is read is named, so that a title cannot come along by accident.
    shown = list(
        conversations.select_related("owner", "review_mark").only(
            "model",
            "created_at",
            "updated_at",
            "trashed_at",
            "owner__username",
            "owner__first_name",
            "owner__last_name",
            "review_mark__flagged_at",
            "review_mark__reviewed_at",
        )[: PAGE + 1]
    )
    more = len(shown) > PAGE
    shown = shown[:PAGE]
    return _rows(shown), place_of(shown[-1]) if more else None


def _behind(conversations, updated_at, conversation_id):
    """Those that come after that place in the queue.

    The first condition says nothing new, but lets the database begin there in the index.
    """
    return conversations.filter(
        Q(updated_at__lt=updated_at) | Q(updated_at=updated_at, id__lt=conversation_id),
        updated_at__lte=updated_at,
    )


def next_unreviewed(reviewer, filters, conversation, hits=None):
    """The next in the queue after `conversation` that has something unreviewed, else the first
    of all; None where there is no other."""
    for after in ((conversation.updated_at, conversation.pk), None):
        waiting = unreviewed(queue(reviewer, filters, hits, after)).exclude(pk=conversation.pk)
        if found := waiting.only("updated_at").first():
            return found
    return None


def place_of(conversation):
    """The conversation's place in the queue, for the address of the next page."""
    since = conversation.updated_at - datetime(1970, 1, 1, tzinfo=UTC)
    return f"{since // timedelta(microseconds=1)}-{conversation.pk.hex}"


def read_place(text):
    """`(updated_at, id)` as `place_of` wrote it; None where it is not one."""
    match = re.fullmatch(r"(\d{1,17})-([0-9a-f]{32})", text or "")
    if match is None:
        return None
    since = timedelta(microseconds=int(match[1]))
    return datetime(1970, 1, 1, tzinfo=UTC) + since, UUID(match[2])


def _rows(conversations):
    rows = {conversation.pk: Row(conversation) for conversation in conversations}
    messages = Message.objects.filter(conversation__in=rows).order_by()
    for found in messages.values("conversation_id").annotate(messages=Count("pk")):
        rows[found["conversation_id"]].messages = found["messages"]
    thumbs = Feedback.objects.filter(message__conversation__in=rows).order_by()
    for found in thumbs.values("message__conversation_id", "value").annotate(count=Count("pk")):
        setattr(rows[found["message__conversation_id"]], found["value"], found["count"])
    known = Coalesce(
        "total_tokens",
        F("input_tokens") + F("output_tokens"),
        F("estimated_input_tokens") + F("estimated_output_tokens"),
    )
    replies = Response.objects.filter(conversation__in=rows).values("conversation_id")
    for found in replies.annotate(
        tokens=Sum(known),
        spent=Sum("cost"),
        **{name: Count("pk", filter=condition) for name, condition in OUTCOMES.items()},
    ):
        row = rows[found.pop("conversation_id")]
        row.cost = found.pop("spent")
        for name, value in found.items():
            setattr(row, name, value)
    return list(rows.values())


def midnight(day):
    """When `day` begins where the reader is."""
    return timezone.make_aware(datetime.combine(day, time.min))
