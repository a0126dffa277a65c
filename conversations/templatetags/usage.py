"""Template tags and filters of usage: numbers, money, shares and times in the active language."""

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
    """An amount in the site's currency."""
    return sentences.amount_of_money(amount)


@register.filter
def cost(sums):
    """The cost in Sums as text; "unpriced" where none of it has a price, rather than zero."""
    if not sums["cost_units"] and sums["unpriced"]:
        return _("unpriced")
    return money(sums.cost)


@register.filter
def figure(sums, name):
    """The measure `name` of Sums, with separators of thousands."""
    return formats.number_format(sums[name], use_l10n=True, force_grouping=True)


@register.filter
def short(number):
    """A large number with a unit: 38.4 M."""
    if number >= 10**4:
        for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
            # To a tenth of the unit below: 999,960 is 1.0 M and not 1000.0 k.
            if round(number / size, 4) >= 1:
                return f"{sentences.to_a_tenth(number / size)} {unit}"
    return formats.number_format(number, use_l10n=True, force_grouping=True)


@register.filter
def share(fraction):
    """A fraction as per cent; a dash for None."""
    if fraction is None:
        return "–"
    return _("%(number)s %%") % {"number": sentences.to_a_tenth(_per_cent(fraction))}


@register.filter
def seconds(number):
    """A duration in seconds; a dash for None."""
    if number is None:
        return "–"
    return _("%(number)s s") % {"number": sentences.to_a_tenth(number)}


def _per_cent(fraction):
    """A fraction as per cent. 0 and 100 stand only for exactly none and all: others are between 0.1
    and 99.9."""
    # Rounding must not turn a fraction into 0 or 100 per cent.
    return min(max(fraction * 100, 0.1), 99.9) if 0 < fraction < 1 else fraction * 100


COUNTS = (
    "replies",
    "failed",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "reasoning_tokens",
    "estimated_input_tokens",
    "estimated_output_tokens",
)


@register.simple_tag
def figures(sums):
    """The `<td>` cells of a row of Sums, in the order of templates/usage/_headings.html.

    In Python, with the formats looked up once for each language: a page has over a thousand cells.
    """
    comma, point, per_cent, in_seconds = _formats(get_language())

    def decimal(number):
        return f"{number:.1f}".replace(".", point)

    cells = [f"{sums[name]:,}".replace(",", comma) for name in COUNTS]
    cells.append(cost(sums))
    coverage = sums.coverage
    cells.append("–" if coverage is None else per_cent % {"number": decimal(_per_cent(coverage))})
    cells += [
        "–" if each is None else in_seconds % {"number": decimal(each)} for each in sums.times
    ]
    return mark_safe("".join(f'<td class="num">{escape(cell)}</td>' for cell in cells))  # noqa: S308


@cache
def _formats(language):
    """Separators of thousands and decimals, and the phrases for shares and times, of a language."""
    return (
        formats.get_format("THOUSAND_SEPARATOR", language),
        formats.get_format("DECIMAL_SEPARATOR", language),
        _("%(number)s %%"),
        _("%(number)s s"),
    )


@register.filter
def standing(standing):
    """The Standing of a budget, as a sentence."""
    return sentences.standing_sentence(standing)


@register.inclusion_tag("usage/_sorted.html")
def sorted_by(name, heading, sort, base, first="down", numeric=True):
    """The context of a table heading that sorts by its column, and in reverse if it is sorted by it
    already."""
    down = f"-{name}"
    current = "descending" if sort == down else "ascending" if sort == name else ""
    other = name if sort == down or (not current and first == "up") else down
    query = f"{base}&sort={other}" if base else f"sort={other}"
    return {"heading": heading, "query": query, "current": current, "numeric": numeric}
