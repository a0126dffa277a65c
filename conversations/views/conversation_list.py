"""Lists of my conversations, and what I do with one besides talking."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from conversations import replies
from conversations.conversation_list import organize
from conversations.conversation_list.sidebar import MOST, PAGE, listing
from conversations.models import Conversation
from conversations.views.ownership import own_conversation, own_kept_or_trashed, person_required
from conversations.views.see_other import SeeOther


class TitleForm(forms.Form):
    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)

    def clean_title(self):
        return " ".join(self.cleaned_data["title"].split())


@person_required
@require_safe
def index(request):
    """My conversations from `?before=` on, newest activity first; for the script a piece of the
    list, which it puts behind the last one or, from the top, in place of what it shows."""
    length = request.GET.get("length", "")
    length = int(length) if length.isascii() and length.isdigit() and len(length) < 6 else PAGE
    shown = listing(request.user, request.GET.get("before", ""), min(max(length, 1), MOST))
    if request.fragment == "list":
        return render(request, "conversations/_list.html", {"listing": shown})
    return render(request, "conversations/list.html", {"piece": shown})


@person_required
@require_safe
def archive_page(request):
    """What I put away."""
    return _table(request, "conversations/archive.html", Conversation.objects.archived())


@person_required
@require_safe
def trash_page(request):
    """What I deleted, and when it will be gone."""
    return _table(request, "conversations/trash.html", Conversation.objects.trashed())


def _table(request, template, conversations):
    page = Paginator(conversations.of(request.user), PAGE).get_page(request.GET.get("page"))
    return render(request, template, {"page": page, "days": organize.TRASH_DAYS})


@person_required
@require_safe
def manage(request, conversation_id):
    """Everything that can be done with one conversation: a page, or a panel for the script."""
    return _manage_page(request, own_conversation(request, conversation_id))


def _manage_page(request, conversation, form=None, status=200):
    name = "conversations/_manage.html" if request.fragment else "conversations/manage.html"
    form = form or TitleForm(initial={"title": conversation.title})
    context = {"conversation": conversation, "form": form}
    return render(request, name, context, status=status)


@person_required
@require_POST
def rename(request, conversation_id):
    conversation = own_conversation(request, conversation_id)
    form = TitleForm(request.POST)
    if not form.is_valid():
        return _manage_page(request, conversation, form, status=422)
    organize.rename(conversation, form.cleaned_data["title"])
    return _done(request, conversation.get_absolute_url())


@person_required
@require_POST
def pin(request, conversation_id):
    """Pin it, or with `off` take the pin away."""
    conversation = own_conversation(request, conversation_id)
    if "off" in request.POST:
        organize.unpin(conversation)
    else:
        organize.pin(conversation)
    return _done(request, conversation.get_absolute_url())


@person_required
@require_POST
def archive(request, conversation_id):
    """Put it away, or with `off` take it back."""
    conversation = own_conversation(request, conversation_id)
    if "off" in request.POST:
        organize.unarchive(conversation)
        return _done(request, conversation.get_absolute_url())
    organize.archive(conversation)
    return _done(request, reverse("home"), _("Archived. It is still found by the search."))


@person_required
@require_POST
def trash(request, conversation_id):
    """Throw it away; a reply that is being written in it is stopped."""
    conversation = own_conversation(request, conversation_id)
    organize.trash(conversation)
    for response in conversation.responses.open():
        replies.stop(response)
    note = _("Deleted. It stays in the trash for %(days)d days.") % {"days": organize.TRASH_DAYS}
    return _done(request, reverse("home"), note, undo=reverse("restore", args=[conversation.pk]))


@person_required
@require_POST
def restore(request, conversation_id):
    """Take it out of the trash."""
    conversation = own_kept_or_trashed(request, conversation_id)
    organize.restore(conversation)
    return _done(request, conversation.get_absolute_url())


@person_required
@require_POST
def erase(request, conversation_id):
    """Delete for good what is in the trash; only from there."""
    conversation = own_kept_or_trashed(request, conversation_id)
    if conversation.trashed_at is None:
        return SeeOther(reverse("manage", args=[conversation.pk]))
    organize.erase(conversation)
    return _done(request, reverse("trash_page"), _("Deleted for good."))


@person_required
@require_http_methods(["GET", "HEAD", "POST"])
def empty_trash(request):
    """Delete for good all that is in my trash, after asking."""
    trashed = Conversation.objects.of(request.user).trashed()
    if request.method != "POST":
        return render(request, "conversations/empty_trash.html", {"count": trashed.count()})
    for conversation in trashed:
        organize.erase(conversation)
    return _done(request, reverse("trash_page"), _("The trash is empty."))


@person_required
@require_POST
def seen(request, conversation_id):
    """The shown page says that its person has seen what there is. Not a GET: browsers prefetch."""
    conversation = own_conversation(request, conversation_id)
    organize.mark_seen(conversation)
    if request.fragment:
        return HttpResponse(status=204)
    return SeeOther(conversation.get_absolute_url())


def _done(request, url, note="", undo=""):
    """Back to a page with a note on it; for the script the note alone."""
    if request.fragment:
        return render(request, "_note.html", {"text": note, "undo": undo})
    if note:
        messages.success(request, note, extra_tags=undo)
    return SeeOther(url)
