"""Budgets and rate limits: whether a person may start another model call, decided in the database.

Each Response reserves an estimate of its tokens and cost, in columns of its own row and in the
transaction that stores it. The reservation counts while the Response is open, so whatever ends the
Response, a crash included, also releases the reservation. Reservations of one person wait for each
other on a lock of the person's row (on SQLite the transaction itself is exclusive). What was used
and what is reserved are read by one statement: a Response that ended between two statements would
be counted by neither.

Over 300 lines so that the decision, its estimate and its sums can be checked against each other.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import BigIntegerField, Case, F, IntegerField, Value, When
from django.db.models.functions import Cast, Coalesce, Round, TruncDate
from django.utils import timezone

from conversations.database.prepared_query import Parameter, PreparedQuery
from conversations.models import Budget, Person, Response, UsageDay
from conversations.models.usage_day import COST_PLACES, money
from conversations.tools import kind_of
from conversations.usage import calendar, prices
from conversations.usage.token_estimate import BYTES_PER_TOKEN, ROUGH, Gauge

Metric = Budget.Metric
Purpose = Response.Purpose

# Tokens of output reserved for a reply whose maximum is not known: it may get longer.
EXPECTED_OUTPUT = 1_000
# Rates that some or all of an input may be charged at.
INPUT_RATES = ("input", "cache_write", "cache_write_12h")
# Share of a budget from which on people are warned.
NEARLY = Decimal("0.8")
MINUTE = timedelta(minutes=1)
SECONDS_TO_RETRY = 5  # where too many replies are being written


class OverLimit(Exception):
    """Exception: a budget or a rate limit refuses a new model call (Response). `retry_after` is the
    number of seconds after which another attempt makes sense."""

    retry_after = SECONDS_TO_RETRY


class OverBudget(OverLimit):
    """Exception: a hard budget refuses a new model call (Response). `standing` is the Standing (how
    much of the budget is used); `retry_after` is the number of seconds until the budget resets."""

    def __init__(self, standing):
        super().__init__(str(standing.budget))
        self.standing = standing
        self.retry_after = max(int((standing.resets_at - timezone.now()).total_seconds()) + 1, 1)


class TooFast(OverLimit):
    """Exception: the person has started `limit` replies within the last minute
    (REPLIES_PER_MINUTE). `retry_after` is in seconds."""

    def __init__(self, limit, retry_after):
        super().__init__(f"{limit} replies a minute")
        self.limit = limit
        self.retry_after = retry_after


class TooMany(OverLimit):
    """Exception: `limit` replies of the person are being written at the same time
    (CONCURRENT_REPLIES)."""

    def __init__(self, limit):
        super().__init__(f"{limit} replies at a time")
        self.limit = limit


@dataclass(frozen=True)
class Standing:
    """State of one `budget` (a Budget) for one person in the current day, week or month: the
    amounts `used` and `reserved` (by open Responses) in the budget's unit (money, tokens or
    replies), and the aware datetime `resets_at` at which the budget starts afresh."""

    budget: Budget
    used: Decimal
    reserved: Decimal
    resets_at: datetime

    @property
    def taken(self):
        """Return the sum of what is used and what is reserved, in the budget's unit."""
        return self.used + self.reserved

    @property
    def left(self):
        """Return what may still be used, in the budget's unit; never less than 0."""
        return max(self.budget.limit - self.taken, Decimal(0))

    @property
    def exhausted(self):
        """Return True if what is used and reserved has reached the budget's limit."""
        return self.taken >= self.budget.limit

    @property
    def fraction(self):
        """Return the used and reserved share of the budget's limit as a Decimal from 0 to 1 (1 also
        when the limit is exceeded or is 0)."""
        if not self.budget.limit:
            return Decimal(1)
        return min(self.taken / self.budget.limit, Decimal(1))

    @property
    def percent(self):
        """Return `fraction` as an int from 0 to 100, rounded down."""
        return int(self.fraction * 100)

    def allows(self, needed):
        """Return True if the budget is not exhausted and `needed` more (in the budget's unit) fit
        within its limit."""
        return not self.exhausted and self.taken + needed <= self.budget.limit


