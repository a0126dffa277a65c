"""Template tags and filters of conversations: messages, forms, icons, URLs and text by other
people."""

import uuid
from functools import cache

from django import template
from django.urls import reverse
from django.utils.html import format_html

from conversations.rendering import isolated_text, unsafe_characters
from conversations.thread import item_html, message_html, response_facts
from conversations.tools import refusal
from conversations.views.refusals import queued_sentence

register = template.Library()


@register.simple_tag
def submission():
    """Return a new submission id (random UUID) for the hidden field of a form; the database accepts
    each id only once, so a form that is sent twice stores one message."""
    return uuid.uuid4()


NO_ID = uuid.UUID(int=0)


@register.simple_tag
def address(name, id):
    """Return the URL of the pattern called `name` whose only argument is the UUID `id`, like
    Django's {% url %}.

    Django's `reverse` takes 100 µs, and a page of fifty messages has two hundred URLs; this puts
    the id into a cached URL.
    """
    return _address_of(name).replace(str(NO_ID), str(id))


@cache
def _address_of(name):
    """Return the URL of the pattern called `name` with the UUID NO_ID as its argument (cached)."""
    return reverse(name, args=[NO_ID])


@register.filter
def focused(field):
    """Return the HTML of `field` (a BoundField of a form), with the attribute autofocus if it is
    the field to correct, so that the browser puts the cursor there.

    After an error that is the first visible field with an error; where only the form as a whole has
    one, the password field, else the first field. In a form without errors `field` is returned
    unchanged.
    """
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
    """Return an `<svg>` that shows the symbol `icon-NAME` of templates/_icons.html. It is hidden
    from screen readers: text beside it has to say what it means."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="#icon-{}"></use></svg>', name
    )


@register.filter(is_safe=True, needs_autoescape=True)
def isolate(value, autoescape=True):
    """Return `value` (a name, a title, an error message that somebody else wrote) so that
    right-to-left or invisible characters in it cannot reorder the text around it.

    A value with such characters is put into a `<bdi>` or, in plain text such as e-mails
    (`autoescape` off), between U+2068 and U+2069; other text is only escaped. A value that is not
    text is returned unchanged.
    """
    if not isinstance(value, str):
        return value
    return isolated_text.isolated_html(value) if autoescape else isolated_text.isolated(value)


@register.filter
def isolate_text(value):
    """Return `value` (text that somebody else wrote) for an attribute, a `<title>` or an
    `<option>`, which cannot contain elements: between U+2068 and U+2069 where its characters could
    reorder the text around it. A value that is not text is returned unchanged."""
    return isolated_text.isolated(value) if isinstance(value, str) else value


@register.filter
def tidy(value):
    """Return `value` (text that somebody else wrote) with control characters replaced by U+FFFD and
    those that change the direction of text by codes like ‹U+202E›, for an element of its own with
    dir="auto". A value that is not text is returned unchanged."""
    return unsafe_characters.tidy(value) if isinstance(value, str) else value


@register.simple_tag
def queued_refusal(queued):
    """Return the sentence that says why `queued` (a QueuedMessage) was not sent; "" if that is not
    known."""
    return queued_sentence(queued)


@register.simple_tag(takes_context=True)
def article(context, message, models=None):
    """Return the HTML `<article>` of `message` (a Message). `context` is the template's context;
    `models` is a list of the LanguageModels with which the person may ask for another reply, None
    for no such choice."""
    with context.push(models=models):
        return message_html.article(message, context)


@register.simple_tag(takes_context=True)
def parts_of(context, message):
    """Return the MessageParts of `message` (a Message): the HTML of its text, of its other items
    and of its sources, with links to its files as the template's `context` says (item_html.Links).
    `message` may also be a MessageLook, which stands for a message while HTML for the cache is
    made: the result is then `message.parts`, placeholders."""
    if isinstance(message, message_html.MessageLook):
        return message.parts
    links = item_html.Links(
        *(context.get(name, "") for name in ("readonly", "home", "carried", "apart"))
    )
    return item_html.parts_of(message, links)


@register.simple_tag(takes_context=True)
def tool_refusal(context, response):
    """Return the sentence that says which tool the gateway refused, worded for the person who reads
    the page with the template `context` (an administrator of models or not); `response` is the
    Response with the error. "" if the error is about no tool."""
    named = response.refused_tool
    return refusal.sentence_of(named, response.model, _administers(context)) if named else ""


@register.simple_tag(takes_context=True)
def administers_models(context):
    """Return True if the person who reads the page may change the language models."""
    return _administers(context)


def _administers(context):
    """Return True if the reader of the page may change the language models: the value
    `administers_models` of the template's `context`, if it has one (where HTML is rendered without
    a request), else the right of the request's user; False without a request."""
    known = context.get("administers_models")
    if known is not None:
        return known
    return context["request"].user.administers_models if "request" in context else False


register.simple_tag(response_facts.facts, name="facts")
register.simple_tag(response_facts.time_of)
register.simple_tag(response_facts.review_facts, name="review_facts")
