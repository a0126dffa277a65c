"""Views of the review: the queue of conversations to review, and the conversations of other people.
Each needs the permission; reading needs a reason, and each act is recorded in the access log.

Over 300 lines so that all ways to other people's text, and what each records, can be checked in one
place.
"""

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
from conversations.views import files
from conversations.views.long_work import long_work
from conversations.views.ownership import person_required
from conversations.views.see_other import SeeOther

Action = ReviewAccess.Action
# How many Responses are listed beside a conversation: the newest ones.
FACTS = 200


def reviewer_required(view):
    """Return `view` wrapped so that it responds with 404 to people who may not review, and with 429
    to a reviewer who read more often than REVIEW_READINGS_PER_HOUR allows."""

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
    """Return the page of the review queue: owners, times, numbers and results of conversations,
    without their text and titles. 422 if the filters are not valid."""
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
    """Return the page of a conversation under review, read-only. If no sitting (permission for one
    hour) allows the reviewer to read it yet, return the form that asks for a reason; a POST of that
    form begins a sitting."""
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
    """Return the page with the request body (JSON) of a Response, as it was sent to the gateway.
    Redirects to the conversation's review page if no sitting allows reading."""
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
        # A message of the request was deleted, or the Response is older than stored requests.
        context["body"] = None
    else:
        context["body"] = json.dumps(body, ensure_ascii=False, indent=2)
    return render(request, "review/input.html", context)


@reviewer_required
@require_safe
def file(request, conversation_id, file_id):
    """Return the HTTP response with the bytes of the file `file_id` of a conversation under review,
    for a reviewer. Each time is recorded in the access log. Redirects to the review page if no
    sitting (permission to read for an hour) allows it."""
    visit = Visit.to(request, conversation_id)
    if visit.sitting is None:
        return redirect(visit.url)
    response = files.serve(_recorded_file(request, visit, file_id))
    # The browser keeps nothing: opening it again is another row.
    response.headers["Cache-Control"] = "private, no-store"
    return response


@reviewer_required
@require_safe
def file_text(request, conversation_id, file_id):
    """Return the page with the text that a model read of the document `file_id` of a conversation
    under review, for a reviewer. Each time is recorded in the access log. Redirects to the review
    page if no sitting (permission to read for an hour) allows it."""
    visit = Visit.to(request, conversation_id)
    if visit.sitting is None:
        return redirect(visit.url)
    attachment = _recorded_file(request, visit, file_id)
    url = reverse("review_file", args=[visit.conversation.pk, attachment.pk])
    url = f"{url}?{visit.query}" if visit.query else url
    return files.show_text(request, attachment, url)


def _recorded_file(request, visit, file_id):
    """Record in the access log that the file with the id `file_id` is opened; return its
    Attachment. Raise Http404 if the conversation of `visit` (a Visit) has no such file."""
    attachment = files.file_of(visit.conversation, file_id)
    record(
        request,
        Action.SAW_FILE,
        conversation=visit.conversation,
        sitting=visit.sitting,
        detail={"file": str(attachment.pk)},
    )
    return attachment


@reviewer_required
@require_POST
def flag(request, conversation_id):
    """Flag the conversation for other reviewers if the POST data have `flagged` "true", else remove
    its flag; redirect to its review page."""
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
    """Store a note on the conversation for other reviewers and redirect to its review page; 422
    with the form if the note is not valid."""
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
    """Mark the conversation as reviewed. Redirect to the next one of the queue if `next` is among
    the POST data, else to its review page."""
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
    """Redirect to the next unreviewed conversation of the review queue after this one or, if there
    is none, to the queue."""
    return _to_next(request, Visit.to(request, conversation_id))


def _too_many(request, refused):
    """Return the page 429 that says when a reviewer over the limit of readings may go on. `refused`
    is the TooManyReadings exception. Only the first refusal of an hour is recorded in the access
    log: recording each would let a loop of requests fill it."""
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
    """A reviewer's visit to a conversation: the conversation, what allows reading it, and the
    filters of the queue that the reviewer came from.

    `sitting` is the ReviewSitting (permission for one hour) that allows reading, None if the reason
    has to be asked for; `filters` is the cleaned data of the QueueForm, `carried` the same as a
    query string.
    """

    conversation: Conversation
    sitting: ReviewSitting | None
    filters: dict
    carried: str

    @classmethod
    def to(cls, request, conversation_id):
        """Return the Visit of `request.user` to the conversation with the id `conversation_id`.
        Raise Http404 if it does not exist or the reviewer may not review it."""
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
        """Return the path of the conversation's review page, without a query string."""
        return reverse("review_conversation", args=[self.conversation.pk])

    @property
    def query(self):
        """Return the query string (without "?") for links on the review page: the filters of the
        review queue and, if the reviewer's sitting (permission to read for an hour) is for this
        conversation only, `sitting=` with its id; "" if neither."""
        parts = [self.carried]
        if self.sitting is not None and not self.sitting.remembered:
            parts.append(f"sitting={self.sitting.pk}")
        return "&".join(filter(None, parts))

    @property
    def here(self):
        """Return the URL of the conversation's review page, with the query string that `query`
        returns."""
        return f"{self.url}?{self.query}" if self.query else self.url

    @property
    def back(self):
        """Return the URL of the review queue, with the filters that the reviewer came from."""
        return f"{reverse('review')}?{self.carried}" if self.carried else reverse("review")


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
        _record(request, visit, Action.OPENED)
    return SeeOther(visit.here)


def _record_showing(request, visit):
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
        _record(request, visit, Action.REOPENED if before.exists() else Action.OPENED)


def _record(request, visit, action):
    """Append a row to the access log: `request.user` did `action` (a ReviewAccess.Action) on the
    conversation of `visit` (a Visit)."""
    record(request, action, conversation=visit.conversation, sitting=visit.sitting)


def _show(request, visit, note_form=None, status=200):
    """Return the page of the conversation under review, with notes, flag and the data of its
    Responses. `note_form` is the NoteForm to show (None: a new one), `status` the HTTP status."""
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


def _look_for(request, filters, carried):
    """Record the search in the access log and return its results (a list of Hit) for the words in
    `filters` (cleaned data of a QueueForm); None without words. `carried` is the query string to
    record."""
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
    """Redirect to the next unreviewed conversation of the review queue after that of `visit` (a
    Visit); if there is none, to the queue."""
    hits = _look_for(request, visit.filters, visit.carried)
    following = queue.next_unreviewed(request.user, visit.filters, visit.conversation, hits)
    if following is None:
        return SeeOther(visit.back)
    path = reverse("review_conversation", args=[following.pk])
    return SeeOther(f"{path}?{visit.carried}" if visit.carried else path)