def reserve(
    person,
    model,
    *,
    purpose=Purpose.REPLY,
    texts=(),
    max_output_tokens=None,
    file_tokens=0,
    parameters=None,
):
    """Check the limits of `person` for a new Response, and return its reservation as a dict of
    columns to store with it: `Response(…, **reserve(…))`. Raise OverBudget, TooFast or TooMany if a
    limit refuses, Person.DoesNotExist if the account was deleted; the caller must then roll back.

    Call it inside the transaction that stores the Response. `model` is the model's name, `purpose`
    a Response.Purpose (reply or title; rate limits are for replies only), `texts` all texts that
    will be sent, `max_output_tokens` the most tokens that the model may answer (None: no limit),
    `file_tokens` the estimated tokens of pictures and other files that are sent, `parameters` a
    dict of the request's other fields (None: none), of which `service_tier`, `tools` and
    `max_tool_calls` change the cost.

    A hard budget is compared with the input only, whose size is known; reserved is the most that
    the call may use, as far as that is known. So calls of one person that run at the same time
    exceed a budget, all together, by less than the use of one call.
    """
    budgets = Budget.objects.for_person(person.pk)
    estimate = _estimate(Gauge(model) if budgets else ROUGH, texts, max_output_tokens, file_tokens)
    limited = settings.REPLIES_PER_MINUTE or settings.CONCURRENT_REPLIES
    if budgets or (limited and purpose == Purpose.REPLY):
        if not _locked_person(pk=person.pk):
            raise Person.DoesNotExist
        if purpose == Purpose.REPLY:
            _check_rates(person)
    if budgets:
        estimate.update(
            _check_budgets(budgets, person.pk, model, purpose, estimate, parameters or {})
        )
    return estimate


_locked_person = PreparedQuery(
    lambda: (
        Person.objects.select_for_update(no_key=True)
        .filter(pk=Parameter("pk", Person._meta.pk))
        .values_list("pk")
    )
)


def may_spend(person, model, *, purpose=Purpose.REPLY, texts=(), max_output_tokens=None):
    """Return True if the hard budgets of `person` leave room for a call of the model named `model`
    for `purpose` (a Response.Purpose) that sends `texts` and answers with at most
    `max_output_tokens`. Nothing is reserved and rate limits are not checked; used to skip the
    generation of a title early."""
    budgets = [budget for budget in Budget.objects.for_person(person.pk) if budget.hard]
    estimate = _estimate(Gauge(model) if budgets else ROUGH, texts, max_output_tokens)
    try:
        _check_budgets(budgets, person.pk, model, purpose, estimate, {})
    except OverBudget:
        return False
    return True


def standings(person):
    """Return a list of Standing, one for each budget that applies to `person` (a Person): the
    budget and how much of it is used, reserved and left. Sorted by the share that is taken, largest
    first."""
    budgets = Budget.objects.for_person(person.pk)
    found = _standings(budgets, person.pk)
    return sorted(found, key=lambda standing: standing.fraction, reverse=True)


def nearly_used_up(person):
    """Return a list of Standing, one for each budget of `person` (a Person) of which at least 80 %
    (NEARLY) is used or reserved, sorted as by `standings`. Used for the warning beside the message
    box."""
    return [standing for standing in standings(person) if standing.fraction >= NEARLY]


def _estimate(gauge, texts, max_output_tokens, file_tokens=0):
    """Return a dict of the columns of a reservation that do not depend on prices: characters and
    estimated tokens of the input (`texts`, and `file_tokens` for files), and the tokens of the
    reply (`max_output_tokens`; None: EXPECTED_OUTPUT). `gauge` is the estimator, a RoughGauge. A
    token of a file counts as BYTES_PER_TOKEN characters, so that files change the measured ratio of
    characters to tokens as little as possible."""
    return {
        "input_characters": sum(map(len, texts)) + file_tokens * BYTES_PER_TOKEN,
        "reserved_input_tokens": gauge.input_tokens(*texts) + file_tokens,
        "reserved_output_tokens": max_output_tokens or EXPECTED_OUTPUT,
    }


def _check_rates(person):
    """Raise TooMany or TooFast if `person` has reached CONCURRENT_REPLIES or REPLIES_PER_MINUTE."""
    now = timezone.now()
    most = settings.CONCURRENT_REPLIES
    if most and len(_open_replies(person=person.pk)) >= most:
        raise TooMany(most)
    if settings.REPLIES_PER_MINUTE:
        replies = Response.objects.filter(person_id=person.pk, purpose=Purpose.REPLY)
        recent = replies.filter(created_at__gt=now - MINUTE).order_by("-created_at")
        times = list(recent.values_list("created_at", flat=True)[: settings.REPLIES_PER_MINUTE])
        if len(times) == settings.REPLIES_PER_MINUTE:
            wait = (times[-1] + MINUTE - now).total_seconds()
            raise TooFast(settings.REPLIES_PER_MINUTE, max(int(wait) + 1, 1))


_open_replies = PreparedQuery(
    lambda: (
        Response.objects.open()
        .filter(
            person_id=Parameter("person", Response._meta.get_field("person_id")),
            purpose=Purpose.REPLY,
        )
        .values_list("pk", flat=True)
    )
)


