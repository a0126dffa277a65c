"""Views that export conversations under review as a case (a zip for an investigation): one
conversation, or a selection of the review queue."""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods

from conversations.accounts.recent_login import require_recent_login
from conversations.cases.archive import CaseArchive
from conversations.models import Conversation, Person, ReviewAccess
from conversations.review import queue
from conversations.review.forms import QueueForm, ReasonForm
from conversations.review.reading_pace import check_export_pace
from conversations.review.record_access import record
from conversations.views.long_work import long_work
from conversations.views.review import Visit, reviewer_required

Action = ReviewAccess.Action
MOST = 500  # conversations of one case


class ExportForm(ReasonForm):
    """Form that asks for the reason of an export; the reason counts for this export only."""

    remember = None


@long_work
@reviewer_required
@require_http_methods(["GET", "HEAD", "POST"])
def export(request, conversation_id):
    """Return the page that asks for the reason to export a conversation; POST returns the case, a
    zip with the conversation. Asks for a recent login."""
    require_recent_login(request)
    visit = Visit.to(request, conversation_id)
    return _page(request, [visit.conversation.pk], visit.here, sitting=visit.sitting)


@long_work
@reviewer_required
@require_http_methods(["GET", "HEAD", "POST"])
def export_selection(request):
    """Return the page that asks for the reason to export the conversations of the review queue
    (filtered by the query string, at most MOST); POST returns the case, a zip with them. A search
    by words is recorded in the access log. 422 if the filters are not valid. Asks for a recent
    login."""
    require_recent_login(request)
    form = QueueForm(request.GET, reviewer=request.user)
    if not form.is_valid():
        return render(request, "review/queue.html", {"form": form, "rows": []}, status=422)
    hits = None
    if form.cleaned_data.get("q"):
        with transaction.atomic():
            record(request, Action.SEARCHED, detail={"queue": form.carried})
        hits = queue.look_for(request.user, form.cleaned_data)
    found = queue.queue(request.user, form.cleaned_data, hits)
    ids = list(found.values_list("pk", flat=True)[: MOST + 1])
    back = f"/review/?{form.carried}"
    return _page(request, ids[:MOST], back, has_more=len(ids) > MOST, carried=form.carried)


def _page(request, ids, back, sitting=None, **more):
    """Return the page with an ExportForm for the conversations with the ids `ids`; for a valid POST
    return the zip. `back` is the URL to go back to; `sitting`, the reviewer's ReviewSitting
    (permission to read for an hour) or None, fills in the reason; `more` is further template
    context."""
    given = {"reason": sitting.reason, "explanation": sitting.explanation} if sitting else None
    form = ExportForm(request.POST if request.method == "POST" else None, initial=given)
    if request.method == "POST" and form.is_valid() and ids:
        return _zip(request, ids, form.cleaned_data)
    owner = None
    if len(ids) == 1:
        owner = Conversation.objects.select_related("owner").get(pk=ids[0]).owner
    context = {"form": form, "count": len(ids), "owner": owner, "back": back, "most": MOST, **more}
    return render(request, "review/export.html", context, status=422 if form.errors else 200)


def _zip(request, ids, given):
    """Return the zip of a case with the conversations `ids` as a streamed response; `given` is the
    cleaned data of an ExportForm. The first conversation is recorded in the access log before the
    response begins, so that an export that cannot be recorded is refused as a whole. Raise
    TooManyReadings if the reviewer exported too many in the last hour, PermissionDenied if they may
    not read the first one."""
    check_export_pace(request.user.pk)
    reason = {"reason": given["reason"], "explanation": given["explanation"]}

    def record_reading(conversation):
        """Record the export of `conversation` in the access log, just before it is read; the first
        one is recorded already."""
        if conversation.pk != ids[0]:
            _record(request, archive, conversation, reason)

    def record_end(digest):
        """Record in the access log that the export is complete; `digest` is the SHA-256 of the
        zip's manifest."""
        record(request, Action.FINISHED_EXPORT, detail=_detail(archive, manifest=digest))

    archive = CaseArchive(
        ids,
        exporter=request.user,
        reason=ReviewAccess.Reason(given["reason"]).label,
        explanation=given["explanation"],
        record_reading=record_reading,
        record_end=record_end,
    )
    _record(request, archive, Conversation.objects.get(pk=ids[0]), reason)
    response = StreamingHttpResponse(archive.pieces(), content_type="application/zip")
    name = f"case {archive.id.hex[:8]}.zip"
    response.headers["Content-Disposition"] = content_disposition_header(True, name)
    return response


def _record(request, archive, conversation, reason):
    """Append a row to the access log: `conversation` is exported in `archive` (a CaseArchive) for
    `reason` (a dict of columns). Raise PermissionDenied if the reviewer may not, or no longer, read
    the conversation: an export takes minutes."""
    reviewer = Person.objects.get(pk=request.user.pk)
    if not Conversation.objects.reviewable_by(reviewer).filter(pk=conversation.pk).exists():
        raise PermissionDenied
    record(
        request,
        Action.EXPORTED_CASE,
        conversation=conversation,
        detail=_detail(archive),
        **reason,
    )


def _detail(archive, **more):
    """Return the column `detail` (a dict) of a row of the access log about `archive` (a
    CaseArchive): the case's id and `more`."""
    return {"case": str(archive.id), **more}
