"""Model fields for text that is stored in one Unicode normalization form, and a validator of
names."""

import unicodedata

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from conversations.rendering.isolated_text import has_order_control


def refuse_order_controls(name):
    """Raise ValidationError if `name` (text) contains a control character, or an invisible one that
    changes the direction of text."""
    if has_order_control(name) or any(unicodedata.category(each) == "Cc" for each in name):
        raise ValidationError(
            _("The name has an invisible character that changes the order of text. Type it anew."),
            code="order_control",
        )


class _UnicodeNormalized:
    """Mixin of model fields that normalizes text to the Unicode form `form` ("NFC", "NFKC") when it
    is stored and when it is looked up, so that `é` as one character and as two are equal."""

    def __init__(self, *args, form="NFC", **kwargs):
        self.form = form
        super().__init__(*args, **kwargs)

    def get_prep_value(self, value):
        """Return `value` as the database gets it in a query: text is normalized to `form`, anything
        else is as Django prepares it."""
        value = super().get_prep_value(value)
        return unicodedata.normalize(self.form, value) if isinstance(value, str) else value


class NormalizedCharField(_UnicodeNormalized, models.CharField):
    """CharField that stores and looks up text in the Unicode normalization form `form` ("NFC" by
    default). `form` is not part of migrations: it changes no column."""

    def deconstruct(self):
        """Return the field for migrations as a plain CharField without `form`, as Django's tuple
        `(name, path of the class, args, kwargs)`."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class NormalizedEmailField(_UnicodeNormalized, models.EmailField):
    """EmailField that stores and looks up text in the Unicode normalization form `form` ("NFC" by
    default)."""

    def deconstruct(self):
        """Return the field for migrations as a plain EmailField, without `form`."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.EmailField", args, kwargs


class NameField(models.CharField):
    """CharField for names of people; forms refuse names with control characters or invisible ones
    that change the direction of text (`refuse_order_controls`). The validator is not part of
    migrations: it changes no column."""

    default_validators = [refuse_order_controls]

    def deconstruct(self):
        """Return the field for migrations as a plain CharField."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs
