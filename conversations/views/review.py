"""Views of the review: the queue, and conversations of other people. They need the permission, a
reason, and a row of the access log for each act."""

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
from conversations.review.record_access import record
from conversations.search import WINDOW
from conversations.thread.page import as_uuid, thread
from conversations.views.long_work import long_work
from conversations.views.ownership import person_required
from conversations.views.see_other import SeeOther

Action = ReviewAccess.Action
# Responses of a conversation that are listed beside it; the newest ones.
FACTS = 200


def reviewer_required(view):
    """A decorator of views: 404 for whoever may not review, and 429 for a reviewer who read more
    often than REVIEW_READINGS_PER_HOUR allows."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        if not request.user.may_review:
            raise Http404
        try:
            return view(request, *args, **kwargs)
        except TooManyReadings as refused:
            return _too_many(request, refused)

    return person_required(guarded)


@long_work
@reviewer_required
@require_safe
def index(request):
    """The review queue as a page: owners, times, figures and outcomes; no text and no title."""
    form = QueueForm(request.GET, reviewer=request.user)
    context = {"form": form, "rows": [], "after": None}
    if form.is_valid():
        hits = _look_for(request, form.cleaned_data, form.carried)
        context["older_hits"] = hits[-1].id if hits and len(hits) == WINDOW else None
        context["hits_before"] = request.GET.get("hits_before") if hits else None
        after = queue.read_place(request.GET.get("after"))
        found = queue.queue(request.user, form.cleaned_data, hits, after)
        context["rows"], context["after"] = queue.page(found)
        if hits:
            queue.show_found(context["rows"], hits, form.cleaned_data["q"])
    return render(request, "review/queue.html", context, status=200 if form.is_valid() else 422)


@reviewer_required
@require_http_methods(["GET", "HEAD", "POST"])
def conversation(request, conversation_id):
    """A conversation under review, read-only; the form that asks for a reason where no sitting
    allows it yet, and the form's target."""
    visit = Visit.to(request, conversation_id)
    if request.method == "POST":
        return _open(request, visit)
    if visit.sitting is None:
        return _ask(request, visit, ReasonForm())
    _record_showing(request, visit)
    return _show(request, visit)


@reviewer_required
@require_safe
def response_input(request, conversation_id, response_id):
    """The page with the request body of a Response, as it was sent to the gateway, in JSON."""
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
    """Set or remove the flag of the conversation; the form says which."""
    visit = Visit.to(request, conversation_id)
    if visit.sitting is not None:
        flagged = request.POST.get("flagged") == "true"
        with transaction.atomic():
            _record(request, visit, Action.FLAGGED if flagged else Action.UNFLAGGED)
            ReviewMark.flag(visit.conversation, request.user, flagged)
    return SeeOther(visit.here)


@reviewer_required
@require_POST
def note(request, conversation_id):
    """Store a note on the conversation for other reviewers."""
    visit = Visit.to(request, conversation_id)
    if visit.sitting is None:
        return SeeOther(visit.here)
    form = NoteForm(request.POST)
    if not form.is_valid():
        _record_showing(request, visit)
        return _show(request, visit, note_form=form, status=422)
    with transaction.atomic():
        _record(request, visit, Action.NOTED)
        form.instance.conversation = visit.conversation
        form.instance.author_id = request.user.pk
        form.save()
    return SeeOther(visit.here)


@reviewer_required
@require_POST
def reviewed(request, conversation_id):
    """Mark the conversation as reviewed, and go on to the next where the button says so."""
    visit = Visit.to(request, conversation_id)
    if visit.sitting is not None:
        with transaction.atomic():
            _record(request, visit, Action.REVIEWED)
            ReviewMark.review(visit.conversation, request.user)
        if "next" in request.POST:
            return _to_next(request, visit)
    return SeeOther(visit.here)


@reviewer_required
@require_safe
def following(request, conversation_id):
    """Redirect to the next unreviewed conversation of the queue, else to the queue."""
    return _to_next(request, Visit.to(request, conversation_id))


