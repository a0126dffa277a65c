import uuid
from functools import cache

from django import template
from django.urls import reverse
from django.utils.html import format_html

from conversations.thread import message_html, response_facts

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


@register.filter
def focused(field):
    """The widget of a form's bound `field`. Of a form that came back with faults the first field
    that has one is focused; where the form as a whole has one, the password, or the first."""
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
    """The drawing `name` of templates/_icons.html; what it means stands beside it as text."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="#icon-{}"></use></svg>', name
    )


@register.simple_tag(takes_context=True)
def article(context, message, models=None):
    """The article of a message; `models` are those its person may retry it with."""
    with context.push(models=models):
        return message_html.article(message, context)


register.simple_tag(response_facts.facts, name="facts")
register.simple_tag(response_facts.time_of)
register.simple_tag(response_facts.review_facts, name="review_facts")
