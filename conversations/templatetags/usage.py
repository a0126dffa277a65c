from django import template
from django.utils import formats
from django.utils.html import format_html_join
from django.utils.translation import gettext as _

from conversations.usage import sentences

register = template.Library()


@register.filter
def money(amount):
    """An amount in the site's currency."""
    return sentences.amount_of_money(amount)


@register.filter
def cost(sums):
    """What calls cost; that none of it is known is said, not shown as zero."""
    if not sums["cost_units"] and sums["unpriced"]:
        return _("unpriced")
    return money(sums.cost)


@register.filter
def figure(sums, name):
    """A measure by its name, with separators."""
    return formats.number_format(sums[name], use_l10n=True, force_grouping=True)


@register.filter
def short(number):
    """A large number in short: 38.4 M."""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**4, "k")):
        if number >= size:
            shown = number / (1_000 if unit == "k" else size)
            return f"{formats.number_format(shown, 1, use_l10n=True)} {unit}"
    return formats.number_format(number, use_l10n=True, force_grouping=True)


@register.filter
def share(fraction):
    """A fraction as per cent, or a dash for none."""
    if fraction is None:
        return "–"
    return _("%(number)s %%") % {"number": formats.number_format(fraction * 100, 1, use_l10n=True)}


@register.filter
def seconds(number):
    """Seconds, or a dash for none."""
    if number is None:
        return "–"
    return _("%(number)s s") % {"number": formats.number_format(number, 1, use_l10n=True)}


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
    """The cells of a row, in the order of templates/usage/_headings.html.

    Made here, since a page has more than a thousand of them.
    """
    cells = [figure(sums, name) for name in COUNTS]
    cells += [cost(sums), share(sums.coverage), *map(seconds, sums.times)]
    return format_html_join("", '<td class="num">{}</td>', ((cell,) for cell in cells))


@register.filter
def standing(standing):
    """How a budget stands, as a sentence."""
    return sentences.standing_sentence(standing)


@register.simple_tag
def drawn_value(value, metric):
    """A value of the chart with its unit."""
    return sentences.amount_of(metric, value)


@register.inclusion_tag("usage/_sorted.html")
def sorted_by(name, heading, sort, base, first="down", numeric=True):
    """A heading that sorts by its column; once more, the other way round."""
    down = f"-{name}"
    current = "descending" if sort == down else "ascending" if sort == name else ""
    other = name if sort == down or (not current and first == "up") else down
    query = f"{base}&sort={other}" if base else f"sort={other}"
    return {"heading": heading, "query": query, "current": current, "numeric": numeric}
