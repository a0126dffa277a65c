"""Template tags of conversations: messages, forms, icons and URLs."""

import uuid
from functools import cache

from django import template
from django.urls import reverse
from django.utils.html import format_html

from conversations.rendering import isolated_text, unsafe_characters
from conversations.thread import message_html, response_facts

register = template.Library()


@register.simple_tag
def submission():
    """A new submission id (UUID) for a form; the database accepts each id only once."""
    return uuid.uuid4()


NO_ID = uuid.UUID(int=0)


@register.simple_tag
def address(name, id):
    """The URL called `name` for the object with the UUID `id`, as {% url %} gives it.

    Django's reverse takes 100 µs, and a page of fifty messages has two hundred URLs; this replaces
    the id in a cached one.
    """
    return _address_of(name).replace(str(NO_ID), str(id))


@cache
def _address_of(name):
    """The URL called `name` for NO_ID, cached."""
    return reverse(name, args=[NO_ID])


@register.filter
def focused(field):
    """The widget of the bound `field`, with autofocus if it is the field to correct: the first one
    with an error; where only the form as a whole has an error, the password, else the first
    field."""
    form = field.form
    if not (form.is_bound and form.errors):
        return field
    fields = form.visible_fields()
    faulty = next((each for each in fields if each.errors), None)
    wanted = faulty or next((each for each in fields if each.widget_type == "password"), fields[0])
    if wanted.name != field.name:
        return field.as_widget(attrs={"autofocus": False})
    described = {} if faulty else {"aria-describedby": "form-errors"}
    return field.as_widget(attrs={"autofocus": True, **described})


@register.simple_tag
@cache
def icon(name):
    """An `<svg>` of the symbol `name` in templates/_icons.html, hidden from screen readers: text
    beside it says what it means."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="#icon-{}"></use></svg>', name
    )


@register.filter(is_safe=True, needs_autoescape=True)
def isolate(value, autoescape=True):
    """Foreign text (a name, a title, an error message) beside text of ours: in a `<bdi>`; in a
    plain text, as of e-mails, between U+2068 and U+2069. Only where it could turn the order."""
    if not isinstance(value, str):
        return value
    return isolated_text.isolated_html(value) if autoescape else isolated_text.isolated(value)


@register.filter
def isolate_text(value):
    """Foreign text in an attribute, a `<title>` or an `<option>`, which have no elements inside:
    between U+2068 and U+2069 where it could turn the order of the rest."""
    return isolated_text.isolated(value) if isinstance(value, str) else value


@register.filter
def tidy(value):
    """Foreign text for an element of its own with dir="auto": what would turn the order around is
    made visible."""
    return unsafe_characters.tidy(value) if isinstance(value, str) else value


@register.simple_tag(takes_context=True)
def article(context, message, models=None):
    """The `<article>` of a Message. `models` are the LanguageModels that its person may retry it
    with."""
    with context.push(models=models):
        return message_html.article(message, context)


register.simple_tag(response_facts.facts, name="facts")
register.simple_tag(response_facts.time_of)
register.simple_tag(response_facts.review_facts, name="review_facts")
