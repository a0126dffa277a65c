"""Facts about a Response, shown under its reply as rows of a `<dl>`: model, tokens, cost and times
for the owner of the conversation; for a reviewer also attempts, HTTP status and errors."""

from functools import cache, lru_cache

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils import formats, timezone
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from conversations.models import Charge
from conversations.rendering.isolated_text import isolated
from conversations.tools import label_of
from conversations.usage.prices import NO_PRICE
from conversations.usage.sentences import to_a_tenth

# Entries of the cache: the facts of twenty pages, of a kilobyte each with their key.
MOST = 500


def facts(response, currency):
    """Return the facts of a Response for the conversation's owner (model, tokens, cost, times) as
    safe HTML, `<dt>` and `<dd>`; `currency` is the sign or code to write after the cost.

    Rendered in Python and cached by its values, since every reply has them: as template nodes they
    took a third of a page's time, and without the cache still a sixth.
    """
    return _cached(
        get_language(), timezone.get_current_timezone_name(), *_values(response, currency)
    )


def time_of(message):
    """Return the time at which a Message was written as a `<time>` element (safe HTML), in the
    active language and time zone."""
    at = timezone.localtime(message.created_at)
    shown = formats.date_format(at, "SHORT_DATETIME_FORMAT")
    return format_html('<time datetime="{}">{}</time>', at.isoformat(timespec="minutes"), shown)


def review_facts(response, currency):
    """Return the facts of a Response for a reviewer as safe HTML, `<dt>` and `<dd>`: those that
    `facts` returns, and purpose, attempts, HTTP status and errors. `currency` as in `facts`."""
    return _as_html([*_facts(*_values(response, currency)), *_course(response)])


def _values(response, currency):
    """Return the values that `facts` shows as a tuple: the arguments of `_facts`, hashable, since
    the cache has them as its key."""
    return (
        response.model,
        response.answered_model,
        (response.input_tokens, response.cached_tokens, response.cache_write_tokens),
        (response.output_tokens, response.reasoning_tokens),
        (response.tool_uses, _charges_of(response)),
        (_cost(response, currency), _money(response.tool_cost, currency)),
        response.created_at,
        response.seconds_to_first_token,
        response.seconds,
    )


def _charges_of(response):
    """Return the charges of `response` for uses of tools as a tuple of `(kind of tool, quantity,
    Charge.Basis)`, sorted by kind; () if it used none."""
    if not response.tool_uses:
        return ()
    charges = response.charges.all()
    return tuple(sorted((each.kind, each.quantity, each.basis) for each in charges))


def _cost(response, currency):
    """Return the cost of `response` as text with `currency`; the word "unpriced" (translated) if a
    part of what it used has no price; None if the model has no price at all, as on sites that enter
    none."""
    if response.cost is None and response.missing_prices not in ("", NO_PRICE):
        return _("unpriced")
    return _money(response.cost, currency)


def _money(amount, currency):
    """Return `amount` (a Decimal) as text without trailing zeros and with `currency`; None for
    None."""
    return None if amount is None else f"{amount.normalize():f} {currency}"


@lru_cache(maxsize=MOST)
def _cached(language, time_zone, *values):
    """Return `_facts(*values)` as safe HTML; language and time zone are only part of the cache's
    key, and must be the active ones."""
    return _as_html(_facts(*values))


def _as_html(rows):
    """Return `rows` of `(label, text)` as safe HTML, `<dt>` and `<dd>`; the text is escaped."""
    rows = (f'<dt>{name}</dt><dd dir="auto">{escape(value)}</dd>' for name, value in rows)
    return mark_safe("".join(rows))  # noqa: S308 (labels are ours, values are escaped)


