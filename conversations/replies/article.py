"""HTML of one reply (an <article> element) for its event stream, from the template of the page."""

from copy import copy

from django.conf import settings
from django.utils import timezone, translation
from django.utils.safestring import mark_safe

from conversations.models import LanguageModel, Message
from conversations.thread.message_html import article_of
from conversations.thread.message_tree import place_of


def render_article(response_id, viewer):
    """Return the HTML of the reply that belongs to the Response `response_id`, read from the
    database; "" if it was deleted. `viewer` is the Viewer whose language and time zone it is
    rendered in."""
    try:
        message = Message.objects.select_related("response", "conversation").get(
            response=response_id
        )
    except Message.DoesNotExist:
        return ""
    return _draw_finished(message, viewer)


def render_live_article(live, viewer):
    """Return the HTML of a LiveReply with its text so far, for the Viewer; sends no query."""
    message = _message_of(live.response)
    message.live_html = mark_safe(live.html)  # noqa: S308 (made by conversations.rendering)
    message.live_reasoning = mark_safe(live.reasoning_html)  # noqa: S308 (as above)
    return _draw(message, viewer)


def render_finished_article(live, viewer):
    """Return the HTML of a LiveReply that has just ended, for the Viewer; "" if it was deleted.

    Uses the objects in memory; only what they lack is read from the database.
    """
    try:
        return _draw_finished(_message_of(live.response), viewer, live.offered)
    except Message.DoesNotExist:
        return ""


def _message_of(response):
    """Return a copy of the Message of `response`, its Response and Conversation set, to render."""
    message = copy(response.message)
    message.own_response = response
    message.conversation = response.conversation
    return message


def _draw_finished(message, viewer, models=None):
    """Return the HTML of a finished reply. `models` are the LanguageModels offered to the person,
    for a retry; None reads them from the database."""
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
