"""Views of the conversation page: show a conversation, and send a message in it; also /robots.txt
and the error page for a request that is too large."""

from functools import partial

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import Http404, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods

from conversations import replies
from conversations.files import draft_files
from conversations.files.sizes import in_words as size_in_words
from conversations.forms import MessageForm, wants_temporary
from conversations.keeping.retention import span_of
from conversations.keeping.temporary import policy_of
from conversations.models import Conversation, Message, TemporaryPolicy
from conversations.replies import queued_message
from conversations.replies.refused import QueueFull
from conversations.search import parse
from conversations.search.mark_html import mark_html
from conversations.thread.message_tree import MessageTree
from conversations.thread.page import as_uuid, thread
from conversations.views.attaching import attached
from conversations.views.early_headers import draw_early
from conversations.views.ownership import own_kept_or_trashed, person_required
from conversations.views.refusals import Refusal, refusal_of
from conversations.views.see_other import SeeOther
from conversations.views.submitting import answer, submit

QUEUED = ("text", "submission", "model", "effort", "length", "tools")


@person_required
@require_http_methods(["GET", "HEAD", "POST"])
def home(request):
    """Return the page of a new conversation; POST sends its first message. `?temporary=1` makes it
    a temporary one."""
    if request.method == "POST":
        return send(request, None)
    return _page(request, None, MessageForm(person=request.user, chosen=_last_model(request)))


def _last_model(request):
    """Return the name of the model that the person used last ("" if none), as a lazy object that is
    queried only when it is read."""
    mine = Conversation.objects.of(request.user).exclude(model="").order_by("-updated_at", "-id")
    return SimpleLazyObject(lambda: mine.values_list("model", flat=True).first() or "")


@person_required
@require_http_methods(["GET", "HEAD", "POST"])
def conversation(request, conversation_id):
    """Return the page of one conversation; POST sends a message in it. If the conversation is in
    the trash, the page says only that, and a POST gives 404. As the fragment "thread" the response
    is empty (204) if the page that asks for it is up to date.

    `?at=` is the id of a message whose branch is shown, `?before=` that of a message above which
    the page ends, `?q=` are words to highlight. `?still` keeps a page without JavaScript from
    refreshing, so that one can type while a reply is being written.
    """
    conversation = own_kept_or_trashed(request, conversation_id)
    if conversation.trashed_at is not None:
        if request.method == "POST":
            raise Http404
        return render(request, "conversations/trashed.html", {"conversation": conversation})
    if request.method == "POST":
        return send(request, conversation)
    if request.fragment == "thread" and _is_as_shown(request, conversation):
        return HttpResponse(status=204)
    form = MessageForm(
        initial={"effort": conversation.effort, "length": conversation.max_output_tokens},
        person=request.user,
        chosen=conversation.model,
        tools=conversation.tools,
    )
    return _page(request, conversation, form)


def _is_as_shown(request, conversation):
    """Return True if what the browser shows is up to date: the branch of `conversation` through the
    message with the id `?at=` (without it, the active branch) still ends with the message with the
    id `?leaf=`."""
    leaf, at = as_uuid(request.GET.get("leaf")), as_uuid(request.GET.get("at"))
    path = MessageTree(conversation).path_through(at, conversation.active_id)
    return leaf is not None and path[-1:] == [leaf]


def send(request, conversation):
    """Submit the message in the POST data to `conversation` (a Conversation; None: a new one).
    Return a redirect to the conversation or, as the fragment "turn", the HTML of the message and
    its reply (201).

    A message that is refused is returned in the form, with the reason (422 or the status of the
    refusal). With `queue` in the POST data, a message sent while a reply is being written is
    queued.
    """
    chosen = conversation.model if conversation else _last_model(request)
    files = attached(request, conversation=conversation)
    form = MessageForm(
        request.POST,
        person=request.user,
        chosen=chosen,
        tools=conversation and conversation.tools,
        files=files.files,
    )
    if not form.is_valid() or files.faults or files.returns:
        for fault in files.faults:
            form.add_error(None, fault)
        return _page(request, conversation, form, status=files.status)
    parent = _parent(request, conversation)
    taken = submit(
        request,
        form,
        conversation=conversation,
        parent=parent,
        files=tuple(files.files),
        temporary=wants_temporary(request),
    )
    if not isinstance(taken, Refusal):
        return answer(request, taken)
    if taken.code == "busy" and conversation is not None and request.POST.get("queue"):
        try:
            return _queue(request, conversation, form.cleaned_data, files.files)
        except QueueFull as refused:
            taken = refusal_of(refused)
    form.add_error(None, taken.sentence)
    return taken.mark(_page(request, conversation, form, status=taken.status))


def _queue(request, conversation, message, files):
    """Queue a message until the reply that is being written has ended. `message` is the cleaned
    data of a MessageForm, `files` a list of its Attachments. Return a redirect to the conversation
    or, as the fragment "turn", 202 with the HTML that shows the queued message. Raise QueueFull if
    there is no room for it beside what is queued already."""
    queued = queued_message.put(
        conversation, files=files, **{name: message[name] for name in QUEUED}
    )
    if request.fragment != "turn":
        return SeeOther(conversation.get_absolute_url())
    context = {"queued": queued, "writing": True}
    return render(request, "conversations/_queued.html", context, status=202)


