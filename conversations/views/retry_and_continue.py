"""Views of replies: retry, which asks for another reply to the same message, and continue, which
asks for more of a reply that was cut off."""

from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from conversations.forms import RetryForm
from conversations.views.ownership import own_message, person_required
from conversations.views.refusals import Refusal
from conversations.views.submitting import answer, refused_page, submit


@person_required
@require_http_methods(["GET", "HEAD", "POST"])
def retry(request, message_id):
    """Ask for another reply to the message that the reply `message_id` answers, from the same model
    or another one; the earlier reply stays. With `without_files` in the POST data no file is sent
    to the model. GET returns the list of models to choose from, as a page or the fragment
    "models"."""
    message = own_message(request, message_id)
    if request.method != "POST":
        form = RetryForm(person=request.user)
        context = {"message": message, "conversation": message.conversation, "models": form.models}
        name = "conversations/retry_with.html"
        if request.fragment == "models":
            name = "conversations/_retry_with.html"
        return render(request, name, context)
    return _another_reply(
        request, message, retried=message, with_files="without_files" not in request.POST
    )


@person_required
@require_POST
def continue_reply(request, message_id):
    """Ask for the rest of the reply `message_id`, which was cut off, by sending the message
    "Continue." after it."""
    message = own_message(request, message_id)
    return _another_reply(request, message, continued=message, text=_("Continue."))


def _another_reply(request, message, **wanted):
    """Submit the RetryForm in the POST data. `message` (a Message) is the reply to be retried or
    continued, which `wanted`, further fields of the replies.Submission, say. Return the HTTP
    response: the new reply, or the page that says why none was started."""
    conversation = message.conversation
    form = RetryForm(
        request.POST,
        person=request.user,
        chosen=conversation.model,
        tools=conversation.tools,
        effort=conversation.effort,
        length=conversation.max_output_tokens,
    )
    if not form.is_valid():
        return refused_page(request, message, form.first_error, 422)
    taken = submit(request, form, **wanted)
    if isinstance(taken, Refusal):
        return taken.mark(refused_page(request, message, taken.sentence, taken.status))
    return answer(request, taken)