def _facts(model, answered_by, taken, given, used, costs, asked, to_first_token, seconds):
    """Yield `(label, text)` for each fact about a Response that its owner sees; the parameters are
    the values that `_values` returned, in the same order. Unknown ones are left out, except tokens:
    "not reported"."""
    labels = _labels(get_language())
    input_tokens, cached_tokens, written_tokens = taken
    output_tokens, reasoning_tokens = given
    yield labels["Model"], isolated(model)
    if answered_by and answered_by != model:
        yield labels["Answered by"], isolated(answered_by)
    if input_tokens is None and output_tokens is None:
        yield labels["Tokens"], _("not reported")
    if input_tokens is not None:
        yield labels["Input tokens"], intcomma(input_tokens)
    if cached_tokens:
        yield labels["of them cached"], intcomma(cached_tokens)
    if written_tokens:
        yield labels["of them written to the cache"], intcomma(written_tokens)
    if output_tokens is not None:
        yield labels["Output tokens"], intcomma(output_tokens)
    if reasoning_tokens:
        yield labels["of them reasoning"], intcomma(reasoning_tokens)
    yield from _tool_facts(*used)
    cost, tool_cost = costs
    if cost is not None:
        yield labels["Cost"], cost
    if tool_cost is not None:
        yield labels["of it tools"], tool_cost
    yield labels["Asked"], formats.date_format(timezone.localtime(asked), "SHORT_DATETIME_FORMAT")
    if to_first_token is not None:
        yield labels["First word after"], _seconds(to_first_token)
    if seconds is not None:
        yield labels["Finished after"], _seconds(seconds)


def _tool_facts(number, charges):
    """Yield `(label, text)` of how often tools were used: `number` times in all (None: unknown),
    and for each of `charges`, tuples `(kind of tool, quantity, basis)` of the uses that cost
    money."""
    if not number:
        return
    yield _labels(get_language())["Tool uses"], intcomma(number)
    for kind, quantity, basis in charges:
        text = intcomma(quantity)
        if basis == Charge.Basis.COUNTED:
            text = _("%(number)s, counted") % {"number": text}
        yield escape(isolated(str(label_of(kind)))), text


def _course(response):
    """Yield `(label, text)` of the facts for a reviewer only: purpose, attempts, HTTP status,
    error, refusal."""
    yield _("Purpose"), response.get_purpose_display()
    if response.usage_source == response.UsageSource.ESTIMATED:
        estimates = (response.estimated_input_tokens, response.estimated_output_tokens)
        yield (
            _("Estimated tokens"),
            " + ".join("–" if n is None else intcomma(n) for n in estimates),
        )
    if response.cost is None:
        missing = response.missing_prices
        if missing in ("", NO_PRICE):
            yield _("Cost"), _("unpriced")
        if missing:
            yield _("No price for"), isolated(missing)
    if response.reported_cost is not None:
        yield _("Cost that the gateway named"), f"{response.reported_cost.normalize():f}"
    if response.service_tier:
        yield _("Service tier"), isolated(response.service_tier)
    yield _("Attempts"), response.attempts
    if response.http_status:
        yield "HTTP", response.http_status
    if response.error_code:
        words = f" “{isolated(response.error_message)}”" if response.error_message else ""
        yield _("Error"), f"{response.error_sentence}{words}"
    if response.reason:
        yield _("Why it ended"), isolated(response.reason)
    if response.refusal:
        yield _("Refusal"), isolated(response.refusal)
    if response.request_id:
        yield _("Request"), isolated(response.request_id)


def _seconds(number):
    """Format `number`, a duration in seconds, as text, rounded to a tenth."""
    return _("%(number)s s") % {"number": to_a_tenth(number)}


@cache
def _labels(language):
    """Return `{English label: label in the active language}`, cached by `language`, which must be
    the active one."""
    # Cached since a page of fifty messages asks for two hundred labels.
    return {
        "Model": _("Model"),
        "Answered by": _("Answered by"),
        "Tokens": _("Tokens"),
        "Input tokens": _("Input tokens"),
        "of them cached": _("of them cached"),
        "of them written to the cache": _("of them written to the cache"),
        "Output tokens": _("Output tokens"),
        "of them reasoning": _("of them reasoning"),
        "Tool uses": _("Tool uses"),
        "Cost": _("Cost"),
        "of it tools": _("of it tools"),
        "Asked": _("Asked"),
        "First word after": _("First word after"),
        "Finished after": _("Finished after"),
    }
