"""Tables of prices, each valid from a date on: of language models, per million tokens, and of the
tools that gateways run, per use."""

from datetime import date, datetime, time
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conversations.rendering.isolated_text import isolated

NOT_NEGATIVE = [MinValueValidator(Decimal(0))]
# Names of the tier that is billed at the ordinary price: what OpenAI, vLLM and Anthropic call it.
STANDARD_TIERS = ("", "auto", "default", "standard")


def normal_tier(tier):
    """Return the name of the service tier `tier` (text, as the gateway gives it) in the form that
    prices store: lower case without blanks around it; "" for all names of the standard tier
    (STANDARD_TIERS)."""
    tier = tier.strip().lower()
    return "" if tier in STANDARD_TIERS else tier


class DatedPrice(models.Model):
    """Abstract model with the columns that all prices share: `model`, the name of a language model
    or its beginning followed by *, and `valid_from`.

    A change of price is a new row. A Response is charged by the price that was valid when it was
    made, and keeps that cost.
    """

    model = models.CharField(
        _("model"),
        max_length=200,
        help_text=_("A model's exact name, or the beginning of names followed by *: gpt-4o*"),
    )
    valid_from = models.DateTimeField(_("valid from"), default=timezone.now)

    class Meta:
        abstract = True

    def __str__(self):
        return f"{isolated(self.model)} ({timezone.localtime(self.valid_from):%Y-%m-%d})"

    def save(self, *args, **kwargs):
        """Save the price. A `valid_from` that is a `date` without a time becomes midnight of that
        date in the site's time zone."""
        if isinstance(self.valid_from, date) and not isinstance(self.valid_from, datetime):
            start = datetime.combine(self.valid_from, time.min)
            self.valid_from = timezone.make_aware(start, timezone.get_default_timezone())
        super().save(*args, **kwargs)

    def clean(self):
        """Raise ValidationError if `model`, the language model's name, contains a * that is not at
        its end."""
        if "*" in self.model[:-1]:
            raise ValidationError({"model": _("* may only stand at the end.")})

    def covers(self, model):
        """Return True if this price applies to the language model called `model` (text): the price
        has exactly that name or, if it ends with *, a beginning of that name."""
        if self.model.endswith("*"):
            return model.startswith(self.model[:-1])
        return model == self.model


def _rate(name, help_text="", **optional):
    """Return a DecimalField for a rate (money per million tokens) with the label `name` and the
    explanation `help_text`; `optional` are further arguments of the field."""
    return models.DecimalField(
        name,
        max_digits=16,
        decimal_places=6,
        validators=NOT_NEGATIVE,
        help_text=help_text,
        **optional,
    )


_OPTIONAL = {"null": True, "blank": True}
_UNPRICED = _("Empty: calls with such tokens have no known cost.")


class Price(DatedPrice):
    """Price of a language model in one service tier from `valid_from` on, in the site's currency
    per million tokens.

    Calls with more than `long_context_over` tokens of input are charged by the rates whose names
    begin with `long_`, for all their tokens. If a call needs a rate that is empty, its cost is
    unknown; but cached input without a rate of its own costs as much as other input.
    """

    tier = models.CharField(
        _("service tier"),
        max_length=50,
        blank=True,
        default="",
        db_default="",
        help_text=_(
            "As answers name it: flex, priority, fast … Empty: the standard tier, also named auto "
            "or default."
        ),
    )
    input = _rate(_("input"))
    cached_input = _rate(_("cached input"), _("Empty: as much as other input."), **_OPTIONAL)
    cache_write = _rate(_("input written to the cache"), _UNPRICED, **_OPTIONAL)
    cache_write_12h = _rate(
        _("input written to the cache for 12 hours"),
        _("Or for the longest time that the gateway offers. ") + _UNPRICED,
        **_OPTIONAL,
    )
    output = _rate(_("output"))
    long_context_over = models.PositiveIntegerField(
        _("long input: more than"),
        null=True,
        blank=True,
        help_text=_(
            "Tokens of input above which all tokens of a call have the rates below. Empty: there "
            "is no such limit."
        ),
    )
    long_input = _rate(_("long input: input"), _UNPRICED, **_OPTIONAL)
    long_cached_input = _rate(
        _("long input: cached input"), _("Empty: as much as other long input."), **_OPTIONAL
    )
    long_cache_write = _rate(_("long input: input written to the cache"), _UNPRICED, **_OPTIONAL)
    long_cache_write_12h = _rate(
        _("long input: input written to the cache for 12 hours"), _UNPRICED, **_OPTIONAL
    )
    long_output = _rate(_("long input: output"), _UNPRICED, **_OPTIONAL)

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["model", "tier", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "tier", "valid_from"], name="one_price_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(input__gte=0, output__gte=0)
                & (models.Q(cached_input__isnull=True) | models.Q(cached_input__gte=0)),
                name="prices_are_not_negative",
            ),
        ]

    def __str__(self):
        tier = f" {isolated(self.tier)}" if self.tier else ""
        return f"{isolated(self.model)}{tier} ({timezone.localtime(self.valid_from):%Y-%m-%d})"

    def save(self, *args, **kwargs):
        """Save the price, with its tier normalized by `normal_tier`."""
        self.tier = normal_tier(self.tier)
        super().save(*args, **kwargs)

    def clean(self):
        """Normalize the service tier ("Flex" becomes "flex"), so that a second price for the same
        language model, tier and time is found by the check for duplicates. Raise ValidationError if
        the language model's name contains a * that is not at its end."""
        self.tier = normal_tier(self.tier)
        super().clean()


class ToolPrice(DatedPrice):
    """Price of one use of a tool that the gateway runs, from `valid_from` on, in the site's
    currency. `tool` names it as Charge.kind does (like "web_search"); `model` is the language
    model, "" or * for all."""

    model = models.CharField(
        _("model"),
        max_length=200,
        blank=True,
        default="",
        help_text=_("As with prices of models. Empty: all models."),
    )
    tool = models.CharField(
        _("tool"),
        max_length=50,
        help_text=_(
            "web_search (a search), code_interpreter (a container), file_search (a search), "
            "image_generation (a picture of which no tokens are reported), image_input_text_tokens,"
            " image_input_image_tokens, image_output_image_tokens (one token), or as the gateway "
            "calls it."
        ),
    )
    per_use = models.DecimalField(
        _("price of one use"),
        max_digits=20,
        decimal_places=10,
        validators=NOT_NEGATIVE,
        help_text=_("10 for 1,000 searches is 0.01; 40 per million tokens is 0.00004."),
    )

    class Meta:
        verbose_name = _("price of a tool")
        verbose_name_plural = _("prices of tools")
        ordering = ["tool", "model", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["tool", "model", "valid_from"], name="one_tool_price_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(per_use__gte=0), name="tool_prices_are_not_negative"
            ),
        ]

    def __str__(self):
        return f"{isolated(self.tool)} {super().__str__()}"

    def covers(self, model):
        """Return True if this price applies to calls of the language model called `model` (text); a
        price without a model applies to all."""
        return not self.model or super().covers(model)
