"""Sums of usage: tables of counts, tokens, cost and durations, which reports read in place of the
single Responses."""

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from .response import TOKENS

# `Response.cost` has eight decimal places; sums are integers in units of 10⁻⁸, since SQLite would
# add decimals as floating point numbers.
COST_PLACES = 8

# Buckets of the histograms: upper bounds in seconds; one more bucket is for longer times.
FIRST_TOKEN_EDGES = (0.25, 0.5, 1, 1.5, 2, 3, 5, 8, 15, 30, 60)
TOTAL_TIME_EDGES = (1, 2, 3, 5, 8, 13, 20, 30, 60, 120, 300)
FIRST_TOKEN = tuple(f"first_token_{n}" for n in range(len(FIRST_TOKEN_EDGES) + 1))
TOTAL_TIME = tuple(f"total_time_{n}" for n in range(len(TOTAL_TIME_EDGES) + 1))

COUNTS = ("calls", "replies", "answered", "failed", "reported", "estimated", "unpriced")
AMOUNTS = (
    *TOKENS,
    "tool_uses",
    "cost_units",
    "tool_cost_units",
    "estimated_cost_units",
    "input_characters",
    "output_characters",
)
# Of the calls for which the gateway named a cost: their number, that cost, the part of it that is
# of calls without a cost of ours, and our cost of the others.
COST_COUNTS = ("cost_reports",)
COST_AMOUNTS = ("reported_cost_units", "unmatched_cost_units", "matched_cost_units")
COSTS = COST_COUNTS + COST_AMOUNTS
FIGURES = COUNTS + AMOUNTS
TIMES = FIRST_TOKEN + TOTAL_TIME
MEASURES = FIGURES + TIMES + COSTS


def money(units):
    """Return `units` (an integer in units of 10⁻⁸ of the site's currency; None counts as 0) as a
    Decimal in that currency."""
    return Decimal(units or 0).scaleb(-COST_PLACES)


class UsageSums(models.Model):
    """Abstract model with the columns that all tables of sums over Responses share. `calls` counts
    all Responses, `replies` those with that purpose, `answered` the replies that reached a model,
    `failed` the replies that failed or were interrupted, `tool_uses` the uses of tools. `reported`
    and `estimated` count Responses by the source of their tokens, `unpriced` those with tokens but
    without a known cost. Tokens are as in Response; `cost_units` is the cost in units of 10⁻⁸ of
    the currency, `tool_cost_units` the part of it that is charges for tools, `estimated_cost_units`
    the part of Responses with estimated tokens. Characters are counted of Responses with reported
    tokens only.

    Of the Responses for which the gateway named a cost, `cost_reports` is the number,
    `reported_cost_units` that cost, `unmatched_cost_units` the part of it for Responses whose cost
    this site could not compute, and `matched_cost_units` the cost that this site computed for the
    others.

    `first_token_N` and `total_time_N` are histograms: the number of Responses whose time from
    `started_at` to the first token, or to the end of a whole answer, lies in bucket N of
    FIRST_TOKEN_EDGES or TOTAL_TIME_EDGES (seconds).
    """

    day = models.DateField(_("day"))
    person_id = models.BigIntegerField(_("person"))
    model = models.CharField(_("model"), max_length=200)
    purpose = models.CharField(_("purpose"), max_length=10)

    class Meta:
        abstract = True

    def __str__(self):
        return f"{self.day} {self.person_id} {self.model} {self.purpose}"

    @property
    def cost(self):
        """Return the cost as a Decimal in the site's currency."""
        return money(self.cost_units)


for name in MEASURES:
    kind = models.BigIntegerField if name in AMOUNTS + COST_AMOUNTS else models.IntegerField
    UsageSums.add_to_class(name, kind(default=0, db_default=0))


class UsageDay(UsageSums):
    """Sums over the Responses of one day, person, model and purpose. The day is the date of
    `created_at` in the site's time zone.

    Updated in the transaction that ends a Response; `manage.py check_usage` compares it with the
    Responses.
    """

    class Meta:
        verbose_name = _("day of usage")
        verbose_name_plural = _("days of usage")
        constraints = [
            models.UniqueConstraint(
                fields=["day", "person_id", "model", "purpose"], name="one_usage_day"
            )
        ]
        indexes = [
            models.Index(fields=["person_id", "day"], name="usage_day_by_person"),
            models.Index(fields=["model", "day"], name="usage_day_by_model"),
        ]
        permissions = [("view_usage", _("Can view usage per person"))]


class UsageRollup(UsageSums):
    """Sums of usage over a longer time than a day, or over fewer keys (person, model, purpose) than
    UsageDay has, so that every report reads few rows.

    `grain` says what a row sums up, such as a month for each person; `day` is the first day of that
    time. A key that the grain does not distinguish is 0 or "".
    """

    class Grain(models.IntegerChoices):
        """Kind of a row of UsageRollup: the sums of a day, week or month of one person or one
        model. MONTH rows are months that keep person, model and purpose apart."""

        MONTH = 1, _("month")
        PERSON_DAY = 2, _("person and day")
        PERSON_WEEK = 3, _("person and week")
        PERSON_MONTH = 4, _("person and month")
        MODEL_DAY = 5, _("model and day")
        MODEL_MONTH = 6, _("model and month")

    grain = models.PositiveSmallIntegerField(choices=Grain.choices)

    class Meta:
        verbose_name = _("roll-up of usage")
        verbose_name_plural = _("roll-ups of usage")
        constraints = [
            models.UniqueConstraint(
                fields=["grain", "day", "person_id", "model", "purpose"], name="one_usage_rollup"
            )
        ]
        indexes = [
            models.Index(fields=["grain", "person_id", "day"], name="usage_rollup_by_person"),
            # Partial: only rows of this grain (MONTH) have both a model and a person.
            models.Index(
                fields=["model", "day"], condition=models.Q(grain=1), name="usage_month_by_model"
            ),
        ]
