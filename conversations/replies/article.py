"""The article of a reply as its page shows it: the same partial for page, stream and end."""

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.safestring import mark_safe

from conversations.models import LanguageModel, Message
from conversations.tree import Tree


def render_article(response_id, viewer, html=None, reasoning_html=""):
    """HTML of the reply behind the Response; with `html` the text so far is shown instead."""
    message = (
        Message.objects.select_related("response", "conversation")
        .filter(response=response_id)
        .first()
    )
    if message is None:
        return ""
    if html is not None:
        message.live_html = mark_safe(html)  # noqa: S308 (made by conversations.rendering)
        message.live_reasoning = mark_safe(reasoning_html)  # noqa: S308 (escaped in live.py)
    siblings = Message.objects.filter(
        parent_id=message.parent_id, conversation=message.conversation
    )
    rows = siblings.order_by("created_at", "id").values_list("pk", flat=True)
    message.place = Tree((pk, None) for pk in rows).place(message.pk)
    context = {
        "message": message,
        "conversation": message.conversation,
        "models": list(LanguageModel.objects.for_person(viewer.person_id).default_first()),
        "csrf_token": viewer.csrf_token,
    }
    with translation.override(viewer.language), timezone.override(viewer.zone):
        return render_to_string("conversations/_message.html", context)