def _parent(request, conversation):
    """Return the Message that the new message is to follow: the one with the id `parent` in the
    POST data. None if `conversation` (None: a new one) has no such message, or if the new message
    may be queued: it then follows the newest one."""
    parent = as_uuid(request.POST.get("parent"))
    if conversation is None or parent is None or request.POST.get("queue"):
        return None
    return Message.objects.filter(conversation=conversation, pk=parent).first()


def _page(request, conversation, form, status=200):
    """Return the conversation page with `form` (a MessageForm), or, as the fragment "turn", only
    the errors of the form. `conversation` is None for a new one; `status` is the HTTP status."""
    if request.fragment == "turn":
        return render(request, "conversations/_errors.html", {"form": form}, status=status)
    context = {"conversation": conversation, "form": form, "limit": settings.MAX_MESSAGE}
    # What was uploaded and not sent is there again after a reload.
    context["files"] = (
        form.files_kept if form.is_bound else draft_files.unsent(request.user, conversation)
    )
    if conversation is None or conversation.temporary:
        context["temporary"] = _temporary(request, conversation)
    # Without JavaScript a page reloads itself while a reply is written, which would lose what was
    # typed in it: so it has either a field to type in or a refresh.
    context["still"] = form.is_bound or "still" in request.GET
    # Evaluated once: Django's own csrf_token is lazy, which is slow for two hundred forms.
    context["csrf_token"] = get_token(request)
    at, before = as_uuid(request.GET.get("at")), as_uuid(request.GET.get("before"))
    phrases = parse(request.GET.get("q", ""))

    def draw():
        """Return the HTML of the page. Raise Http404 if the message named in the URL is not in the
        conversation."""
        if conversation is not None:
            try:
                context["thread"] = thread(conversation, at, before)
            except Message.DoesNotExist:
                raise Http404 from None
            replies.fill_in(context["thread"].pending)
            if phrases:
                _mark(context["thread"].messages, phrases)
        return render_to_string("conversations/conversation.html", context, request)

    # A message named in the URL may not exist, so the status is known only after rendering.
    is_there = status == 200 and not (at or before)
    page = draw_early(request, draw) if is_there else HttpResponse(draw(), status=status)
    # Preloaded by a header: the browser fetches the stylesheet before it parses any HTML.
    page.headers["Link"] = f"<{static('conversations/css/app.css')}>; rel=preload; as=style"
    # Own conversations are fetched when pointed at: links of the sidebar, never those in messages,
    # never /review/. It works in spite of `no-store`; the server sees only the prefetch, so a GET
    # may not mean "seen".
    page.headers["Speculation-Rules"] = f'"{static("conversations/sidebar.speculationrules")}"'
    return page


def _temporary(request, conversation):
    """Return the template context (a dict) about temporary conversations for `conversation` (None:
    a new one): whether they are offered, chosen, enforced, asked for by the URL, and `days`, after
    how many they are deleted."""
    policy = policy_of(request.user) if conversation is None else None
    is_enforced = policy == TemporaryPolicy.Policy.ENFORCED
    return {
        "is_offered": policy != TemporaryPolicy.Policy.FORBIDDEN,
        "is_chosen": is_enforced or wants_temporary(request),
        "is_enforced": is_enforced,
        "is_asked": conversation is None and "temporary" in request.GET,
        "days": SimpleLazyObject(lambda: span_of(request.user, temporary=True).days),
    }


def _mark(messages, phrases):
    """Highlight `phrases` (a parsed search query) in the HTML of `messages` (a list of Message),
    except replies that are being written: set `live_html`, the highlighted HTML of the text, and
    `mark`, a function that highlights other HTML of the message."""
    for message in messages:
        if not message.is_pending:
            message.mark = partial(mark_html, phrases=phrases)
            message.live_html = mark_safe(message.mark(message.html))  # noqa: S308 (ours)


def too_large(request):
    """Return the error page 413 for a request whose body was larger than MAX_BODY or, with files,
    than its path accepts; `chatsite/body_limit.py` did not keep the body."""
    # Answered before the language is chosen for the request.
    with translation.override(translation.get_language_from_request(request)):
        is_import = request.path == reverse("data")
        is_multipart = request.content_type == "multipart/form-data"
        context = {
            "limit": intcomma(settings.MAX_IMPORT if is_import else settings.MAX_BODY),
            "is_file": is_import,
            "has_files": is_multipart and not is_import,
            "most_file": size_in_words(settings.MAX_FILE),
            "most_files": settings.FILES_PER_MESSAGE,
            # The file is within the limit, but nobody is logged in, or it did not arrive whole.
            "is_within": request.scope.get("chatsite.may_be_larger", False),
        }
        return render(request, "413.html", context, status=413)


def robots(request):
    """Return `/robots.txt`, which tells search engines not to index anything."""
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")
