"""The HTML article of a reply for its event stream, drawn by the template that draws the page."""

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


def render_live_article(live, viewer):
    """HTML of a LiveReply with the text so far; asks no database."""
    message = _message_of(live.response)
    message.live_html = mark_safe(live.html)  # noqa: S308 (made by conversations.rendering)
    message.live_reasoning = mark_safe(live.reasoning_html)  # noqa: S308 (as above)
    return _draw(message, viewer)


def render_finished_article(live, viewer):
    """HTML of a LiveReply that has just ended, from the rows at hand; "" if it was deleted."""
    try:
        return _draw_finished(_message_of(live.response), viewer, live.offered)
    except Message.DoesNotExist:
        return ""


def _message_of(response):
    """A message of its own for one drawing, with what it stands on."""
    message = copy(response.message)
    message.own_response = response
    message.conversation = response.conversation
    return message


def _draw_finished(message, viewer, models=None):
    """`models` as the person who asked was offered them, where that is still at hand."""
    message.place = message.place or place_of(message)
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
