import uuid
from functools import cache

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

register = template.Library()


@register.simple_tag
def submission():
    """A new id for a form that starts a call; the database lets each through only once."""
    return uuid.uuid4()


NO_ID = uuid.UUID(int=0)


@register.simple_tag
def address(name, id):
    """The address called `name` of the thing with that uuid, as {% url %} gives it.

    A page of fifty messages has two hundred of them, and Django takes 100 µs for each.
    """
    return _address_of(name).replace(str(NO_ID), str(id))


@cache
def _address_of(name):
    return reverse(name, args=[NO_ID])


@register.simple_tag
@cache
def icon(name):
    """The drawing `name` of templates/_icons.html; what it means stands beside it as text."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="#icon-{}"></use></svg>', name
    )


@register.simple_tag
def facts(call, currency):
    """What is known of a Response, as the rows of a <dl>.

    In Python since it stands in every reply: as template nodes it was a third of a page's time.
    """
    rows = (f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in _rows(call, currency))
    return mark_safe("".join(rows))  # noqa: S308


def _rows(call, currency):
    yield _("Model"), call.model
    if call.answered_model and call.answered_model != call.model:
        yield _("Answered by"), call.answered_model
    if call.input_tokens is None and call.output_tokens is None:
        yield _("Tokens"), _("not reported")
    if call.input_tokens is not None:
        yield _("Input tokens"), intcomma(call.input_tokens)
    if call.cached_tokens:
        yield _("of them cached"), intcomma(call.cached_tokens)
    if call.output_tokens is not None:
        yield _("Output tokens"), intcomma(call.output_tokens)
    if call.reasoning_tokens:
        yield _("of them reasoning"), intcomma(call.reasoning_tokens)
    if call.cost is not None:
        yield _("Cost"), f"{call.cost.normalize():f} {currency}"
    asked = timezone.localtime(call.created_at)
    yield _("Asked"), formats.date_format(asked, "SHORT_DATETIME_FORMAT")
    if call.seconds_to_first_token is not None:
        yield _("First word after"), _seconds(call.seconds_to_first_token)
    if call.seconds is not None:
        yield _("Finished after"), _seconds(call.seconds)


def _seconds(number):
    return f"{formats.number_format(number, decimal_pos=1)} s"
