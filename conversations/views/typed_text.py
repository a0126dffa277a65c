"""Typed text: what a person had written in a form, for error pages to show it again."""

from django.conf import settings

from conversations.forms import MessageForm, wants_temporary
from conversations.thread.page import as_uuid


def typed_context(request):
    """Return the template context (a dict) of an error page: the path of the request, the ids of
    files that were uploaded for the message before and, if the POST data had a `text`, a
    MessageForm with it."""
    text = request.POST.get("text")
    context = {"text": text, "path": request.path}
    context["attachments"] = [
        id
        for id in request.POST.getlist("attachments")[: settings.FILES_PER_MESSAGE]
        if as_uuid(id)
    ]
    if text is not None:
        context["form"] = MessageForm(initial={"text": text})
        context["temporary"] = wants_temporary(request)
    return context
