"""Database model of a Response: one request to the gateway, with its status, its error, its tokens
and its cost.

Over 300 lines since it is one table: most of it are columns with their meaning, and constraints.
"""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conversations.gateway_sentences.error_sentences import (
    error_sentence,
    is_quote,
    reason_sentence,
)
from conversations.tools import refusal

# Columns of tokens that a Response has and that are summed up under the same name, in the order of
# reports and files. A new one is added here, and by a migration of Response and of the sums.
REPORTED_TOKENS = (
    "input_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "cache_write_12h_tokens",
    "output_tokens",
    "reasoning_tokens",
    "total_tokens",
)
ESTIMATED_TOKENS = ("estimated_input_tokens", "estimated_output_tokens")
TOKENS = REPORTED_TOKENS + ESTIMATED_TOKENS
# Columns that are not part of another one: total usage is their sum.
DISTINCT_TOKENS = ("input_tokens", "output_tokens", *ESTIMATED_TOKENS)
# Columns with the rates that a Response was charged by, per million tokens, by what they are for.
RATES = {
    "input": "price_input",
    "cached_input": "price_cached_input",
    "cache_write": "price_cache_write",
    "cache_write_12h": "price_cache_write_12h",
    "output": "price_output",
}

# States of replies that the review queue can be filtered by, as its indexes name them.
TROUBLED = ["failed", "incomplete", "interrupted"]


# Error codes with which a gateway refuses a request: if it had files, they are the likely cause.
FILE_ERRORS = ("refused", "unsupported", "too_large", "not_found", "model_failed", "server")


def _not_negative(field):
    """Return a Q (query condition) that is true where the column called `field` is null or at least
    0."""
    return Q(**{f"{field}__isnull": True}) | Q(**{f"{field}__gte": 0})


def _is_part_of(part, whole):
    """Return a Q (query condition) that is true where the number in the column called `part` is at
    most that in the column `whole`, or one of them is null."""
    return (
        Q(**{f"{part}__isnull": True})
        | Q(**{f"{whole}__isnull": True})
        | Q(**{f"{part}__lte": models.F(whole)})
    )


class ResponseQuerySet(models.QuerySet):
    """Queryset of Responses (requests to the gateway)."""

    def open(self):
        """Return a queryset of the Responses that are queued or being written."""
        # The same SQL as the condition of the partial indexes: with query parameters in its place
        # SQLite does not use such an index and scans the whole table.
        return self.filter(RawSQL("status IN ('queued', 'in_progress')", (), models.BooleanField()))

    def of(self, person):
        """Return a queryset of the Responses in conversations that `person` owns and that are not
        deleted for them. Views look up Responses only through it, which is their permission
        check."""
        return self.filter(conversation__owner_id=person.pk, conversation__hidden_at=None)


