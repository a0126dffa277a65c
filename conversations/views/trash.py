"""Views of the trash: show it, and move conversations there, restore them, or delete them for
good."""

from django.core.paginator import Paginator
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from conversations import replies
from conversations.conversation_list import trash as trashing
from conversations.conversation_list.sidebar import PAGE
from conversations.jobs import run_briefly
from conversations.jobs.erase_work import order_emptying, order_erasing
from conversations.models import Conversation, Job
from conversations.views.ownership import own_conversation, own_kept_or_trashed, person_required
from conversations.views.see_other import SeeOther, see_other_with_note

# Processor time that an erasure may take within the request; the rest runs in the background.
AT_ONCE_SECONDS = 0.5


@person_required
@require_safe
def trash_page(request):
    """Return the page of the person's conversations in the trash, with the date on which each will
    be deleted for good."""
    trashed = Conversation.objects.of(request.user).trashed()
    page = Paginator(trashed, PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "days": trashing.TRASH_DAYS}
    return render(request, "conversations/trash.html", context)


@person_required
@require_POST
def trash(request, conversation_id):
    """Move a conversation to the trash, and stop a reply that is being written in it. Redirects to
    the start page with an Undo button. A temporary one is deleted for good at once."""
    conversation = own_conversation(request, conversation_id)
    trashing.trash(conversation)
    for response in conversation.responses.open():
        replies.stop(response)
    if conversation.temporary:
        run_briefly(order_erasing(conversation), AT_ONCE_SECONDS)
        return see_other_with_note(request, reverse("home"), _("Deleted for good."))
    note = _("Deleted. It stays in the trash for %(days)d days.") % {"days": trashing.TRASH_DAYS}
    return see_other_with_note(
        request, reverse("home"), note, undo=reverse("restore", args=[conversation.pk])
    )


@person_required
@require_POST
def restore(request, conversation_id):
    """Move a conversation out of the trash and redirect to it."""
    conversation = own_kept_or_trashed(request, conversation_id)
    trashing.restore(conversation)
    return see_other_with_note(request, conversation.get_absolute_url())


@person_required
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request, conversation_id):
    """Delete a conversation in the trash for good; GET asks for confirmation. If the conversation
    is not in the trash, redirect to its page of actions."""
    conversation = own_kept_or_trashed(request, conversation_id)
    if conversation.trashed_at is None:
        return SeeOther(reverse("manage", args=[conversation.pk]))
    if request.method != "POST":
        return render(request, "conversations/erase.html", {"conversation": conversation})
    return _done_or_under_way(request, order_erasing(conversation), _("Deleted for good."))


@person_required
@require_http_methods(["GET", "HEAD", "POST"])
def empty_trash(request):
    """Delete all conversations in the person's trash for good; GET asks for confirmation."""
    trashed = Conversation.objects.of(request.user).trashed()
    if request.method != "POST":
        return render(request, "conversations/empty_trash.html", {"count": trashed.count()})
    return _done_or_under_way(request, order_emptying(request.user), _("The trash is empty."))


def _done_or_under_way(request, job, note):
    """Run `job` (a Job) for AT_ONCE_SECONDS of processor time. Redirect to the trash with the
    sentence `note` if it is done then, else to the page of the job, which continues in the
    background."""
    job = run_briefly(job, AT_ONCE_SECONDS)
    if job.state == Job.State.DONE:
        return see_other_with_note(request, reverse("trash_page"), note)
    return SeeOther(reverse("job", args=[job.pk]))
