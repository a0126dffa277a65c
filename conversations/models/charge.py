"""Table of charges: what one Response costs for the use of tools, in addition to its tokens."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.rendering.isolated_text import isolated

from .response import Response


class Charge(models.Model):
    """Charge: how often a tool was used in one Response, and what that costs.

    `kind` is the tool: web_search, code_interpreter, file_search, image_generation, one of the
    kinds of tokens of pictures (image_input_text_tokens …), or what the gateway calls it.
    `quantity` counts searches, containers, pictures or tokens, `unit_price` is the ToolPrice of one
    in the site's currency, and `amount` their product to eight decimal places. Both are null where
    the tool had no price: the cost of the Response is unknown then.
    """

    class Basis(models.TextChoices):
        """Where `quantity` comes from: reported by the gateway's answer (`tool_usage`, `usage`), or
        counted by this site from the items of the answer."""

        REPORTED = "reported", _("reported")
        COUNTED = "counted", _("counted")

    # The unique constraint has the index.
    response = models.ForeignKey(
        Response, on_delete=models.CASCADE, related_name="charges", db_index=False
    )
    kind = models.CharField(_("tool"), max_length=50)
    quantity = models.BigIntegerField(_("quantity"))
    unit_price = models.DecimalField(
        _("price of one use"), max_digits=20, decimal_places=10, null=True
    )
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=8, null=True)
    basis = models.CharField(_("basis"), max_length=10, choices=Basis.choices)

    class Meta:
        verbose_name = _("charge")
        verbose_name_plural = _("charges")
        constraints = [
            models.UniqueConstraint(fields=["response", "kind"], name="one_charge_of_a_kind"),
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0)
                & (models.Q(amount__isnull=True) | models.Q(amount__gte=0)),
                name="charges_are_not_negative",
            ),
        ]

    def __str__(self):
        return f"{self.quantity} {isolated(self.kind)}"
