"""The table of prices of language models, per million tokens, each valid from a date on."""

from datetime import date, datetime, time
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conversations.rendering.isolated_text import isolated

NOT_NEGATIVE = [MinValueValidator(Decimal(0))]


class Price(models.Model):
    """The price of a language model from `valid_from` on, in the site's currency per million
    tokens.

    A change of price is a new row. A Response is charged by the price that was valid when it was
    made, and keeps that cost.
    """

    model = models.CharField(
        _("model"),
        max_length=200,
        help_text=_("A model's exact name, or the beginning of names followed by *: gpt-4o*"),
    )
    input = models.DecimalField(
        _("input"), max_digits=16, decimal_places=6, validators=NOT_NEGATIVE
    )
    cached_input = models.DecimalField(
        _("cached input"),
        max_digits=16,
        decimal_places=6,
        null=True,
        blank=True,
        validators=NOT_NEGATIVE,
        help_text=_("Empty: as much as other input."),
    )
    output = models.DecimalField(
        _("output"), max_digits=16, decimal_places=6, validators=NOT_NEGATIVE
    )
    valid_from = models.DateTimeField(_("valid from"), default=timezone.now)

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["model", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["model", "valid_from"], name="one_price_at_a_time"),
            models.CheckConstraint(
                condition=models.Q(input__gte=0, output__gte=0)
                & (models.Q(cached_input__isnull=True) | models.Q(cached_input__gte=0)),
                name="prices_are_not_negative",
            ),
        ]

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
        """Raise ValidationError if the model's name contains a * that is not at its end."""
        if "*" in self.model[:-1]:
            raise ValidationError({"model": _("* may only stand at the end.")})

    def covers(self, model):
        """Return True if this price applies to the model called `model`: it has exactly that name,
        or begins with what this price's name has before its *."""
        if self.model.endswith("*"):
            return model.startswith(self.model[:-1])
        return model == self.model
