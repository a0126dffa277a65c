"""What is known of a call, for its reader: model, tokens, cost, times."""

from functools import cache

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils import formats, timezone
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _


def facts(call, currency):
    """What is known of a Response, as the rows of a <dl>.

    In Python since it stands in every reply: as template nodes it was a third of a page's time.
    """
    rows = (f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in _rows(call, currency))
    return mark_safe("".join(rows))  # noqa: S308


def _rows(call, currency):
    labels = _labels(get_language())
    yield labels["Model"], call.model
    if call.answered_model and call.answered_model != call.model:
        yield labels["Answered by"], call.answered_model
    if call.input_tokens is None and call.output_tokens is None:
        yield labels["Tokens"], _("not reported")
    if call.input_tokens is not None:
        yield labels["Input tokens"], intcomma(call.input_tokens)
    if call.cached_tokens:
        yield labels["of them cached"], intcomma(call.cached_tokens)
    if call.output_tokens is not None:
        yield labels["Output tokens"], intcomma(call.output_tokens)
    if call.reasoning_tokens:
        yield labels["of them reasoning"], intcomma(call.reasoning_tokens)
    if call.cost is not None:
        yield labels["Cost"], f"{call.cost.normalize():f} {currency}"
    asked = timezone.localtime(call.created_at)
    yield labels["Asked"], formats.date_format(asked, "SHORT_DATETIME_FORMAT")
    if call.seconds_to_first_token is not None:
        yield labels["First word after"], _seconds(call.seconds_to_first_token)
    if call.seconds is not None:
        yield labels["Finished after"], _seconds(call.seconds)


def _seconds(number):
    return f"{formats.number_format(number, decimal_pos=1)} s"


@cache
def _labels(language):
    # A page of fifty messages asks for two hundred.
    return {
        "Model": _("Model"),
        "Answered by": _("Answered by"),
        "Tokens": _("Tokens"),
        "Input tokens": _("Input tokens"),
        "of them cached": _("of them cached"),
        "Output tokens": _("Output tokens"),
        "of them reasoning": _("of them reasoning"),
        "Cost": _("Cost"),
        "Asked": _("Asked"),
        "First word after": _("First word after"),
        "Finished after": _("Finished after"),
    }
