"""Ownership: the login check of views, and look-ups that find only what belongs to the person."""

from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse

from conversations.models import Conversation, Message, Person


def person_required(view):
    """A decorator of views that lets in logged-in people only.

    Others are redirected to the login, or to the set-up page while there is no account. A POST with
    a text is answered with a page that shows the text again (`views/errors.py`): a redirect would
    lose it.
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
    """The Conversation with that id, if `request.user` owns it. Http404 for one of another person
    and for one in the trash."""
    conversation = own_kept_or_trashed(request, conversation_id)
    if conversation.trashed_at is not None:
        raise Http404
    return conversation


def own_kept_or_trashed(request, conversation_id):
    """The Conversation with that id, if `request.user` owns it, also one in the trash. Else
    Http404."""
    try:
        return (
            Conversation.objects.of(request.user).select_related("queued").get(pk=conversation_id)
        )
    except Conversation.DoesNotExist:
        raise Http404 from None


def own_message(request, message_id):
    """The Message with that id in a conversation that `request.user` owns, with its conversation,
    parent and Response. Http404 for others and for those in the trash."""
    try:
        return Message.objects.select_related("conversation", "parent", "response").get(
            pk=message_id,
            conversation__owner_id=request.user.pk,
            conversation__trashed_at=None,
        )
    except Message.DoesNotExist:
        raise Http404 from None
