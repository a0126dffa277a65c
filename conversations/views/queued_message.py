"""View of a conversation's queued message (one that waits until a reply has ended): read, change,
send or delete it."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from conversations import replies
from conversations.forms import MessageForm
from conversations.models import QueuedMessage
from conversations.replies import queued_message
from conversations.views.attaching import attached
from conversations.views.ownership import own_conversation, person_required
from conversations.views.see_other import SeeOther
from conversations.views.submitting import answer


@person_required
@require_http_methods(["GET", "HEAD", "POST"])
def queued(request, conversation_id):
    """Return a page with the text of the conversation's queued message; 404 if there is none. By
    POST, `action` "send" submits it now, "remove" deletes it, "take_back" (JavaScript only) deletes
    it but keeps its files as unsent ones, and returns their entries for the composer's list.
    Without an action its text and files are replaced by those of the form, which is returned if it
    is not valid (422), or if the message is no longer queued (409)."""
    conversation = own_conversation(request, conversation_id)
    waiting = QueuedMessage.objects.filter(conversation=conversation).first()
    if request.method != "POST":
        if waiting is None:
            raise Http404
        form = MessageForm(
            initial={"text": waiting.text}, person=request.user, files=waiting.shown_files
        )
        return _page(request, conversation, form)
    match request.POST.get("action"):
        case "take_back" if request.fragment and waiting is not None:
            files = waiting.shown_files
            QueuedMessage.objects.filter(conversation=conversation).delete()
            return render(request, "files/_taken_back.html", {"files": files})
        case "remove":
            if waiting is not None:
                waiting.attachments.all().delete()
            QueuedMessage.objects.filter(conversation=conversation).delete()
        case "send":
            submitted = queued_message.send(conversation.pk, refused=True)
            if submitted is not None:
                replies.offer(submitted)
                return answer(request, submitted)
        case _:
            files = attached(request, conversation=conversation, queued=waiting)
            form = MessageForm(
                request.POST, person=request.user, chosen=conversation.model, files=files.files
            )
            if not form.is_valid() or files.faults or files.returns:
                for fault in files.faults:
                    form.add_error(None, fault)
                return _page(request, conversation, form, status=files.status)
            if not queued_message.change(conversation, form.cleaned_data["text"], files.files):
                form.add_error(
                    None,
                    _(
                        "The message is no longer queued: it was sent meanwhile as it was, or "
                        "removed. Copy what you changed here, and send it as a message of its own."
                    ),
                )
                return _page(request, conversation, form, status=409)
    if request.fragment:
        return HttpResponse(status=204)
    return SeeOther(conversation.get_absolute_url())


def _page(request, conversation, form, status=200):
    """Return the page with `form`, the MessageForm of the queued message; `status` is the HTTP
    status."""
    context = {"conversation": conversation, "form": form}
    return render(request, "conversations/queued.html", context, status=status)
