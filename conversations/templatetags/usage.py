"""Template tags and filters of the pages of usage: format numbers, money, shares and durations in
the active language."""

from functools import cache

from django import template
from django.utils import formats
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from conversations.usage import sentences

register = template.Library()


@register.filter
def money(amount):
    """Format `amount` (a Decimal or number, in the site's currency) as text with the currency's
    sign or code, with more decimal places for small amounts: "$1.20"."""
    return sentences.amount_of_money(amount)


@register.filter
def amount(number):
    """Format `number` (an amount of money) as text without a currency, with "−" (U+2212) for
    minus."""
    return sentences.plain_amount(number).replace("-", "−")


@register.filter
def cost(sums):
    """Format the cost in `sums` (usage.reports.Sums: totals over Responses) as text with the
    currency; return "unpriced" where the cost is zero because Responses have no price."""
    if not sums["cost_units"] and sums["unpriced"]:
        return _("unpriced")
    return money(sums.cost)


@register.filter
def figure(sums, name):
    """Format the total called `name` (such as "input_tokens") in `sums` (usage.reports.Sums) as an
    integer with separators of thousands."""
    return formats.number_format(sums[name], use_l10n=True, force_grouping=True)


@register.filter
def short(number):
    """Format `number` in a few characters: from 10,000 on with k, M or G and one decimal place
    ("38.4 M"), below that in full with separators of thousands."""
    if number >= 10**4:
        for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
            # To a tenth of the unit below: 999,960 is 1.0 M and not 1000.0 k.
            if round(number / size, 4) >= 1:
                return f"{sentences.to_a_tenth(number / size)} {unit}"
    return formats.number_format(number, use_l10n=True, force_grouping=True)


@register.filter
def share(fraction):
    """Format `fraction` (0 to 1) as per cent with one decimal place ("12.5 %"); None as a dash."""
    if fraction is None:
        return "–"
    return _("%(number)s %%") % {"number": sentences.to_a_tenth(_per_cent(fraction))}


@register.filter
def signed_share(fraction):
    """Format `fraction`, a relative difference (0.125: an eighth more), as per cent with its sign
    and one decimal place ("+12.5 %"); None as a dash."""
    if fraction is None:
        return "–"
    sign = "+" if fraction > 0 else "−" if fraction < 0 else ""
    return sign + share(abs(fraction))


@register.filter
def seconds(number):
    """Format `number` (a duration in seconds) with one decimal place and the unit ("2.5 s"); None
    as a dash."""
    if number is None:
        return "–"
    return _("%(number)s s") % {"number": sentences.to_a_tenth(number)}


def _per_cent(fraction):
    """Return `fraction` (0 to 1) in per cent. Only exactly 0 and 1 become 0 and 100: other
    fractions stay between 0.1 and 99.9, so that rounding does not say "none" or "all"."""
    # Rounding must not turn a fraction into 0 or 100 per cent.
    return min(max(fraction * 100, 0.1), 99.9) if 0 < fraction < 1 else fraction * 100


COUNTS = (
    "replies",
    "failed",
    "input_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "output_tokens",
    "reasoning_tokens",
    "estimated_input_tokens",
    "estimated_output_tokens",
    "tool_uses",
)


@register.simple_tag
def figures(sums):
    """Return the `<td>` cells of a row of the usage table, as safe HTML in the order of
    templates/usage/_headings.html. `sums` are the row's totals (usage.reports.Sums).

    In Python, with the formats looked up once for each language: a page has over a thousand cells.
    """
    comma, point, per_cent, in_seconds = _formats(get_language())

    def decimal(number):
        return f"{number:.1f}".replace(".", point)

    cells = [f"{sums[name]:,}".replace(",", comma) for name in COUNTS]
    cells.append(cost(sums))
    cells.append(money(sums.tool_cost) if sums["tool_cost_units"] else "–")
    coverage = sums.coverage
    cells.append("–" if coverage is None else per_cent % {"number": decimal(_per_cent(coverage))})
    cells += [
        "–" if each is None else in_seconds % {"number": decimal(each)} for each in sums.times
    ]
    return mark_safe("".join(f'<td class="num">{escape(cell)}</td>' for cell in cells))  # noqa: S308


@cache
def _formats(language):
    """Return `(separator of thousands, decimal separator, format of per cent, format of seconds)`
    for `language`, a code like "de"; cached. The formats are %-templates with `%(number)s`."""
    return (
        formats.get_format("THOUSAND_SEPARATOR", language),
        formats.get_format("DECIMAL_SEPARATOR", language),
        _("%(number)s %%"),
        _("%(number)s s"),
    )


@register.filter
def standing(standing):
    """Return a sentence that says how much of a budget is used and when it resets. `standing` is a
    usage.budgets.Standing: a budget with what one person used and reserved of it."""
    return sentences.standing_sentence(standing)


@register.inclusion_tag("usage/_sorted.html")
def sorted_by(name, heading, sort, base, first="down", numeric=True):
    """Return the template context for a table heading with a link that sorts the table by the
    column `name`; a second click reverses the order.

    `heading` is its text; `sort` is the present order ("cost" ascending, "-cost" descending);
    `base` is the query string that the link keeps; `first` ("down" or "up") is the order of the
    first click; `numeric` says whether the column has numbers.
    """
    down = f"-{name}"
    current = "descending" if sort == down else "ascending" if sort == name else ""
    other = name if sort == down or (not current and first == "up") else down
    query = f"{base}&sort={other}" if base else f"sort={other}"
    return {"heading": heading, "query": query, "current": current, "numeric": numeric}
