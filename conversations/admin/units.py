"""Units of the numbers in the administration: which number field has which unit, and how that is
shown beside a field of a form, in the heading of a list, and on a read-only page."""

from dataclasses import dataclass
from decimal import Decimal

from django import forms
from django.conf import settings
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_TOKENS = gettext_lazy("tokens")
_DAYS = gettext_lazy("days")
_PER_MILLION = gettext_lazy("%(currency)s per million tokens")
_PER_USE = gettext_lazy("%(currency)s per use")
_OF_BUDGET = gettext_lazy("%(currency)s, tokens or replies")

_RATES = ("input", "cached_input", "cache_write", "cache_write_12h", "output")
UNITS = {
    "conversations.budget": {"limit": _OF_BUDGET},
    "conversations.budgetchange": {"limit": _OF_BUDGET},
    "conversations.languagemodel": {"context_window": _TOKENS, "max_output_tokens": _TOKENS},
    "conversations.price": {
        **dict.fromkeys(_RATES, _PER_MILLION),
        **{f"long_{name}": _PER_MILLION for name in _RATES},
        "long_context_over": _TOKENS,
    },
    "conversations.retentionrule": {"days": _DAYS, "file_days": _DAYS},
    "conversations.toolprice": {"per_use": _PER_USE},
}


def unit(model, name):
    """Return the unit of the field `name` of `model` as text in the active language, with the
    site's currency, such as "USD per million tokens"; "" if it has none."""
    found = UNITS.get(model._meta.label_lower, {}).get(name)
    return str(found) % {"currency": settings.CURRENCY} if found else ""


class UnitInput(forms.NumberInput):
    """Widget of a number with its unit beside it. Screen readers read the unit together with the
    field's help text."""

    def __init__(self, unit, attrs=None):
        super().__init__(attrs)
        self.unit = unit

    def format_value(self, value):
        """Return `value` as text for the field; a Decimal (price, limit) without trailing zeros."""
        if isinstance(value, Decimal):
            value = f"{value.normalize():f}"
        return super().format_value(value)

    def render(self, name, value, attrs=None, renderer=None):
        """Return the HTML of the field, followed by its unit."""
        attrs = dict(attrs or {})
        unit_id = f"{attrs.get('id') or name}_unit"
        described = [attrs.get("aria-describedby"), unit_id]
        attrs["aria-describedby"] = " ".join(filter(None, described))
        field = super().render(name, value, attrs, renderer)
        return format_html(
            '<span class="with-unit">{} <span class="unit" id="{}">{}</span></span>',
            field,
            unit_id,
            self.unit,
        )


def give_units(form, model):
    """Change the form class `form`, a form of `model`: give each field that has a unit a UnitInput,
    which shows the unit beside the number."""
    for name, field in form.base_fields.items():
        text = unit(model, name)
        if text:
            field.widget = UnitInput(text, field.widget.attrs)


@dataclass(frozen=True)
class NumberColumn:
    """Column of a list, or line of a read-only page, for the number field `name` of `model`: its
    heading has the unit. Calling it with a row returns the text to show; Django's admin reads the
    other attributes."""

    model: type
    name: str

    @property
    def __name__(self):
        return self.name

    @property
    def short_description(self):
        """Return the heading of the column: the field's name for people, followed by its unit in
        parentheses unless the name contains that."""
        label = str(self.model._meta.get_field(self.name).verbose_name)
        text = unit(self.model, self.name)
        if text.casefold() in label.casefold():
            return capfirst(label)
        return _("%(name)s (%(unit)s)") % {"name": capfirst(label), "unit": text}

    @property
    def admin_order_field(self):
        """Return the name of the field that the column is sorted by."""
        return self.name

    def __call__(self, row):
        """Return the number of `row` as text without trailing zeros; "–" for none."""
        value = getattr(row, self.name)
        if value is None:
            return "–"
        return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def with_units(model, names):
    """Return the list of `names` (columns or fields of `model`), with a NumberColumn in place of
    the name of each field that has a unit."""
    return [
        NumberColumn(model, name) if isinstance(name, str) and unit(model, name) else name
        for name in names
    ]
