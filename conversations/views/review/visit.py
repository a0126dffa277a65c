"""Visit of a reviewer to a conversation, and the guard of all views of the review."""

import math
from dataclasses import dataclass
from functools import wraps

from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import ngettext

from conversations.models import Conversation, ReviewAccess, ReviewSitting
from conversations.review.forms import QueueForm
from conversations.review.reading_pace import TooManyReadings, is_noted
from conversations.review.record_access import record
from conversations.thread.page import as_uuid
from conversations.views.ownership import person_required

Action = ReviewAccess.Action


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
    """Reviewer's visit to a conversation: the conversation, what allows reading it, and the filters
    of the queue that the reviewer came from.

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


def record_act(request, visit, action):
    """Append a row to the access log: `request.user` did `action` (a ReviewAccess.Action) on the
    conversation of `visit` (a Visit)."""
    record(request, action, conversation=visit.conversation, sitting=visit.sitting)
