"""Views of files in messages: upload a file, show it, its small picture, and the text that a model
reads of it.

A file is looked up through a conversation that the person may read, never by its id alone.
"""

from django.http import FileResponse, Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from conversations.files import draft_files, intake, names, sentences, storage
from conversations.files.refused import FileRefused
from conversations.models import Attachment
from conversations.thread.page import as_uuid
from conversations.views.long_work import long_work
from conversations.views.ownership import own_conversation, person_required
from conversations.views.see_other import SeeOther

BLOCK = 1 << 18  # bytes that are sent at a time
# A page that shows the file itself can run nothing, and is a page of no site.
POLICY = "default-src 'none'; sandbox"
# The browser may keep a picture, for it never changes; but not for another login.
KEPT = "private, max-age=86400, immutable"
STATUSES = {
    **{"too_large_file": 413, "disk_full": 503, "site_full": 503, "busy": 503},
    **{"not_stored": 503, "account_gone": 409, "conversation_gone": 409},
}


@long_work
@person_required
@require_POST
def upload(request):
    """Store the uploaded file `file` of the POST data as a draft: a file that the person has not
    sent yet. `conversation` in the POST data is the id of the conversation it is for (missing: a
    new one); 404 if that is not the person's.

    Return 201 with its id and properties as JSON or, as the fragment "file", the HTML of its entry
    in the composer's list. If it is refused: 422 with a sentence (413: too large; 503: no room, or
    too busy; 409: account or conversation deleted meanwhile).
    """
    sent = request.FILES.get("file")
    conversation = None
    if request.POST.get("conversation"):
        conversation_id = as_uuid(request.POST["conversation"])
        if conversation_id is None:
            raise Http404
        conversation = own_conversation(request, conversation_id)
    if sent is None:
        return _refused(request, "empty", "")
    try:
        attachment = intake.take(request.user, sent, conversation=conversation)
    except FileRefused as refused:
        return _refused(request, refused.code, names.clean(sent.name))
    if request.fragment:
        response = render(request, "files/_unsent.html", {"file": attachment}, status=201)
    else:
        response = JsonResponse(_described(attachment), status=201)
    response.headers["Location"] = attachment.get_absolute_url()
    return response


def _refused(request, code, name):
    """Return the HTTP response for a refused file called `name`; `code` is the word for the cause,
    as in FileRefused.code. It is JSON with the sentence or, for the page's JavaScript (a fragment),
    the sentence as HTML without the name."""
    status = STATUSES.get(code, 422)
    if request.fragment:
        context = {"sentence": sentences.refusal(code)}
        return render(request, "conversations/_refusal.html", context, status=status)
    return JsonResponse({"error": sentences.refusal(code, name), "code": code}, status=status)


def _described(attachment):
    """Return the properties of an Attachment as a dict for JSON: id, name, type, sizes, state, URLs
    and a note."""
    fields = ("name", "media_type", "size", "sha256", "width", "height", "pages", "state")
    return {
        "id": str(attachment.pk),
        **{name: getattr(attachment, name) for name in fields},
        "url": attachment.get_absolute_url(),
        "small": reverse("small_file", args=[attachment.pk]) if attachment.is_picture else None,
        "note": sentences.state(attachment) or sentences.reading(attachment),
    }


@person_required
@require_safe
def file(request, file_id):
    """Return the bytes of the person's file `file_id`: a picture to be shown, anything else as a
    download. 404 for files of others."""
    return serve(own_file(request, file_id))


@person_required
@require_safe
def small(request, file_id):
    """Return the small copy of the person's picture `file_id`; 404 for other files."""
    return serve_small(own_file(request, file_id))


@person_required
@require_safe
def text(request, file_id):
    """Return the page with the text that a model reads of the person's document `file_id`; 404 for
    a picture."""
    attachment = own_file(request, file_id)
    return show_text(request, attachment, attachment.get_absolute_url())


@person_required
@require_POST
def remove(request, file_id):
    """Delete the person's file `file_id`, which must not be sent yet, with its bytes. Redirect to
    its conversation (or the start page), or return 204 to the page's JavaScript. 404 for a file
    that was sent."""
    found = draft_files.find(request.user, [file_id])
    if not found:
        raise Http404
    draft_files.remove(found)
    if request.fragment:
        return HttpResponse(status=204)
    conversation = found[0].conversation
    return SeeOther(conversation.get_absolute_url() if conversation else reverse("home"))


def own_file(request, file_id):
    """Return the Attachment with the id `file_id` if it is in a conversation of `request.user` that
    is not in the trash, or a file that they have not sent yet. Raise Http404 if not, and for one
    that is not ready to be shown, such as one that failed the virus check."""
    return _shown(Attachment.objects.readable_by(request.user), file_id)


def file_of(conversation, file_id):
    """Return the Attachment with the id `file_id` if it is in a message of `conversation`, for a
    reviewer whose right to read that was checked before; else raise Http404. Finds also files that
    are deleted for their owner and kept by a legal hold."""
    sent = Attachment.with_hidden.filter(conversation=conversation, message__isnull=False)
    return _shown(sent, file_id)


def _shown(attachments, file_id):
    """Return the Attachment with the id `file_id` of the queryset `attachments` if its state is
    READY and its bytes are stored; else raise Http404."""
    ready = attachments.filter(state=Attachment.State.READY, stored__isnull=False)
    found = ready.select_related("stored").defer("text").filter(pk=file_id).first()
    if found is None:
        raise Http404
    return found


def serve(attachment):
    """Return the HTTP response with the bytes of `attachment` (an Attachment): a picture inline,
    anything else as a download. Raise Http404 if the bytes are missing."""
    return _stream(attachment, attachment.stored.name, attachment.size)


def serve_small(attachment):
    """Return the HTTP response with the small picture of `attachment` (an Attachment); raise
    Http404 if it has none."""
    if not attachment.stored.small:
        raise Http404
    return _stream(attachment, attachment.stored.small_name, attachment.stored.small)


def show_text(request, attachment, url):
    """Return the page with the text that a model reads of `attachment`, a document; `url` is the
    address of its download. Raise Http404 for a picture."""
    if attachment.is_picture:
        raise Http404
    context = {"file": attachment, "url": url, "note": sentences.reading(attachment)}
    return render(request, "files/text.html", context)


def _stream(attachment, name, size):
    """Return the HTTP response that streams the `size` bytes stored under `name` in the file
    storage, as the content of `attachment`. Raise Http404 if they are missing."""
    try:
        opened = storage.open_stored(name)
    except OSError:
        raise Http404 from None
    response = FileBlocks(
        opened,
        as_attachment=not attachment.is_picture,
        filename=attachment.name,
        content_type=attachment.media_type,
    )
    response.headers["Content-Length"] = str(size)
    # A part of a file cannot be asked for: they are small, and a browser need not try.
    response.headers["Accept-Ranges"] = "none"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = KEPT if attachment.is_picture else "private, no-store"
    response.headers["Vary"] = "Cookie"
    return response


class FileBlocks(FileResponse):
    """FileResponse that reads BLOCK bytes at a time: larger blocks than Django's, since each costs
    a change of thread."""

    block_size = BLOCK
