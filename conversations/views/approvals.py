"""View of approvals: a person allows or refuses the uses of tools that a reply requests."""

import uuid

from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from conversations.forms import RetryForm
from conversations.items import approvals
from conversations.rendering.isolated_text import isolated
from conversations.replies.refused import Busy
from conversations.thread.approvals import open_requests
from conversations.thread.message_tree import place_of
from conversations.views.ownership import own_message, person_required
from conversations.views.refusals import Refusal, refusal_of
from conversations.views.see_other import SeeOther
from conversations.views.submitting import answer, refused_page, submit

ALLOW, REFUSE = "allow", "refuse"


@person_required
@require_http_methods(["GET", "HEAD", "POST"])
def approval(request, message_id):
    """Answer all requests for approval in the reply `message_id` at once: the answer is stored as a
    message of the person, and a reply to it is begun, from the model that asked and with the same
    effort and length.

    `answer` in the POST data is "allow" or "refuse". If there are several requests, "allow" allows
    those whose ids are the values of `allow`, and refuses the others. The same answer again starts
    nothing new. A different one is refused, and so is an answer to a reply that another message
    follows. Return the HTTP response of `submitting.answer`, or the page that says why the answer
    was not taken. GET, as after a login that interrupted the answer, redirects to the reply.
    """
    message = own_message(request, message_id, also_trashed=True)
    if request.method != "POST":
        return SeeOther(f"{message.conversation.get_absolute_url()}?at={message.pk}#m-{message.pk}")
    if message.conversation.trashed_at is not None:
        sentence = _("This conversation is in the trash. Restore it first, then answer.")
        return refused_page(request, message, sentence, 409)
    if message.is_pending:
        return _refused(request, message, refusal_of(Busy()))
    # Whether another message follows it is for the transaction that stores the answer to say.
    message.is_followed = False
    requests = open_requests(message)
    if not requests:
        sentence = _("Nothing is asked here that could be answered. Reload the page.")
        return refused_page(request, message, sentence, 409)
    allowed, fault = _decision(request.POST, requests)
    if fault:
        return refused_page(request, message, fault, 422)
    form = _form(request, message)
    if not form.is_valid():
        sentence = _(
            "The model “%(name)s”, which asks this, is not available any more. Nothing was sent: "
            "write a message to go on with another model."
        ) % {"name": isolated(message.own_response.model)}
        return refused_page(request, message, sentence, 422)
    given = tuple(approvals.answers(requests, allowed))
    taken = submit(request, form, answered=message, answers=given)
    if isinstance(taken, Refusal):
        return _refused(request, message, taken)
    message.is_followed = True
    message.place = place_of(message)
    return answer(request, taken, above=message, models=form.models)


def _decision(posted, requests):
    """Return `(allowed, fault)` for the POST data `posted`: the set of ids of the requests that are
    allowed, and the sentence that says what is missing in the answer ("": nothing). `requests` are
    the reply's requests for approval, a list of items (dicts)."""
    ids = {item["id"] for item in requests}
    decision = posted.get("answer")
    if decision not in (ALLOW, REFUSE):
        return set(), _("Press Allow or Refuse.")
    if decision == REFUSE:
        return set(), ""
    allowed = ids & set(posted.getlist("allow")) if len(ids) > 1 else ids
    if not allowed:
        return set(), _("Nothing was ticked. Tick what you allow, or press Refuse.")
    return allowed, ""


def _form(request, message):
    """Return the bound RetryForm for the reply to the person's answer. `message` is the Message
    that asks for approval.

    Its submission id is derived from the id of `message` (UUID version 5), so that the database
    stores only one answer; model, effort and length are those of `message`.
    """
    response = message.own_response
    parameters = response.request.get("parameters") or {}
    asked = {
        "submission": uuid.uuid5(message.pk, "approval"),
        "model": response.model,
        "effort": (parameters.get("reasoning") or {}).get("effort", ""),
        "length": parameters.get("max_output_tokens"),
    }
    return RetryForm(asked, person=request.user, tools=message.conversation.tools)


def _refused(request, message, refusal):
    """Return the page, or the fragment, that says why the answer to the reply `message` (a Message)
    was not taken, with sentence, status and Retry-After of the Refusal `refusal`."""
    return refusal.mark(refused_page(request, message, refusal.sentence, refusal.status))
