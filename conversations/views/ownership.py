"""Who may come in: every view of a person's own things starts here."""

from functools import wraps

from django.contrib.auth.views import redirect_to_login
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse

from conversations.models import Conversation, Message, Person


def person_required(view):
    """Let only people in who are logged in.

    Others are sent to the login, or to the set-up while there is no account. What an expired
    login was about to send comes back on the page (views/errors.py), never lost in a redirect.
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
    """The person's conversation with that id. Somebody else's is simply not found, and neither is
    what is in the trash."""
    conversation = own_kept_or_trashed(request, conversation_id)
    if conversation.trashed_at is not None:
        raise Http404
    return conversation


def own_kept_or_trashed(request, conversation_id):
    """The person's conversation with that id, also one in the trash."""
    try:
        return (
            Conversation.objects.of(request.user).select_related("queued").get(pk=conversation_id)
        )
    except Conversation.DoesNotExist:
        raise Http404 from None


def own_message(request, message_id):
    """A message of the person's own conversations, its conversation with it."""
    try:
        return Message.objects.select_related("conversation", "parent", "response").get(
            pk=message_id,
            conversation__owner_id=request.user.pk,
            conversation__trashed_at=None,
        )
    except Message.DoesNotExist:
        raise Http404 from None
