"""The review queue: the conversations that a reviewer may open, newest activity first, with figures
and without text and title."""

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
from conversations.search import parse, search
from conversations.search.highlight import snippet

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
    """A line of the review queue: a conversation with figures over all its replies, those of every
    branch. `tokens` and `cost` (in CURRENCY) are None where no reply has any; `failed`, `filtered`,
    `refused` and `interrupted` count replies, `bad` and `good` thumbs.
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
    # Where words were looked for: pieces of the first message that has them, each with whether it
    # matches.
    found: list | None = None

    @property
    def mark(self):
        return getattr(self.conversation, "review_mark", None)

    @property
    def flagged(self):
        return self.mark is not None and self.mark.flagged_at is not None

    @property
    def reviewed(self):
        """Whether it was reviewed and had no activity since."""
        reviewed_at = self.mark.reviewed_at if self.mark else None
        return reviewed_at is not None and reviewed_at >= self.conversation.updated_at


def queue(reviewer, filters, hits=None, after=None):
    """A queryset of the conversations that `reviewer` may review and `filters` ask for, newest
    activity first.

    `filters` is the cleaned data of a QueueForm; `hits` are the results of `look_for` where it has
    search words, else None. `after` is where a page begins: the (`updated_at`, id) of the last
    conversation of the page before, as `read_place` gives it, or None for the first page.
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
    """A queryset of those `conversations` whose id is the column `key` of a row in `matches`.

    Up to FEW_MATCHES are filtered by a list of ids. For more, the database goes through the
    conversations in order and looks for a match of each: sorting all matches for one page took
    longer the more conversations there were.
    """
    if matches[: FEW_MATCHES + 1].count() <= FEW_MATCHES:
        # Responses of erased conversations remain, without a conversation.
        few = set(matches.values_list(key, flat=True)) - {None}
        return conversations.filter(pk__in=few)
    # Not Exists, of which PostgreSQL would make a join that reads all matches first.
    one = matches.filter(**{key: OuterRef("pk")}).values("pk")[:1]
    return conversations.alias(one=Subquery(one)).filter(one__isnull=False)


def look_for(reviewer, filters, before=None):
    """A list of the newest search results (Hit, at most WINDOW) for the words `filters["q"]` in
    conversations that `reviewer` may review, those in the trash too. `before` is the id of the last
    Hit of the list before, for the next one."""
    groups = reviewer.scopes.values("group_id")
    members = None
    if groups:
        through = Person.groups.through.objects.filter(group_id__in=groups)
        members = set(through.values_list("person_id", flat=True))
    if owner := filters.get("person"):
        members = {owner.pk}
    return search(filters["q"], members, trashed=True, before=before)


def show_found(rows, hits, words):
    """Give each of `rows` a piece of the newest of the `hits` in it, with the `words` marked. Only
    where looking for them was recorded: all else of the queue shows no text."""
    first = {}
    for hit in hits:
        if hit.message_id:
            first.setdefault(hit.conversation_id, hit.message_id)
    wanted = [first[row.conversation.pk] for row in rows if row.conversation.pk in first]
    texts = dict(Message.objects.filter(pk__in=wanted).values_list("conversation_id", "text"))
    phrases = parse(words)
    for row in rows:
        if text := texts.get(row.conversation.pk):
            row.found = snippet(text, phrases)


def unreviewed(conversations):
    """Those of `conversations` that were never reviewed, or had activity since."""
    reviewed = ReviewMark.objects.filter(
        conversation=OuterRef("pk"), reviewed_at__gte=OuterRef("updated_at")
    )
    return conversations.filter(~Exists(reviewed))


def page(conversations):
    """The first PAGE of `conversations` as `(list of Row, place)`; `place` is what the address of
    the next page has as `after`, None on the last. Six queries however many rows; texts and titles
    are not read from the database."""
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
    """Those of `conversations` that come after (`updated_at`, `conversation_id`) in the queue.

    The condition on `updated_at` alone is implied by the other, but lets the database begin there
    in the index.
    """
    return conversations.filter(
        Q(updated_at__lt=updated_at) | Q(updated_at=updated_at, id__lt=conversation_id),
        updated_at__lte=updated_at,
    )


def next_unreviewed(reviewer, filters, conversation, hits=None):
    """The next unreviewed conversation of the queue after `conversation`; at its end the first one;
    None where there is no other."""
    for after in ((conversation.updated_at, conversation.pk), None):
        waiting = unreviewed(queue(reviewer, filters, hits, after)).exclude(pk=conversation.pk)
        if found := waiting.only("updated_at").first():
            return found
    return None


def place_of(conversation):
    """The place of a conversation in the queue as text for an address: microseconds since 1970 of
    its last activity, "-" and its id in hexadecimal."""
    since = conversation.updated_at - datetime(1970, 1, 1, tzinfo=UTC)
    return f"{since // timedelta(microseconds=1)}-{conversation.pk.hex}"


def read_place(text):
    """`(updated_at, id)` from the text that `place_of` made; None for any other text."""
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
    """The aware datetime at which `day` begins in the reader's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))