def _too_many(request, refused):
    """429: a sentence and when to go on. The first refusal of an hour is an act of the log; each
    would let a loop of requests fill it."""
    if not is_noted(request.user.pk):
        record(request, Action.LIMITED, detail={"limit": refused.limit})
    minutes = math.ceil(refused.retry_after / 60)
    sentence = ngettext(
        "You have reached this site's limit of readings an hour (%(limit)d). "
        "Go on in %(minutes)d minute.",
        "You have reached this site's limit of readings an hour (%(limit)d). "
        "Go on in %(minutes)d minutes.",
        minutes,
    ) % {"limit": refused.limit, "minutes": minutes}
    page = render(request, "review/too_many.html", {"sentence": sentence}, status=429)
    page.headers["Retry-After"] = str(refused.retry_after)
    return page


@dataclass
class Visit:
    """A reviewer's visit to a conversation: the conversation, by which right it is read, and where
    in the queue the reviewer came from.

    `sitting` is the ReviewSitting that allows reading, None where the reason has to be asked for;
    `filters` is the cleaned data of the queue's form, `carried` the same as the query of an
    address.
    """

    conversation: Conversation
    sitting: ReviewSitting | None
    filters: dict
    carried: str

    @classmethod
    def to(cls, request, conversation_id):
        """The visit of `request.user`. Raises Http404 for a conversation that does not exist and
        for one out of the reviewer's scope alike."""
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
        """The path of the conversation's review page."""
        return reverse("review_conversation", args=[self.conversation.pk])

    @property
    def query(self):
        """The query that its links keep: the filters of the queue, and the sitting's id where its
        reason counts for this conversation only."""
        parts = [self.carried]
        if self.sitting is not None and not self.sitting.remembered:
            parts.append(f"sitting={self.sitting.pk}")
        return "&".join(filter(None, parts))

    @property
    def here(self):
        return f"{self.url}?{self.query}" if self.query else self.url

    @property
    def back(self):
        """The path of the queue with the filters it was opened from."""
        return f"{reverse('review')}?{self.carried}" if self.carried else reverse("review")


def _ask(request, visit, form, status=200):
    """The page that asks for a reason. It names the owner and shows no title and no text."""
    context = {"visit": visit, "owner": visit.conversation.owner, "form": form}
    return render(request, "review/reason.html", context, status=status)


def _open(request, visit):
    """Begin a sitting for the reason that was given, and record the opening. The page that the
    redirect leads to is covered by that row."""
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
        _record(request, visit, Action.OPENED)
    return SeeOther(visit.here)


def _record_showing(request, visit):
    """Record that the conversation is about to be shown, unless it is the first page of its
    sitting, which `_open` recorded."""
    with transaction.atomic():
        if visit.sitting.take_first_showing(visit.conversation):
            return
        before = ReviewAccess.objects.filter(
            reviewer_id=request.user.pk,
            conversation_id=visit.conversation.pk,
            action=Action.OPENED,
            at__gte=visit.sitting.begun_at,
        )
        _record(request, visit, Action.REOPENED if before.exists() else Action.OPENED)


def _record(request, visit, action):
    """Append an act on the visited conversation to the access log."""
    record(request, action, conversation=visit.conversation, sitting=visit.sitting)


def _show(request, visit, note_form=None, status=200):
    """The page of the conversation under review, with notes, marks and the facts of its
    Responses."""
    conversation = visit.conversation
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


def _look_for(request, filters, carried):
    """The search results (list of Hit) for the words in `filters`, None without words. The search
    is recorded first."""
    if not filters.get("q"):
        return None
    with transaction.atomic():
        sitting = ReviewSitting.objects.current(request.user).filter(remembered=True).first()
        record(request, Action.SEARCHED, sitting=sitting, detail={"queue": carried})
    before = request.GET.get("hits_before", "")
    return queue.look_for(
        request.user, filters, int(before) if before.isdecimal() and len(before) < 19 else None
    )


def _to_next(request, visit):
    """Redirect to the next unreviewed conversation of the queue, else to the queue."""
    hits = _look_for(request, visit.filters, visit.carried)
    following = queue.next_unreviewed(request.user, visit.filters, visit.conversation, hits)
    if following is None:
        return SeeOther(visit.back)
    path = reverse("review_conversation", args=[following.pk])
    return SeeOther(f"{path}?{visit.carried}" if visit.carried else path)
