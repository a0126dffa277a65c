"""Points in time as short text for people."""

from django.utils.formats import date_format
from django.utils.timezone import localtime


def short_time(at):
    """Return the aware datetime `at` as short text in the active time zone and language."""
    return date_format(localtime(at), "SHORT_DATETIME_FORMAT")
