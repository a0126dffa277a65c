"""Views that show a conversation under review: the form that asks for a reason, the conversation,
and the request body of a Response."""

import json

from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from conversations import replies
from conversations.models import Message, Person, ReviewAccess, ReviewMark, ReviewSitting
from conversations.replies import request_body
from conversations.review.forms import NoteForm, ReasonForm
from conversations.review.record_access import record
from conversations.thread.page import as_uuid, thread
from conversations.views.review.visit import Visit, record_act, reviewer_required
from conversations.views.see_other import SeeOther

Action = ReviewAccess.Action
# How many Responses are listed beside a conversation: the newest ones.
FACTS = 200


@reviewer_required
@require_http_methods(["GET", "HEAD", "POST"])
def conversation(request, conversation_id):
    """Return the page of a conversation under review, read-only, and record that in the access log.
    If no sitting (permission for one hour) allows the reviewer to read it yet, return the form that
    asks for a reason; a POST of that form begins a sitting."""
    visit = Visit.to(request, conversation_id)
    if request.method == "POST":
        return _open(request, visit)
    if visit.sitting is None:
        return _ask(request, visit, ReasonForm())
    record_showing(request, visit)
    return show(request, visit)


def _ask(request, visit, form, status=200):
    """Return the page with `form` (a ReasonForm), which asks for the reason to read the
    conversation of `visit` (a Visit). It names the owner and shows no title and no text. `status`
    is the HTTP status."""
    context = {"visit": visit, "owner": visit.conversation.owner, "form": form}
    return render(request, "review/reason.html", context, status=status)


def _open(request, visit):
    """Begin a sitting (permission to read for an hour) for the reason in the POST data, record in
    the access log that the conversation of `visit` (a Visit) was opened, and redirect to it; 422
    with the form if the reason is not valid. The page after the redirect adds no further row to the
    access log."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _ask(request, visit, form, status=422)
    given = form.cleaned_data
    with transaction.atomic():
        visit.sitting = ReviewSitting.begin(
            request.user,
            visit.conversation,
            given["reason"],
            given["explanation"],
            given["remember"],
        )
        record_act(request, visit, Action.OPENED)
    return SeeOther(visit.here)


def record_showing(request, visit):
    """Record in the access log that the conversation of `visit` (a Visit) is about to be shown: as
    REOPENED if the reviewer opened it in this sitting (permission to read for an hour) before, else
    as OPENED. Nothing is recorded for the first page of a sitting, since `_open` has done it."""
    with transaction.atomic():
        if visit.sitting.take_first_showing(visit.conversation):
            return
        before = ReviewAccess.objects.filter(
            reviewer_id=request.user.pk,
            conversation_id=visit.conversation.pk,
            action=Action.OPENED,
            at__gte=visit.sitting.begun_at,
        )
        record_act(request, visit, Action.REOPENED if before.exists() else Action.OPENED)


def show(request, visit, note_form=None, status=200):
    """Return the page of the conversation of `visit` (a Visit), with notes, flag and the data of
    its Responses. `note_form` is the NoteForm to show (None: a new one), `status` the HTTP status.
    Raise Http404 if the URL names a message (`?at=`, `?before=`) that is not in the
    conversation."""
    conversation = visit.conversation
    try:
        shown = thread(
            conversation,
            at=as_uuid(request.GET.get("at")),
            before=as_uuid(request.GET.get("before")),
            with_hidden=True,
        )
    except Message.DoesNotExist:
        raise Http404 from None
    # A reviewer's opening of a file is recorded.
    replies.fill_in(shown.pending, with_files=False)
    notes = list(conversation.review_notes.all())
    authors = Person.objects.in_bulk({note.author_id for note in notes})
    for note in notes:
        note.author = authors.get(note.author_id)
    facts = list(conversation.responses.order_by("-created_at")[: FACTS + 1])
    context = {
        "visit": visit,
        "conversation": conversation,
        "owner": conversation.owner,
        "thread": shown,
        "readonly": True,
        "facts": facts[:FACTS],
        "more_facts": len(facts) > FACTS,
        "mark": ReviewMark.objects.filter(conversation=conversation).first(),
        "notes": notes,
        "note_form": note_form or NoteForm(),
    }
    return render(request, "review/conversation.html", context, status=status)


@reviewer_required
@require_safe
def response_input(request, conversation_id, response_id):
    """Return the page with the request body (JSON) of a Response, as it was sent to the gateway.
    Each time is recorded in the access log. Redirects to the conversation's review page if no
    sitting (permission to read for an hour) allows it; 404 for a Response of another
    conversation."""
    visit = Visit.to(request, conversation_id)
    if visit.sitting is None:
        return redirect(visit.url)
    response = visit.conversation.responses.filter(pk=response_id).first()
    if response is None:
        raise Http404
    record(
        request,
        Action.SAW_INPUT,
        conversation=visit.conversation,
        sitting=visit.sitting,
        detail={"response": str(response.pk)},
    )
    context = {"visit": visit, "conversation": visit.conversation}
    try:
        body = request_body.rebuild(response, with_hidden=True)
    except (KeyError, ValueError):
        # A message of the request was deleted, or the Response is older than stored requests.
        context["body"] = None
    else:
        context["body"] = json.dumps(body, ensure_ascii=False, indent=2)
        context["files_gone"] = request_body.files_gone(response)
    return render(request, "review/input.html", context)
