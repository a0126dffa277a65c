"""Submission: turns a valid form into a message with a reply, for all views that start one, and
makes the HTTP responses to that."""

from django.http import Http404
from django.shortcuts import render

from conversations import replies
from conversations.replies.refused import Refused
from conversations.thread.message_tree import place_of
from conversations.views.refusals import refusal_of
from conversations.views.see_other import SeeOther


def submit(request, form, **wanted):
    """Submit a valid MessageForm as `request.user`; `wanted` are further fields of the
    replies.Submission, like `conversation` or `parent`. Return a replies.Submitted (the Response
    that will be written), or the Refusal to show. Raise Http404 if the conversation was deleted
    meanwhile."""
    asked = form.cleaned_data
    submission = replies.Submission(
        id=asked["submission"],
        person=request.user,
        model=asked["model"],
        effort=asked["effort"],
        length=asked["length"],
        tools=asked["tools"],
        offered=form.models,
        **{"text": asked["text"], **wanted},
    )
    try:
        return replies.submit(submission)
    except Refused as refused:
        if refused.code == "conversation_deleted":
            raise Http404 from refused
        return refusal_of(refused)


def answer(request, submitted, above=None, models=None):
    """Return the HTTP response to `submitted` (a replies.Submitted): 303 to the conversation or, as
    the fragment "turn" for the JavaScript, 201 with the HTML of the message and its reply.

    `above` is the Message before these two if its HTML has changed too, to be sent with them (None:
    it has not); `models` are the LanguageModels with which the reply can be retried.
    """
    response = submitted.response
    conversation = response.conversation
    if request.fragment != "turn":
        return SeeOther(conversation.get_absolute_url())
    turn = [*([above] if above else []), response.message.parent, response.message]
    for message in turn:
        message.place = message.place or place_of(message)
    context = {"messages_shown": turn, "conversation": conversation, "models": models}
    if submitted.has_budgets is False:
        # No budget applies to the person, so the template need not query which are nearly used up.
        context["nearly_used_up"] = ()
    fragment = render(request, "conversations/_turn.html", context, status=201)
    fragment.headers["Location"] = conversation.get_absolute_url()
    return fragment


def refused_page(request, message, sentence, status):
    """Return the page, or the fragment "turn", that says in `sentence` why no new reply was started
    in the conversation of `message` (a Message); `status` is the HTTP status."""
    context = {"sentence": sentence, "conversation": message.conversation}
    name = "conversations/_refusal.html"
    if request.fragment != "turn":
        name = "conversations/refusal.html"
    return render(request, name, context, status=status)
