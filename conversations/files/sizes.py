"""Sizes of files as text for people, in decimal units."""

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


def in_words(size):
    """Return `size`, a number of bytes, as text in the active language, like "25 MB"."""
    for unit, name in ((1_000_000_000, _("GB")), (1_000_000, _("MB")), (1_000, _("kB"))):
        if size >= unit:
            rounded = round(size / unit, 1 if size < 10 * unit else 0)
            places = 0 if rounded == int(rounded) else 1
            return f"{number_format(rounded, places)} {name}"
    return ngettext("%(size)d byte", "%(size)d bytes", size) % {"size": size}
