"""Review queue: the conversations that a reviewer may open, newest activity first, with figures but
without text and titles."""

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
from conversations.search.results import excerpts, message_excerpts

PAGE = 50
# Up to so many rows that a filter matches are turned into a list of conversation ids.
FEW_MATCHES = 2_000

# Conditions of the filter by outcome; only replies count, not titles. These two repeat literally
# the conditions of the partial indexes: SQLite does not use such an index for parameters.
_REPLY = Q(RawSQL("purpose = 'reply'", (), BooleanField()))
_TROUBLED = _REPLY & Q(
    RawSQL("status IN ('failed', 'incomplete', 'interrupted')", (), BooleanField())
)
OUTCOMES = {
    "failed": _TROUBLED & Q(status="failed"),
    "filtered": _TROUBLED & Q(status="incomplete", reason="content_filter"),
    "refused": _REPLY & ~Q(refusal=""),
    "interrupted": _TROUBLED & Q(status="interrupted"),
}


@dataclass
class Row:
    """Row of the review queue: a `conversation` with figures over all its branches. `tokens` and
    `cost` (in CURRENCY) are sums over all its model calls, titles too, or None if no call has any;
    `failed`, `filtered` (by a content filter), `refused` (by the model) and `interrupted` count
    replies, `bad` and `good` count thumbs."""

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
    # After a search: pieces of text of the newest message or file that was found, as pairs of the
    # piece and whether it matches; else None. `found_in` is the name of the file, "" for a message.
    found: list | None = None
    found_in: str = ""

    @property
    def mark(self):
        """Return the ReviewMark of the conversation (when it was flagged and reviewed), or None."""
        return getattr(self.conversation, "review_mark", None)

    @property
    def flagged(self):
        """Return True if a reviewer has flagged the conversation."""
        return self.mark is not None and self.mark.flagged_at is not None

    @property
    def reviewed(self):
        """Return True if the conversation was marked as reviewed and has had no activity since."""
        reviewed_at = self.mark.reviewed_at if self.mark else None
        return reviewed_at is not None and reviewed_at >= self.conversation.updated_at


def queue(reviewer, filters, hits=None, after=None):
    """Return a queryset of the conversations that `reviewer` (a Person) may review and that meet
    `filters`, newest activity first.

    `filters` is the cleaned data of a QueueForm. `hits` are the search results of `look_for`: only
    conversations with one of them are returned (None: no search). `after` is `(updated_at, id)` of
    the last conversation of the page before, as `read_place` returns it (None: first page).
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
    # With two upper bounds SQLite uses an index for one only, which may be the worse one.
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
    """Return a queryset of those `conversations` whose id is in the column `key` of the queryset
    `matches`.

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
    """Search the conversations that `reviewer` (a Person) may review, trashed ones too, for the
    words `filters["q"]`, and return a list of at most WINDOW results (Hit), newest first. `filters`
    is the cleaned data of a QueueForm; `before` is the id of the last Hit of the list before, to
    get older ones (None: the newest). Nothing is recorded here: the caller records the search."""
    groups = reviewer.scopes.values("group_id")
    members = None
    if groups:
        through = Person.groups.through.objects.filter(group_id__in=groups)
        members = set(through.values_list("person_id", flat=True))
    if owner := filters.get("person"):
        members = {owner.pk}
    return search(filters["q"], members, trashed=True, before=before)


def show_found(rows, hits, words):
    """Set `found` of each of `rows` (Row) to an excerpt of the newest of `hits` (Hit) in its
    conversation, as a list of pairs `(piece of text, True if it matches)`, and `found_in` to the
    name of the file if the excerpt is from a file. `words` is the search text. Call it only if the
    search was recorded in the access log: the queue shows no other text."""
    first, phrases = {}, parse(words)
    for hit in hits:
        if hit.message_id:
            first.setdefault(hit.conversation_id, hit)
    wanted = [first[row.conversation.pk] for row in rows if row.conversation.pk in first]
    messages = [hit.message_id for hit in wanted if not hit.attachment_id]
    texts = dict(Message.objects.filter(pk__in=messages).values_list("pk", "text"))
    passages = message_excerpts(texts, phrases)
    files = excerpts([hit.attachment_id for hit in wanted if hit.attachment_id], phrases)
    for row in rows:
        hit = first.get(row.conversation.pk)
        if hit is None:
            continue
        if hit.attachment_id in files:
            file, row.found = files[hit.attachment_id]
            row.found_in = file.name
        else:
            row.found = passages.get(hit.message_id) or None


def unreviewed(conversations):
    """Return a queryset of those of `conversations` (a queryset) that were never marked as
    reviewed, or have had activity since."""
    reviewed = ReviewMark.objects.filter(
        conversation=OuterRef("pk"), reviewed_at__gte=OuterRef("updated_at")
    )
    return conversations.filter(~Exists(reviewed))


def page(conversations):
    """Return the first page (PAGE conversations) of a queryset from `queue`, as `(list of Row,
    place)`. `place` is the last conversation's place as text for the URL of the next page (see
    `place_of`), None if there is no next page. Takes four queries however many rows; texts and
    titles are not read."""
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
    """Return a queryset of those `conversations` (a queryset) that follow, in the order of the
    queue, the one with `updated_at` and `conversation_id`.

    The condition on `updated_at` alone is implied by the other one, but lets the database begin
    there in its index.
    """
    return conversations.filter(
        Q(updated_at__lt=updated_at) | Q(updated_at=updated_at, id__lt=conversation_id),
        updated_at__lte=updated_at,
    )


def next_unreviewed(reviewer, filters, conversation, hits=None):
    """Return the first unreviewed Conversation after `conversation` in the review queue, else the
    first one of the whole queue; None if there is no other. The queue has the conversations that
    `reviewer` (a Person) may review and that meet `filters` (the cleaned data of a QueueForm); with
    `hits`, a list of search results (Hit), only those with one of them."""
    for after in ((conversation.updated_at, conversation.pk), None):
        waiting = unreviewed(queue(reviewer, filters, hits, after)).exclude(pk=conversation.pk)
        if found := waiting.only("updated_at").first():
            return found
    return None


def place_of(conversation):
    """Return the place of a conversation in the queue as text for a URL: microseconds from 1970 to
    its last activity, "-" and its id in hexadecimal."""
    since = conversation.updated_at - datetime(1970, 1, 1, tzinfo=UTC)
    return f"{since // timedelta(microseconds=1)}-{conversation.pk.hex}"


def read_place(text):
    """Parse what `place_of` returned and return `(updated_at, id)`, or None for any other text."""
    match = re.fullmatch(r"(\d{1,17})-([0-9a-f]{32})", text or "")
    if match is None:
        return None
    since = timedelta(microseconds=int(match[1]))
    return datetime(1970, 1, 1, tzinfo=UTC) + since, UUID(match[2])


def _rows(conversations):
    """Return a list of Row with the figures of `conversations` (a list), in their order, by three
    queries."""
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
    """Return the aware datetime at which the date `day` begins in the reader's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))
