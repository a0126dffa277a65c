"""Views of single messages: copy the text of a message, and edit it."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from conversations.forms import EditForm
from conversations.views.attaching import attached
from conversations.views.ownership import own_message, person_required
from conversations.views.refusals import Refusal
from conversations.views.submitting import answer, refused_page, submit


@person_required
@require_safe
def text(request, message_id):
    """Return the text of a message as text/plain (Markdown), for the clipboard."""
    message = own_message(request, message_id)
    return HttpResponse(message.text, content_type="text/plain; charset=utf-8")


@person_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request, message_id):
    """Return the form to edit a person's message; 409 for an answer to a request for approval. POST
    stores the new text as a new message beside it in the tree, and begins a reply to that; the form
    is returned with 422 if it is not valid, or with the status of the refusal if the new message is
    not accepted."""
    message = own_message(request, message_id)
    conversation = message.conversation
    if message.is_answer:
        sentence = _(
            "An answer to a request cannot be changed. Retry the reply that asked, and the model "
            "may ask again."
        )
        return refused_page(request, message, sentence, 409)
    if request.method != "POST":
        form = EditForm(
            initial={"text": message.text},
            person=request.user,
            chosen=conversation.model,
            files=message.shown_files,
        )
        return _edit_page(request, message, form)
    files = attached(request, conversation=conversation, edited=message)
    form = EditForm(
        request.POST,
        person=request.user,
        chosen=conversation.model,
        tools=conversation.tools,
        effort=conversation.effort,
        length=conversation.max_output_tokens,
        files=files.files,
    )
    if not form.is_valid() or files.faults or files.returns:
        for fault in files.faults:
            form.add_error(None, fault)
        return _edit_page(request, message, form, status=files.status)
    taken = submit(request, form, edited=message, files=tuple(files.files))
    if isinstance(taken, Refusal):
        form.add_error(None, taken.sentence)
        return taken.mark(_edit_page(request, message, form, status=taken.status))
    return answer(request, taken)


def _edit_page(request, message, form, status=200):
    """Return the page with `form` (an EditForm) to edit `message` (a Message): as the fragment
    "edit" only the form, as "turn" only the form's errors. `status` is the HTTP status."""
    if request.fragment == "turn":
        return render(request, "conversations/_errors.html", {"form": form}, status=status)
    context = {"message": message, "conversation": message.conversation, "form": form}
    name = "conversations/edit.html"
    if request.fragment == "edit":
        name = "conversations/_edit.html"
    return render(request, name, context, status=status)
