"""What is known of a call, for its reader: model, tokens, cost, times."""

from functools import cache, lru_cache

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils import formats, timezone
from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from conversations.usage.sentences import to_a_tenth

# Twenty pages of them; each is a kilobyte, with what it is kept by.
MOST = 500


def facts(call, currency):
    """What is known of a Response, as the rows of a <dl>.

    In Python and kept, since it stands in every reply: as template nodes it was a third of a
    page's time, and drawn anew for each page still a sixth.
    """
    return _drawn(
        get_language(),
        timezone.get_current_timezone_name(),
        call.model,
        call.answered_model,
        (call.input_tokens, call.cached_tokens, call.output_tokens, call.reasoning_tokens),
        None if call.cost is None else f"{call.cost.normalize():f} {currency}",
        call.created_at,
        call.seconds_to_first_token,
        call.seconds,
    )


@lru_cache(maxsize=MOST)
def _drawn(language, zone, *known):
    rows = (f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in _rows(language, *known))
    return mark_safe("".join(rows))  # noqa: S308


def _rows(language, model, answered_by, tokens, cost, asked, to_first_token, seconds):
    labels = _labels(language)
    taken, cached, given, reasoning = tokens
    yield labels["Model"], model
    if answered_by and answered_by != model:
        yield labels["Answered by"], answered_by
    if taken is None and given is None:
        yield labels["Tokens"], _("not reported")
    if taken is not None:
        yield labels["Input tokens"], intcomma(taken)
    if cached:
        yield labels["of them cached"], intcomma(cached)
    if given is not None:
        yield labels["Output tokens"], intcomma(given)
    if reasoning:
        yield labels["of them reasoning"], intcomma(reasoning)
    if cost is not None:
        yield labels["Cost"], cost
    yield labels["Asked"], formats.date_format(timezone.localtime(asked), "SHORT_DATETIME_FORMAT")
    if to_first_token is not None:
        yield labels["First word after"], _seconds(to_first_token)
    if seconds is not None:
        yield labels["Finished after"], _seconds(seconds)


def _seconds(number):
    return f"{to_a_tenth(number)} s"


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
