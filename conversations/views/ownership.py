"""Ownership: a decorator for views that need a login, and functions that find only what the
logged-in person owns."""

from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse

from conversations.models import Conversation, Message, Person


def person_required(view):
    """Return `view` wrapped so that only logged-in people reach it.

    Others are redirected to the login, or to the set-up page while there is no account. A POST with
    a text gets a page that shows the text again (`views/errors.py`): a redirect would lose it.
    """

    @wraps(view)
    def guarded(request, *args, **kwargs):
        if request.user.is_authenticated:
            return view(request, *args, **kwargs)
        if not Person.objects.exists():
            return redirect("setup")
        if request.method == "POST" and "text" in request.POST:
            from conversations.views.errors import login_expired

            return login_expired(request)
        return redirect_to_login(request.get_full_path(), reverse("account_login"))

    return guarded


def own_conversation(request, conversation_id):
    """Return the Conversation with the id `conversation_id` if `request.user` owns it. Raise
    Http404 if another person does, if it is in the trash, and if there is none."""
    conversation = own_kept_or_trashed(request, conversation_id)
    if conversation.trashed_at is not None:
        raise Http404
    return conversation


def own_listed(request, conversation_id):
    """Return the Conversation with the id `conversation_id` if `request.user` owns it. Raise
    Http404 if not, if it is in the trash, and if it is temporary, and so in no list."""
    conversation = own_conversation(request, conversation_id)
    if conversation.temporary:
        raise Http404
    return conversation


def own_kept_or_trashed(request, conversation_id):
    """Return the Conversation with the id `conversation_id`, also one in the trash, if
    `request.user` owns it. Raise Http404 if not, and for one that is deleted for its owner and kept
    by a legal hold."""
    try:
        return (
            Conversation.objects.of(request.user).select_related("queued").get(pk=conversation_id)
        )
    except Conversation.DoesNotExist:
        raise Http404 from None


def own_message(request, message_id, *, also_trashed=False):
    """Return the Message with the id `message_id`, with its conversation, parent and Response, if
    `request.user` owns the conversation. Raise Http404 if not, or if the conversation is in the
    trash, unless `also_trashed` is True."""
    try:
        message = Message.objects.select_related("conversation", "parent", "response").get(
            pk=message_id,
            conversation__owner_id=request.user.pk,
            conversation__hidden_at=None,
        )
    except Message.DoesNotExist:
        raise Http404 from None
    if message.conversation.trashed_at is not None and not also_trashed:
        raise Http404
    return message
