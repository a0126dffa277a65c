"""Views of a Response while its reply is being written: the event stream, the status, and to stop
it."""

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.middleware.csrf import get_token
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from conversations import replies
from conversations.models import Response
from conversations.views.ownership import person_required
from conversations.views.see_other import SeeOther


@require_GET
def events(request, response_id):
    """Return the event stream (SSE) of a reply, for the JavaScript of the page: one event `reply`,
    then `block`s of HTML, then `done`. 401 without a login; 404 if it is not the person's; 429 or
    503 with the header Retry-After if too many streams are open."""
    if not request.user.is_authenticated:
        return HttpResponse(_("You are not logged in."), status=401, content_type="text/plain")
    try:
        events = replies.watch(_own(request, response_id), _viewer(request))
    except replies.TooManyStreams as error:
        return _too_many(error.is_share)
    stream = StreamingHttpResponse(events, content_type="text/event-stream; charset=utf-8")
    stream.headers["Cache-Control"] = "no-store, no-transform"
    # nginx holds back what it may buffer; measured: nothing arrived in three seconds.
    stream.headers["X-Accel-Buffering"] = "no"
    return stream


@person_required
@require_GET
def status(request, response_id):
    """Return the status of a Response as text/plain, like "in_progress". A hidden tab polls it,
    since it keeps no event stream open."""
    status = (
        Response.objects.of(request.user)
        .filter(pk=response_id)
        .values_list("status", flat=True)
        .first()
    )
    if status is None:
        raise Http404
    return HttpResponse(status, content_type="text/plain; charset=utf-8")


@person_required
@require_POST
def stop(request, response_id):
    """Stop a reply that is being written; the text so far is kept. Works whichever process or
    machine writes it. Redirects to the conversation, or returns 204 to the JavaScript."""
    response = (
        Response.objects.of(request.user)
        .select_related("conversation")
        .filter(pk=response_id)
        .first()
    )
    if response is None:
        raise Http404
    replies.stop(response)
    if request.fragment:
        return HttpResponse(status=204)
    return SeeOther(response.conversation.get_absolute_url())


def _own(request, response_id):
    """Return the Response with the id `response_id` if it is a reply in a conversation that
    `request.user` owns; else raise Http404. For a reply that this process is writing no query is
    made."""
    response = replies.watched_by(response_id, request.user.pk)
    if response is None:
        response = (
            Response.objects.of(request.user)
            .select_related("message", "conversation")
            .filter(pk=response_id, message__isnull=False)
            .first()
        )
    if response is None:
        raise Http404
    return response


def _viewer(request):
    """Return the replies.Viewer of the request: person, session, language, time zone, CSRF token,
    and whether the person may change the language models."""
    return replies.Viewer(
        person_id=request.user.pk,
        session_key=request.session.session_key,
        language=get_language(),
        zone=timezone.get_current_timezone_name(),
        csrf_token=get_token(request),
        administers_models=request.user.administers_models,
    )


def _too_many(is_share):
    """Return the response for one event stream too many: 429 if the person has too many open
    (`is_share`), 503 if the server has."""
    if is_share:
        sentence = _("You have many replies open at the same time. Close some of their tabs.")
    else:
        sentence = _("The server has as many open streams as it can serve.")
    again = _("Try again in a few seconds.")  # gettext does not look into f-strings
    response = HttpResponse(
        f"{sentence} {again}",
        status=429 if is_share else 503,
        content_type="text/plain; charset=utf-8",
    )
    response.headers["Retry-After"] = "5"
    # The next try comes by another connection, which a process that has room may take.
    response.headers["Connection"] = "close"
    return response
