"""Views of the list of a person's conversations, and of renaming, pinning and archiving one."""

from datetime import timedelta
from urllib.parse import urlsplit

from django import forms
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from conversations.conversation_list import organize
from conversations.conversation_list.sidebar import MOST, PAGE, listing
from conversations.keeping.retention import deleted_on
from conversations.models import Conversation
from conversations.views.ownership import own_conversation, own_listed, person_required
from conversations.views.see_other import SeeOther, see_other_with_note


class TitleForm(forms.Form):
    """Form to change the title of a conversation."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)

    def clean_title(self):
        """Return the title with each run of white space replaced by one space."""
        return " ".join(self.cleaned_data["title"].split())


@person_required
@require_safe
def index(request):
    """Return the page of the person's conversations, newest activity first: `?length=` of them (1
    to MOST), after the position `?before=` (a cursor from the page before). As the fragment "list"
    it is only the rows, which the JavaScript adds to the sidebar or puts in place of its rows."""
    length = request.GET.get("length", "")
    length = int(length) if length.isascii() and length.isdigit() and len(length) < 6 else PAGE
    shown = listing(request.user, request.GET.get("before", ""), min(max(length, 1), MOST))
    if request.fragment == "list":
        return render(request, "conversations/_list.html", {"listing": shown})
    return render(request, "conversations/list.html", {"piece": shown})


@person_required
@require_safe
def sidebar(request):
    """Hide the sidebar (`?hidden=1`) or show it, by a cookie, and redirect to the page that the
    request came from, else to the start page. A GET, since it changes nothing on the server."""
    back = urlsplit(request.headers.get("Referer", "")).path
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    page = SeeOther(back if is_ours else reverse("home"))
    state = "hidden" if request.GET.get("hidden") else ""
    page.set_cookie("sidebar", state, max_age=timedelta(days=365), samesite="Lax")
    return page


@person_required
@require_safe
def archive_page(request):
    """Return the page of the person's archived conversations, page `?page=` of the list."""
    archived = Conversation.objects.of(request.user).archived()
    page = Paginator(archived, PAGE).get_page(request.GET.get("page"))
    return render(request, "conversations/archive.html", {"page": page})


@person_required
@require_safe
def pinned_page(request):
    """Return the page of the person's pinned conversations, page `?page=` of the list; the sidebar
    has only the last pinned ones."""
    pinned = Conversation.objects.of(request.user).pinned()
    page = Paginator(pinned, PAGE).get_page(request.GET.get("page"))
    return render(request, "conversations/pinned.html", {"page": page})


@person_required
@require_safe
def manage(request, conversation_id):
    """Return the page with all actions on a conversation; for the JavaScript (as a fragment) only
    the panel with them."""
    return _manage_page(request, own_conversation(request, conversation_id))


def _manage_page(request, conversation, form=None, status=200):
    """Return the page, or the fragment, with all actions on `conversation`. `form` is the TitleForm
    to show (None: a new one), `status` the HTTP status."""
    name = "conversations/_manage.html" if request.fragment else "conversations/manage.html"
    form = form or TitleForm(initial={"title": conversation.title})
    due = deleted_on(conversation, request.user)
    context = {
        "conversation": conversation,
        "form": form,
        # What is due already goes with the next run.
        "deleted_on": due and max(due, timezone.now()),
    }
    return render(request, name, context, status=status)


@person_required
@require_POST
def rename(request, conversation_id):
    """Set the title of a conversation and redirect to it; 422 with the form if the title is not
    valid."""
    conversation = own_conversation(request, conversation_id)
    form = TitleForm(request.POST)
    if not form.is_valid():
        return _manage_page(request, conversation, form, status=422)
    organize.rename(conversation, form.cleaned_data["title"])
    return see_other_with_note(request, conversation.get_absolute_url())


@person_required
@require_POST
def pin(request, conversation_id):
    """Pin a conversation to the top of the list, or unpin it if `off` is among the POST data;
    redirect to it. 404 for a temporary one."""
    conversation = own_listed(request, conversation_id)
    organize.pin(conversation, pinned="off" not in request.POST)
    return see_other_with_note(request, conversation.get_absolute_url())


@person_required
@require_POST
def archive(request, conversation_id):
    """Archive a conversation, or put it back into the list if `off` is among the POST data.
    Redirects to the start page with an Undo button, or to the conversation that was put back. 404
    for a temporary one."""
    conversation = own_listed(request, conversation_id)
    archived = "off" not in request.POST
    organize.archive(conversation, archived)
    if not archived:
        return see_other_with_note(request, conversation.get_absolute_url())
    note = _("Archived. It is still found by the search.")
    return see_other_with_note(request, reverse("home"), note, undo=request.path)


@person_required
@require_POST
def seen(request, conversation_id):
    """Mark the newest reply of a conversation as seen: the page that shows it sends this request. A
    POST, since browsers prefetch pages by GET. Redirects to the conversation, or returns 204 to the
    JavaScript."""
    conversation = own_conversation(request, conversation_id)
    organize.mark_seen(conversation)
    if request.fragment:
        return HttpResponse(status=204)
    return SeeOther(conversation.get_absolute_url())
