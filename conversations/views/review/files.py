"""Views of files in a conversation under review: their bytes, and the text that a model read."""

from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from conversations.models import ReviewAccess
from conversations.review.record_access import record
from conversations.views import files
from conversations.views.review.visit import Visit, reviewer_required

Action = ReviewAccess.Action


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
