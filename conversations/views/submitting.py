"""Submission: from a valid form to a reply, for all views that start one."""

from django.http import Http404
from django.shortcuts import render

from conversations import replies
from conversations.replies.refused import Refused
from conversations.thread.page import place_of
from conversations.views.refusals import refusal_of
from conversations.views.see_other import SeeOther


def submit(request, form, **wanted):
    """Submit a valid MessageForm; `wanted` are further fields of the replies.Submission. Returns a
    replies.Submitted, or the Refusal to show. Http404 where the conversation was deleted
    meanwhile."""
    asked = form.cleaned_data
    submission = replies.Submission(
        id=asked["submission"],
        person=request.user,
        model=asked["model"],
        effort=asked["effort"],
        length=asked["length"],
        offered=form.models,
        **{"text": asked["text"], **wanted},
    )
    try:
        return replies.submit(submission)
    except Refused as refused:
        if refused.code == "conversation_deleted":
            raise Http404 from refused
        return refusal_of(refused)


def answer(request, submitted):
    """The HTTP response to a replies.Submitted: 303 to the conversation or, for the script, 201
    with the HTML of the new turn."""
    response = submitted.response
    conversation = response.conversation
    if request.fragment != "turn":
        return SeeOther(conversation.get_absolute_url())
    turn = [response.message.parent, response.message]
    for message in turn:
        message.place = message.place or place_of(message)
    context = {"messages_shown": turn, "conversation": conversation}
    if submitted.has_budgets is False:
        # So that the page need not look for them.
        context["nearly_used_up"] = ()
    fragment = render(request, "conversations/_turn.html", context, status=201)
    fragment.headers["Location"] = conversation.get_absolute_url()
    return fragment
