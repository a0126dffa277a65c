"""Views of what reviewers leave at a conversation: its flag, notes, and that it was reviewed."""

from django.db import transaction
from django.views.decorators.http import require_POST

from conversations.models import ReviewAccess, ReviewMark
from conversations.review.forms import NoteForm
from conversations.views.review.queue import to_next
from conversations.views.review.reading import record_showing, show
from conversations.views.review.visit import Visit, record_act, reviewer_required
from conversations.views.see_other import SeeOther

Action = ReviewAccess.Action


@reviewer_required
@require_POST
def flag(request, conversation_id):
    """Flag the conversation for other reviewers if the POST data have `flagged` "true", else remove
    its flag; redirect to its review page. Without a sitting (permission to read for an hour) that
    allows it, only redirect."""
    visit = Visit.to(request, conversation_id)
    if visit.sitting is not None:
        flagged = request.POST.get("flagged") == "true"
        with transaction.atomic():
            record_act(request, visit, Action.FLAGGED if flagged else Action.UNFLAGGED)
            ReviewMark.flag(visit.conversation, request.user, flagged)
    return SeeOther(visit.here)


@reviewer_required
@require_POST
def note(request, conversation_id):
    """Store a note on the conversation for other reviewers and redirect to its review page; 422
    with the form if the note is not valid. Without a sitting (permission to read for an hour) that
    allows it, only redirect."""
    visit = Visit.to(request, conversation_id)
    if visit.sitting is None:
        return SeeOther(visit.here)
    form = NoteForm(request.POST)
    if not form.is_valid():
        record_showing(request, visit)
        return show(request, visit, note_form=form, status=422)
    with transaction.atomic():
        record_act(request, visit, Action.NOTED)
        form.instance.conversation = visit.conversation
        form.instance.author_id = request.user.pk
        form.save()
    return SeeOther(visit.here)


@reviewer_required
@require_POST
def reviewed(request, conversation_id):
    """Mark the conversation as reviewed. Redirect to the next one of the queue if `next` is among
    the POST data, else to its review page. Without a sitting (permission to read for an hour) that
    allows it, only redirect to its review page."""
    visit = Visit.to(request, conversation_id)
    if visit.sitting is not None:
        with transaction.atomic():
            record_act(request, visit, Action.REVIEWED)
            ReviewMark.review(visit.conversation, request.user)
        if "next" in request.POST:
            return to_next(request, visit)
    return SeeOther(visit.here)
