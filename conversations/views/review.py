"""The door to other people's conversations: with a permission, a reason and a row in the log."""

import json
import math
from dataclasses import dataclass
from functools import wraps

from django.db import transaction
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from conversations import replies
from conversations.models import (
    Conversation,
    Message,
    Person,
    ReviewAccess,
    ReviewMark,
    ReviewSitting,
)
from conversations.replies import request_body
from conversations.review import queue
from conversations.review.forms import NoteForm, QueueForm, ReasonForm
from conversations.review.reading_pace import TooManyReadings, is_noted
from conversations.review.recording import record
from conversations.search import WINDOW
from conversations.thread.page import as_uuid, thread
from conversations.views.ownership import person_required
from conversations.views.see_other import SeeOther

Action = ReviewAccess.Action
# Responses of a conversation that are listed beside it; the newest ones.
FACTS = 200


def reviewer_required(view):
    """Let reviewers in, at the pace that REVIEW_READINGS_PER_HOUR allows. For all others there is
    nothing here."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        if not request.user.may_review:
            raise Http404
        try:
            return view(request, *args, **kwargs)
        except TooManyReadings as refused:
            return _too_many(request, refused)

    return person_required(guarded)


@reviewer_required
@require_safe
def index(request):
    """The queue: whose, when, how much and how it ended; no text and no title."""
    form = QueueForm(request.GET, reviewer=request.user)
    context = {"form": form, "rows": [], "after": None}
    if form.is_valid():
        hits = _look_for(request, form.cleaned_data, form.carried)
        context["older_hits"] = hits[-1].id if hits and len(hits) == WINDOW else None
        context["hits_before"] = request.GET.get("hits_before") if hits else None
        after = queue.read_place(request.GET.get("after"))
        found = queue.queue(request.user, form.cleaned_data, hits, after)
        context["rows"], context["after"] = queue.page(found)
    return render(request, "review/queue.html", context, status=200 if form.is_valid() else 422)


@reviewer_required
@require_http_methods(["GET", "HEAD", "POST"])
def conversation(request, conversation_id):
    """One conversation, read-only; it asks for a reason where none counts yet."""
    door = Door.to(request, conversation_id)
    if request.method == "POST":
        return _open(request, door)
    if door.sitting is None:
        return _ask(request, door, ReasonForm())
    _record_showing(request, door)
    return _show(request, door)


@reviewer_required
@require_safe
def response_input(request, conversation_id, response_id):
    """The exact body that was sent to the gateway for one Response."""
    door = Door.to(request, conversation_id)
    if door.sitting is None:
        return redirect(door.url)
    response = door.conversation.responses.filter(pk=response_id).first()
    if response is None:
        raise Http404
    record(
        request,
        Action.SAW_INPUT,
        conversation=door.conversation,
        sitting=door.sitting,
        detail={"response": str(response.pk)},
    )
    context = {"door": door, "conversation": door.conversation, "call": response}
    try:
        body = request_body.rebuild(response)
    except (KeyError, ValueError):
        # Made before requests were kept, or imported.
        context["body"] = None
    else:
        context["body"] = json.dumps(body, ensure_ascii=False, indent=2)
    return render(request, "review/input.html", context)


@reviewer_required
@require_POST
def flag(request, conversation_id):
    """Flag the conversation for other reviewers, or take the flag away."""
    door = Door.to(request, conversation_id)
    if door.sitting is not None:
        flagged = request.POST.get("flagged") == "true"
        with transaction.atomic():
            _record(request, door, Action.FLAGGED if flagged else Action.UNFLAGGED)
            ReviewMark.flag(door.conversation, request.user, flagged)
    return SeeOther(door.here)


@reviewer_required
@require_POST
def note(request, conversation_id):
    """Leave a note for other reviewers."""
    door = Door.to(request, conversation_id)
    if door.sitting is None:
        return SeeOther(door.here)
    form = NoteForm(request.POST)
    if not form.is_valid():
        _record_showing(request, door)
        return _show(request, door, note_form=form, status=422)
    with transaction.atomic():
        _record(request, door, Action.NOTED)
        form.instance.conversation = door.conversation
        form.instance.author_id = request.user.pk
        form.save()
    return SeeOther(door.here)


@reviewer_required
@require_POST
def reviewed(request, conversation_id):
    """Mark the conversation as reviewed, and go on to the next where the button says so."""
    door = Door.to(request, conversation_id)
    if door.sitting is not None:
        with transaction.atomic():
            _record(request, door, Action.REVIEWED)
            ReviewMark.review(door.conversation, request.user)
        if "next" in request.POST:
            return _to_next(request, door)
    return SeeOther(door.here)


@reviewer_required
@require_safe
def following(request, conversation_id):
    """To the next unreviewed conversation of the queue, else back to the queue."""
    return _to_next(request, Door.to(request, conversation_id))


def _too_many(request, refused):
    """429: a sentence and when to go on. The first refusal of an hour is an act of the log; each
    would let a loop of requests fill it."""
    if not is_noted(request.user.pk):
        record(request, Action.LIMITED, detail={"limit": refused.limit})
    minutes = math.ceil(refused.retry_after / 60)
    sentence = ngettext(
        "You have read %(limit)d times within an hour, as often as this site allows. "
        "Go on in %(minutes)d minute.",
        "You have read %(limit)d times within an hour, as often as this site allows. "
        "Go on in %(minutes)d minutes.",
        minutes,
    ) % {"limit": refused.limit, "minutes": minutes}
    page = render(request, "review/too_many.html", {"sentence": sentence}, status=429)
    page.headers["Retry-After"] = str(refused.retry_after)
    return page


@dataclass
class Door:
    """A conversation that the reviewer may open, and what the address says besides.

    `sitting` is the one whose reason counts, None where it has to be asked for; `filters` are
    those of the queue, `carried` the same as the query of an address.
    """

    conversation: Conversation
    sitting: ReviewSitting | None
    filters: dict
    carried: str

    @classmethod
    def to(cls, request, conversation_id):
        """Raises Http404 for what is not there and for what is out of scope alike."""
        found = Conversation.objects.reviewable_by(request.user).select_related("owner")
        conversation = found.filter(pk=conversation_id).first()
        if conversation is None:
            raise Http404
        form = QueueForm(request.GET, reviewer=request.user)
        sitting = ReviewSitting.objects.for_conversation(
            request.user, conversation, as_uuid(request.GET.get("sitting"))
        )
        return cls(
            conversation,
            sitting,
            form.cleaned_data if form.is_valid() else {},
            form.carried if form.is_valid() else "",
        )

    @property
    def url(self):
        """The address of the conversation under review."""
        return reverse("review_conversation", args=[self.conversation.pk])

    @property
    def query(self):
        """What its links carry on: the filters of the queue, and the sitting where the reason is
        not remembered."""
        parts = [self.carried]
        if self.sitting is not None and not self.sitting.remembered:
            parts.append(f"sitting={self.sitting.pk}")
        return "&".join(filter(None, parts))

    @property
    def here(self):
        return f"{self.url}?{self.query}" if self.query else self.url

    @property
    def back(self):
        """The address of the queue it was opened from."""
        return f"{reverse('review')}?{self.carried}" if self.carried else reverse("review")


def _ask(request, door, form, status=200):
    """The form that asks for a reason. It names the owner, and shows no title and no text."""
    context = {"door": door, "owner": door.conversation.owner, "form": form}
    return render(request, "review/reason.html", context, status=status)


def _open(request, door):
    """Begin a sitting: its row in the log allows the one showing that follows."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _ask(request, door, form, status=422)
    given = form.cleaned_data
    with transaction.atomic():
        door.sitting = ReviewSitting.begin(
            request.user,
            door.conversation,
            given["reason"],
            given["explanation"],
            given["remember"],
        )
        _record(request, door, Action.OPENED)
    return SeeOther(door.here)