class Response(models.Model):
    """Request to the gateway (`POST /v1/responses`) and its result. The rows are also the record of
    usage: tokens, cost, and, while it is open, the estimate that is reserved against budgets.

    A row outlives the message, the conversation and the person: `person_id` is a plain number, and
    `username` is the name at that time, since a person who takes a name that was used before must
    not inherit its usage.
    """

    class Status(models.TextChoices):
        """State of a Response. QUEUED and IN_PROGRESS are open; the others are final."""

        QUEUED = "queued", _("queued")
        IN_PROGRESS = "in_progress", _("being written")
        COMPLETED = "completed", _("completed")
        INCOMPLETE = "incomplete", _("incomplete")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("stopped")
        INTERRUPTED = "interrupted", _("interrupted")

    class Purpose(models.TextChoices):
        """What a Response is for: a reply, or the title of a conversation."""

        REPLY = "reply", _("reply")
        TITLE = "title", _("title")

    class UsageSource(models.TextChoices):
        """Source of the numbers of tokens: reported by the gateway, estimated by this site, none
        (no model was reached) or unknown (not ended yet)."""

        REPORTED = "reported", _("reported")
        ESTIMATED = "estimated", _("estimated")
        NONE = "none", _("none")
        UNKNOWN = "unknown", _("unknown")

    class CostSource(models.TextChoices):
        """Place where the gateway named a cost: in the answer's `usage`, or in an HTTP header."""

        USAGE = "usage", _("usage")
        HEADER = "header", _("HTTP header")

    OPEN = (Status.QUEUED, Status.IN_PROGRESS)
    # Those in which a reply ended by itself, so that its text and its items are whole.
    WHOLE = (Status.COMPLETED, Status.INCOMPLETE)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(
        "Conversation", null=True, on_delete=models.SET_NULL, related_name="responses"
    )
    message = models.OneToOneField(
        "Message", null=True, on_delete=models.SET_NULL, related_name="response"
    )
    person_id = models.BigIntegerField(_("person"))
    username = models.CharField(_("username"), max_length=150)
    purpose = models.CharField(max_length=10, choices=Purpose.choices, default=Purpose.REPLY)

    status = models.CharField(max_length=12, choices=Status.choices, default=Status.QUEUED)
    # Why it is incomplete, as the gateway said it: max_output_tokens, content_filter, too_long …
    reason = models.CharField(max_length=100, blank=True)
    model = models.CharField(_("model asked for"), max_length=200)
    answered_model = models.CharField(_("model that answered"), max_length=200, blank=True)
    upstream_id = models.TextField(blank=True)
    request_id = models.CharField(max_length=200, blank=True)
    http_status = models.PositiveSmallIntegerField(null=True)
    # An error code of this site and the gateway's own words; the sentence is made when it is shown.
    error_code = models.CharField(max_length=50, blank=True)
    error_message = models.TextField(blank=True)
    refusal = models.TextField(blank=True)

    # Enough to rebuild the exact request: instructions, parameters, first message, those omitted.
    request = models.JSONField(default=dict)
    attempts = models.PositiveSmallIntegerField(default=0)

    # Only while it is open: the texts so far, and beside them the items in their order (null where
    # texts are all; see replies.partial_items); the lease (a lock that expires) of the process that
    # writes it, and the request to that process to stop.
    partial = models.TextField(blank=True)
    partial_reasoning = models.TextField(blank=True)
    partial_items = models.JSONField(null=True, blank=True)
    lease = models.UUIDField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    stop_requested = models.BooleanField(default=False)

    # Null is unknown, never 0. Read from the cache (cached) and written to it are parts of input,
    # those written for 12 hours a part of those written, reasoning a part of output.
    input_tokens = models.BigIntegerField(null=True)
    cached_tokens = models.BigIntegerField(null=True)
    cache_write_tokens = models.BigIntegerField(null=True)
    cache_write_12h_tokens = models.BigIntegerField(null=True)
    output_tokens = models.BigIntegerField(null=True)
    reasoning_tokens = models.BigIntegerField(null=True)
    total_tokens = models.BigIntegerField(null=True)
    estimated_input_tokens = models.BigIntegerField(null=True)
    estimated_output_tokens = models.BigIntegerField(null=True)
    usage_source = models.CharField(
        max_length=10, choices=UsageSource.choices, default=UsageSource.UNKNOWN
    )
    # The tier that the answer named ("flex", "priority" …), which is the one that is billed; "" if
    # it named none.
    service_tier = models.CharField(max_length=50, blank=True, default="", db_default="")
    # What the answer says about the use of tools: the API's `tool_usage` as it came, with
    # `server_tool_use` of `usage` beside it. Charges are made from it.
    tool_usage = models.JSONField(null=True)
    # The rates at that time, per million tokens, and the resulting cost, charges included; null
    # means that there was no price, or none for a part of it: those are in `missing_prices`.
    price_input = models.DecimalField(max_digits=16, decimal_places=6, null=True)
    price_cached_input = models.DecimalField(max_digits=16, decimal_places=6, null=True)
    price_cache_write = models.DecimalField(max_digits=16, decimal_places=6, null=True)
    price_cache_write_12h = models.DecimalField(max_digits=16, decimal_places=6, null=True)
    price_output = models.DecimalField(max_digits=16, decimal_places=6, null=True)
    cost = models.DecimalField(max_digits=18, decimal_places=8, null=True)
    # How often tools were used, charged or not; null before this site counted them.
    tool_uses = models.BigIntegerField(null=True)
    # The part of the cost that is charges (the sum of their amounts); null without charges.
    tool_cost = models.DecimalField(max_digits=18, decimal_places=8, null=True)
    # Names of what has no price, joined by ", ": "model", "tier flex", "cache_write", "long_input",
    # "web_search" …; "" where nothing is missing.
    missing_prices = models.CharField(max_length=200, blank=True, default="", db_default="")
    # The cost that the gateway named, in its own currency (OpenRouter and LiteLLM: US dollars), and
    # where it stood. It never takes the place of `cost`.
    reported_cost = models.DecimalField(max_digits=18, decimal_places=8, null=True)
    reported_cost_source = models.CharField(
        max_length=10, choices=CostSource.choices, blank=True, default="", db_default=""
    )
    # Lengths of input and output in characters, for the model's ratio of characters to tokens.
    input_characters = models.BigIntegerField(null=True)
    output_characters = models.BigIntegerField(null=True)
    # Reserved against the budgets until the Response has ended.
    reserved_input_tokens = models.BigIntegerField(null=True)
    reserved_output_tokens = models.BigIntegerField(null=True)
    reserved_cost = models.DecimalField(max_digits=18, decimal_places=8, null=True)

    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    first_token_at = models.DateTimeField(null=True)
    reasoning_seconds = models.FloatField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = ResponseQuerySet.as_manager()

    class Meta:
        verbose_name = _("response")
        verbose_name_plural = _("responses")
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"],
                condition=Q(status__in=["queued", "in_progress"], purpose="reply"),
                name="one_open_reply_per_conversation",
            ),
            models.CheckConstraint(
                condition=_is_part_of("cached_tokens", "input_tokens"),
                name="cached_is_part_of_input",
            ),
            models.CheckConstraint(
                condition=_is_part_of("reasoning_tokens", "output_tokens"),
                name="reasoning_is_part_of_output",
            ),
            # One condition for all that came later: on SQLite each constraint copies the table.
            models.CheckConstraint(
                condition=_is_part_of("cache_write_tokens", "input_tokens")
                & _is_part_of("cache_write_12h_tokens", "cache_write_tokens")
                & _is_part_of("tool_cost", "cost")
                & _not_negative("cache_write_tokens")
                & _not_negative("cache_write_12h_tokens")
                & _not_negative("tool_cost")
                & _not_negative("reported_cost"),
                name="cache_writes_and_charges_are_parts",
            ),
            models.CheckConstraint(
                condition=_not_negative("input_tokens")
                & _not_negative("cached_tokens")
                & _not_negative("output_tokens")
                & _not_negative("reasoning_tokens")
                & _not_negative("total_tokens")
                & _not_negative("cost"),
                name="usage_is_not_negative",
            ),
        ]
        indexes = [
            # The sweep for dead processes reads only open rows, however many there are in all.
            models.Index(
                fields=["status", "heartbeat_at"],
                condition=Q(status__in=["queued", "in_progress"]),
                name="open_responses",
            ),
            # For the review queue's filters, which look for few replies among very many.
            models.Index(
                fields=["status", "reason", "conversation"],
                condition=Q(purpose="reply", status__in=TROUBLED),
                name="troubles",
            ),
            models.Index(
                fields=["conversation"],
                condition=Q(purpose="reply", status__in=TROUBLED),
                name="troubled_replies",
            ),
            models.Index(
                fields=["conversation"],
                condition=Q(purpose="reply") & ~Q(refusal=""),
                name="refusals",
            ),
            # For the report that says what has no price.
            models.Index(
                fields=["model", "created_at"],
                condition=~Q(missing_prices=""),
                name="unpriced_calls",
            ),
            models.Index(
                fields=["person_id"],
                condition=Q(status__in=["queued", "in_progress"]),
                name="open_by_person",
            ),
            models.Index(fields=["person_id", "created_at"], name="ledger_by_person"),
            models.Index(fields=["created_at"], name="ledger_by_time"),
        ]

    def __str__(self):
        return str(self.pk)

    @property
    def is_open(self):
        """Return True if the Response is queued or being written."""
        return self.status in self.OPEN

    @property
    def ended_well(self):
        """Return True if the Response is complete, without a refusal or other remark, so that the
        page needs to show its text only."""
        return (
            self.status == self.Status.COMPLETED
            and not self.refusal
            and not (self.reason and self.reason_sentence)
        )

    @property
    def files_are_suspect(self):
        """Return True if the Response failed, its request had files, and the gateway's error code
        suggests that they are the cause, while its error message names no tool."""
        sent = (self.request.get("files") or {}).get("count")
        if not sent or self.status != self.Status.FAILED or self.error_code not in FILE_ERRORS:
            return False
        return self.refused_tool is None

    @property
    def refused_tool(self):
        """Return what the gateway's error message names of the tools that were sent (a tool, or a
        part of the request about tools), as a `tools.refusal.Named`; None if it names none of them,
        or the Response did not fail."""
        if self.status != self.Status.FAILED or self.error_code not in refusal.CODES:
            return None
        return refusal.named_in(self.error_message, self.request)

    @property
    def error_sentence(self):
        """Return a sentence in the active language that says what went wrong and what to do next;
        "" if nothing went wrong."""
        return error_sentence(self.error_code, self.http_status)

    @property
    def reason_sentence(self):
        """Return a sentence in the active language that says why the reply is incomplete; "" for a
        complete one."""
        return reason_sentence(self.reason, self.status)

    @property
    def error_is_quote(self):
        """Return True if `error_message` was written by the gateway; False if it is "", is about
        the network, or was written by this site."""
        return is_quote(self.error_code, self.error_message)

    @property
    def seconds_to_first_token(self):
        """Return the seconds (a float) from `created_at` to the first token of the reply; None if
        no token came."""
        if self.first_token_at is None:
            return None
        return (self.first_token_at - self.created_at).total_seconds()

    @property
    def seconds(self):
        """Return the seconds (a float) from `created_at` to the end of the Response; None while it
        is open."""
        if self.finished_at is None:
            return None
        return (self.finished_at - self.created_at).total_seconds()
