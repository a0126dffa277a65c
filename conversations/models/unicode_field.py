import unicodedata

from django.db import models


class _UnicodeNormalized:
    """A field whose texts are stored and looked up in one Unicode form: `é` of one character and
    of two are the same to people, and keyboards write either."""

    def __init__(self, *args, form="NFC", **kwargs):
        self.form = form
        super().__init__(*args, **kwargs)

    def get_prep_value(self, value):
        value = super().get_prep_value(value)
        return unicodedata.normalize(self.form, value) if isinstance(value, str) else value


class NormalizedCharField(_UnicodeNormalized, models.CharField):
    """A CharField in one Unicode form; `form` is not the database's business."""

    def deconstruct(self):
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


class NormalizedEmailField(_UnicodeNormalized, models.EmailField):
    """An EmailField in one Unicode form."""

    def deconstruct(self):
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.EmailField", args, kwargs