def _check_budgets(budgets, person_id, model, purpose, estimate, parameters):
    """Check `budgets` (a list of Budgets) before a new model call of the person with the id
    `person_id`; raise OverBudget for the first hard one that refuses. Return the column of the
    reservation that depends on prices, `{"reserved_cost": Decimal}`; None in place of the Decimal
    if no budget is for cost.

    `model` is the model's name, `purpose` a Response.Purpose (reply or title), `parameters` a dict
    of what is sent beside the texts (service tier, tools), `estimate` the tokens that the call may
    use, as `_estimate` returned them.
    """
    if purpose != Purpose.REPLY:
        # A title is no reply, but costs money and tokens.
        budgets = [budget for budget in budgets if budget.metric != Metric.REPLIES]
    needed = {Metric.REPLIES: 1, Metric.TOKENS: estimate["reserved_input_tokens"]}
    reserved_cost = None
    if any(budget.metric == Metric.COST for budget in budgets):
        now = timezone.now()
        price = prices.price_of(model, now, parameters.get("service_tier") or "")
        tokens = estimate["reserved_input_tokens"], estimate["reserved_output_tokens"]
        needed[Metric.COST] = _cost(price, tokens[0], 0)
        reserved_cost = _cost(price, *tokens, dearest=True) + _tools_cost(model, now, parameters)
    for standing in _standings([budget for budget in budgets if budget.hard], person_id):
        if not standing.allows(needed[standing.budget.metric]):
            raise OverBudget(standing)
    return {"reserved_cost": reserved_cost}


def _cost(price, input_tokens, output_tokens, *, dearest=False):
    """Return the cost (Decimal) of `input_tokens` and `output_tokens` by `price` (a Price; None:
    0). Input counts at the ordinary rate or, with `dearest`, at the dearest one, since all of it
    may be written to the cache."""
    if price is None:
        return Decimal(0)
    kind = "input"
    if dearest:
        rates = prices.rates(price, input_tokens)
        kind = max(INPUT_RATES, key=lambda name: rates[name] or 0)
    counts = {kind: input_tokens, "output": output_tokens, "whole_input": input_tokens}
    return prices.cost(price, prices.Tokens(**counts))


def _tools_cost(model, at, parameters):
    """Return the most that the tools offered in `parameters` (a dict of the request's fields) may
    cost, as a Decimal: `max_tool_calls` uses of the dearest tool; without such a limit one use.
    `model` is the name of the language model, `at` the time of the call."""
    tools = [tool for tool in parameters.get("tools") or () if isinstance(tool, dict)]
    kinds = {kind_of(tool["type"]) for tool in tools if isinstance(tool.get("type"), str)}
    offered = prices.tool_prices(kinds, model, at)
    dearest = max((price.per_use for price in offered.values()), default=Decimal(0))
    return prices.rounded(dearest * (parameters.get("max_tool_calls") or 1))


def _standings(budgets, person_id):
    """Return a list of Standing, one for each of `budgets` (a list of Budgets) in their order, for
    the person with the id `person_id`, as of now."""
    if not budgets:
        return []
    today = calendar.today()
    starts = {budget.period: calendar.first_day(budget.period, today) for budget in budgets}
    days = _days(person_id, min(starts.values()))
    found = []
    for budget in budgets:
        of_period = [row for row in days if row[1] >= starts[budget.period]]
        used, reserved = (
            sum((_amount(budget.metric, row) for row in of_period if row[0] == kind), Decimal(0))
            for kind in (_USED, _RESERVED)
        )
        resets = calendar.start_of(calendar.next_first_day(budget.period, today))
        found.append(Standing(budget, used, reserved, resets))
    return found


_USED, _RESERVED = 0, 1


def _days(person_id, since):
    """Return what the person with the id `person_id` has used and reserved from the date `since`
    on, as rows `(_USED or _RESERVED, date, replies, tokens, cost in units of 10⁻⁸)`."""
    used = (
        UsageDay.objects.filter(person_id=person_id, day__gte=since)
        .annotate(
            kind=Value(_USED, IntegerField()),
            tokens=F("input_tokens")
            + F("output_tokens")
            + F("estimated_input_tokens")
            + F("estimated_output_tokens"),
        )
        .values_list("kind", "day", "answered", "tokens", "cost_units")
    )
    zone = timezone.get_default_timezone()
    reserved = (
        Response.objects.open()
        .filter(person_id=person_id, created_at__gte=calendar.start_of(since))
        .annotate(
            kind=Value(_RESERVED, IntegerField()),
            on=TruncDate("created_at", tzinfo=zone),
            reply=Case(When(purpose=Purpose.REPLY, then=1), default=0),
            tokens=Coalesce(F("reserved_input_tokens"), 0)
            + Coalesce(F("reserved_output_tokens"), 0),
            cost_units=Coalesce(
                Cast(Round(F("reserved_cost") * 10**COST_PLACES), BigIntegerField()), 0
            ),
        )
        .values_list("kind", "on", "reply", "tokens", "cost_units")
    )
    return list(used.union(reserved, all=True))


def _amount(metric, row):
    """Return the figure (Decimal) that a budget of `metric` (money, tokens or replies) counts of
    `row`, a row of `_days`."""
    _kind, _day, replies, tokens, cost_units = row
    if metric == Metric.COST:
        return money(cost_units)
    return Decimal(tokens if metric == Metric.TOKENS else replies)
