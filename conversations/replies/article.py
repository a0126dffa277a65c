"""The article of a reply as its page shows it: the same partial for page, stream and end."""

from copy import copy

from django.conf import settings
from django.utils import timezone, translation
from django.utils.safestring import mark_safe

from conversations.models import LanguageModel, Message
from conversations.thread.message_html import article_of
from conversations.thread.page import place_of


def render_article(response_id, viewer):
    """HTML of the reply behind the Response as the database has it; "" if it was deleted."""
    try:
        message = Message.objects.select_related("response", "conversation").get(
            response=response_id
        )
    except Message.DoesNotExist:
        return ""
    return _draw_finished(message, viewer)


def render_live_article(response, viewer, html, reasoning_html):
    """HTML of a reply while it is written, with the text so far; asks no database."""
    message = _message_of(response)
    message.live_html = mark_safe(html)  # noqa: S308 (made by conversations.rendering)
    message.live_reasoning = mark_safe(reasoning_html)  # noqa: S308 (made by conversations.rendering)
    return _draw(message, viewer)


def render_finished_article(response, viewer):
    """HTML of a reply that has just ended, from the rows at hand; "" if it was deleted."""
    try:
        return _draw_finished(_message_of(response), viewer)
    except Message.DoesNotExist:
        return ""


def _message_of(response):
    """A message of its own for one drawing, with what it stands on."""
    message = copy(response.message)
    message.call = response
    message.conversation = response.conversation
    return message


def _draw_finished(message, viewer):
    message.place = message.place or place_of(message)
    # As the person who asked was offered them, where that is still at hand.
    models = getattr(message.call, "offered", None)
    if models is None:
        models = LanguageModel.objects.offered_to(viewer.person_id)
    return _draw(message, viewer, models=models)


def _draw(message, viewer, **context):
    context |= {
        "conversation": message.conversation,
        "csrf_token": viewer.csrf_token,
        "currency": settings.CURRENCY,
    }
    with translation.override(viewer.language), timezone.override(viewer.zone):
        return article_of(message, **context)
