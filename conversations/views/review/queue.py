"""Views of the review queue: the list of conversations to review, and the way to the next one."""

from django.db import transaction
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from conversations.models import ReviewAccess, ReviewSitting
from conversations.review import queue
from conversations.review.forms import QueueForm
from conversations.review.record_access import record
from conversations.search import WINDOW
from conversations.views.long_work import long_work
from conversations.views.review.visit import Visit, reviewer_required
from conversations.views.see_other import SeeOther

Action = ReviewAccess.Action


@long_work
@reviewer_required
@require_safe
def index(request):
    """Return the page of the review queue: owners, times and figures of conversations, without
    their text and titles; after a search by words, which is recorded in the access log, with one
    excerpt of each. 422 if the filters are not valid."""
    form = QueueForm(request.GET, reviewer=request.user)
    context = {"form": form, "rows": [], "after": None}
    if form.is_valid():
        hits = look_for(request, form.cleaned_data, form.carried)
        context["older_hits"] = hits[-1].id if hits and len(hits) == WINDOW else None
        context["hits_before"] = request.GET.get("hits_before") if hits else None
        after = queue.read_place(request.GET.get("after"))
        found = queue.queue(request.user, form.cleaned_data, hits, after)
        context["rows"], context["after"] = queue.page(found)
        if hits:
            queue.show_found(context["rows"], hits, form.cleaned_data["q"])
    return render(request, "review/queue.html", context, status=200 if form.is_valid() else 422)


@reviewer_required
@require_safe
def following(request, conversation_id):
    """Redirect to the next unreviewed conversation of the review queue after the one with the id
    `conversation_id` or, if there is none, to the queue."""
    return to_next(request, Visit.to(request, conversation_id))


def look_for(request, filters, carried):
    """Search for the words in `filters` (cleaned data of a QueueForm), record that in the access
    log, and return the results (a list of Hit), only those after the Hit with the id
    `?hits_before=` if the URL has it; None without words. `carried` is the query string to
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


def to_next(request, visit):
    """Redirect to the next unreviewed conversation of the review queue after that of `visit` (a
    Visit); if there is none, to the queue. If the filters of the visit have words to search for,
    the search is recorded in the access log."""
    hits = look_for(request, visit.filters, visit.carried)
    following = queue.next_unreviewed(request.user, visit.filters, visit.conversation, hits)
    if following is None:
        return SeeOther(visit.back)
    path = reverse("review_conversation", args=[following.pk])
    return SeeOther(f"{path}?{visit.carried}" if visit.carried else path)