def _record_showing(request, door):
    """Before anything is shown, the row that allows it; the first was written by `_open`."""
    with transaction.atomic():
        if door.sitting.take_first_showing(door.conversation):
            return
        before = ReviewAccess.objects.filter(
            reviewer_id=request.user.pk,
            conversation_id=door.conversation.pk,
            action=Action.OPENED,
            at__gte=door.sitting.begun_at,
        )
        _record(request, door, Action.REOPENED if before.exists() else Action.OPENED)


def _record(request, door, action):
    record(request, action, conversation=door.conversation, sitting=door.sitting)


def _show(request, door, note_form=None, status=200):
    conversation = door.conversation
    try:
        shown = thread(
            conversation,
            at=as_uuid(request.GET.get("at")),
            before=as_uuid(request.GET.get("before")),
        )
    except Message.DoesNotExist:
        raise Http404 from None
    replies.fill_in(shown.pending)
    notes = list(conversation.review_notes.all())
    authors = Person.objects.in_bulk({note.author_id for note in notes})
    for note in notes:
        note.author = authors.get(note.author_id)
    facts = list(conversation.responses.order_by("-created_at")[: FACTS + 1])
    context = {
        "door": door,
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


def _look_for(request, filters, carried):
    """The Hits of the words asked for, None where there are none; looking is recorded first."""
    if not filters.get("q"):
        return None
    with transaction.atomic():
        sitting = ReviewSitting.objects.current(request.user).filter(remembered=True).first()
        record(request, Action.SEARCHED, sitting=sitting, detail={"queue": carried})
    before = request.GET.get("hits_before", "")
    return queue.look_for(
        request.user, filters, int(before) if before.isdecimal() and len(before) < 19 else None
    )


def _to_next(request, door):
    hits = _look_for(request, door.filters, door.carried)
    following = queue.next_unreviewed(request.user, door.filters, door.conversation, hits)
    if following is None:
        return SeeOther(door.back)
    path = reverse("review_conversation", args=[following.pk])
    return SeeOther(f"{path}?{door.carried}" if door.carried else path)
