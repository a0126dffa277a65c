"""Sentences about budgets and rate limits, and numbers with units, in the reader's language."""

from decimal import Decimal

from django.conf import settings
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conversations.models import Budget
from conversations.rendering.isolated_text import isolated
from conversations.usage import budgets

SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "¥", "JPY": "¥", "INR": "₹", "KRW": "₩"}


def to_a_tenth(number):
    """Format `number` as text with one decimal place, in the reader's number format."""
    # Rounded here: number_format only cuts off.
    return formats.number_format(round(number, 1), 1, use_l10n=True)


def plain_amount(amount):
    """Format `amount` (a number) as text without a currency. It gets 2 decimal places, below 1 it
    gets 4 and below 0.01 it gets 6."""
    amount = Decimal(amount)
    places = 2 if not amount or abs(amount) >= 1 else 4 if abs(amount) >= Decimal("0.01") else 6
    # Rounded here: number_format only cuts off.
    rounded = round(amount, places)
    return formats.number_format(rounded, places, use_l10n=True, force_grouping=True)


def amount_of_money(amount):
    """Format `amount` (a number in the site's currency) as text with the currency's sign or code,
    with the places of `plain_amount`."""
    number = plain_amount(amount)
    sign = SIGNS.get(settings.CURRENCY)
    return f"{sign}{number}" if sign else f"{number} {settings.CURRENCY}"


def amount_of(metric, amount):
    """Format `amount` as text with the unit of `metric` (a Budget.Metric: money, tokens or
    replies), such as "$1.20" or "3 replies"."""
    if metric == Budget.Metric.COST:
        return amount_of_money(amount)
    number = formats.number_format(int(amount), 0, use_l10n=True, force_grouping=True)
    if metric == Budget.Metric.TOKENS:
        return ngettext("%(number)s token", "%(number)s tokens", int(amount)) % {"number": number}
    return ngettext("%(number)s reply", "%(number)s replies", int(amount)) % {"number": number}


def budget_name(budget):
    """Return the name of a Budget as text, such as "The budget of 3 replies a day for everyone"."""
    words = {
        "amount": amount_of(budget.metric, budget.limit),
        "group": isolated(budget.group or ""),
    }
    if budget.group_id:
        return {
            "day": _("The budget of %(amount)s a day for each member of %(group)s"),
            "week": _("The budget of %(amount)s a week for each member of %(group)s"),
            "month": _("The budget of %(amount)s a month for each member of %(group)s"),
        }[budget.period] % words
    if budget.person_id:
        return {
            "day": _("The personal budget of %(amount)s a day"),
            "week": _("The personal budget of %(amount)s a week"),
            "month": _("The personal budget of %(amount)s a month"),
        }[budget.period] % words
    return {
        "day": _("The budget of %(amount)s a day for everyone"),
        "week": _("The budget of %(amount)s a week for everyone"),
        "month": _("The budget of %(amount)s a month for everyone"),
    }[budget.period] % words


def standing_sentence(standing):
    """Return a sentence about a budget for its user, in the active language: its name, how much is
    used, reserved and left, and when it resets. `standing` is the budgets.Standing of the
    budget."""
    budget = standing.budget
    words = {
        "budget": budget_name(budget),
        "used": amount_of(budget.metric, standing.used),
        "reserved": amount_of(budget.metric, standing.reserved),
        "left": amount_of(budget.metric, standing.left),
        "when": reset_time(standing),
    }
    if standing.exhausted and not standing.reserved:
        return _("%(budget)s is used up: %(used)s used. It resets on %(when)s.") % words
    if standing.reserved:
        return (
            _(
                "%(budget)s: %(used)s used, %(reserved)s reserved for replies being written, "
                "%(left)s left. It resets on %(when)s."
            )
            % words
        )
    return _("%(budget)s: %(used)s used, %(left)s left. It resets on %(when)s.") % words


def reset_time(standing):
    """Format the time at which the budget of `standing` (a budgets.Standing) resets as text, in the
    reader's time zone and with the zone's name."""
    at = timezone.localtime(standing.resets_at)
    return f"{formats.date_format(at, 'DATETIME_FORMAT')} ({at.tzname()})"


def limit_sentence(limit):
    """Return the error message shown to a person whose message was refused: which limit it was and
    when to try again. `limit` is the budgets.OverLimit that was raised."""
    match limit:
        case budgets.OverBudget():
            if limit.standing.exhausted:
                return standing_sentence(limit.standing)
            return (
                _("This message would go beyond a budget.")
                + " "
                + standing_sentence(limit.standing)
            )
        case budgets.TooFast():
            return ngettext(
                "You may ask for %(limit)s reply a minute. Try again in %(seconds)s s.",
                "You may ask for %(limit)s replies a minute. Try again in %(seconds)s s.",
                limit.limit,
            ) % {"limit": limit.limit, "seconds": limit.retry_after}
        case budgets.TooMany():
            return ngettext(
                "%(limit)s reply may be written for you at a time. Wait for it, or stop it.",
                "%(limit)s replies may be written for you at a time. Wait for one, or stop it.",
                limit.limit,
            ) % {"limit": limit.limit}
