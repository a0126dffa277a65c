"""Views that export conversations under review as a case: one, or a selection of the queue."""

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
from conversations.review.record_access import record
from conversations.views.long_work import long_work
from conversations.views.review import Visit, reviewer_required

Action = ReviewAccess.Action
MOST = 500  # conversations of one case


class ExportForm(ReasonForm):
    """The form that asks for the reason of an export; it is given for this export only."""

    remember = None


@long_work
@reviewer_required
@require_http_methods(["GET", "HEAD", "POST"])
def export(request, conversation_id):
    """Return the page that asks why a conversation is exported; POST answers with the zip of the
    case. Asks for a recent login."""
    require_recent_login(request)
    visit = Visit.to(request, conversation_id)
    return _page(request, [visit.conversation.pk], visit.here, sitting=visit.sitting)


@long_work
@reviewer_required
@require_http_methods(["GET", "HEAD", "POST"])
def export_selection(request):
    """Return the page that asks why the conversations of the queue, with the filters in the query,
    are exported, at most MOST of them; POST answers with the zip. Asks for a recent login."""
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
    """Return the page with the ExportForm for the conversations `ids`, or, for a POST with a valid
    one, the zip. `back` is the URL to go back to; the form begins with the reason of `sitting` (a
    ReviewSitting, or None); `more` is further context of the page."""
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
    """Return the zip of a case, streamed. The first conversation is recorded before the response
    begins, so that a case which cannot be recorded is refused as a whole."""
    reason = {"reason": given["reason"], "explanation": given["explanation"]}

    def record_reading(conversation):
        if conversation.pk != ids[0]:
            _record(request, archive, conversation, reason)

    def record_end(digest):
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
    """Append to the access log that `conversation` is exported in the case of `archive`. Raise
    PermissionDenied if the reviewer may not read it, or not any more: an export takes minutes."""
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
    """Return the `detail` of a row of the access log about the case of `archive`."""
    return {"case": str(archive.id), **more}
