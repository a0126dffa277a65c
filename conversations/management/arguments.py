"""Types of arguments of management commands, for `parser.add_argument(type=…)`: each converts the
text of the command line, or raises ArgumentTypeError with a sentence, which the command prints in
place of a traceback."""

from argparse import ArgumentTypeError
from datetime import date
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from conversations.form_fields import FIRST_DAY, LAST_DAY


def day(text):
    """Return the date that `text` (YYYY-MM-DD) names, from FIRST_DAY to LAST_DAY, the limits of
    dates in forms too (conversations/form_fields.py)."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no day. Write it like 2026-11-27.") from None
    if not FIRST_DAY <= found <= LAST_DAY:
        raise ArgumentTypeError(f"{text} is not between {FIRST_DAY} and {LAST_DAY}.")
    return found


def time_zone(text):
    """Return the ZoneInfo that `text` names, such as "Europe/Berlin"."""
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise ArgumentTypeError(
            f"{text!r} is no time zone. Write it like UTC or Europe/Berlin."
        ) from None


def percentage(text):
    """Return the Decimal that `text` names, a finite number of per cent that is at least 0, such as
    "0.5"."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not (found.is_finite() and found >= 0):
        raise ArgumentTypeError(f"{text!r} is no number of per cent. Write it like 0.5.")
    return found
