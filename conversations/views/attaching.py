"""Files of a submitted form that sends, edits or queues a message: takes in new uploads, and finds
those kept and removed."""

from dataclasses import dataclass, field

from django.conf import settings

from conversations.files import draft_files, intake, names, sentences
from conversations.files.refused import FileRefused
from conversations.models import Message, QueuedMessage
from conversations.rendering.isolated_text import isolated
from conversations.thread.page import as_uuid


@dataclass
class Attached:
    """Result of the files in a submitted form. `files` is the list of accepted Attachments in their
    order; `faults` is a list of sentences about files that were refused or may not be sent (yet).
    If `returns` is True the form only asked to change its files: it is shown again, and nothing is
    sent."""

    files: list = field(default_factory=list)
    faults: list = field(default_factory=list)
    returns: bool = False

    @property
    def status(self):
        """Return the HTTP status for showing the form again because of its files: 200 if it only
        asked to change them and nothing is wrong, else 422."""
        return 422 if self.faults or not self.returns else 200


def attached(request, *, conversation=None, edited=None, queued=None):
    """Store the new uploads in the POST data of a message form for `conversation` (None: a new one)
    as drafts, delete the files to be removed, and return the rest as an Attached. `edited` is the
    Message being edited, `queued` the QueuedMessage being changed; their files may be kept (None:
    neither). For a form that was sent before, the files are those of the message that was stored
    then.

    Fields of the form: `attachments`, ids of files uploaded before; `remove`, ids of those to
    delete; `files` and `camera`, new uploads; `pages`, the id of a scanned PDF to be replaced by
    pictures of its pages.
    """
    ids, removed = request.POST.getlist("attachments"), set(request.POST.getlist("remove"))
    found = draft_files.find(request.user, ids, edited=edited, queued=queued)
    kept = Attached([each for each in found if str(each.pk) not in removed])
    draft_files.remove([each for each in found if str(each.pk) in removed])
    missing = len(set(ids) - removed) - len(kept.files)
    sent = [*request.FILES.getlist("files"), *request.FILES.getlist("camera")]
    uploads = [each for each in sent if each.name]
    if (missing > 0 or uploads) and (stored := _stored_before(request)) is not None:
        # The same form, sent twice: what was stored then is the answer.
        return Attached(stored)
    if missing > 0:
        kept.faults.append(sentences.refusal("gone"))
    for upload in uploads:
        name = names.clean(upload.name)
        try:
            if len(kept.files) >= settings.FILES_PER_MESSAGE:
                raise FileRefused("too_many")
            kept.files.append(intake.take(request.user, upload, conversation=conversation))
        except FileRefused as refused:
            kept.faults.append(sentences.refusal(refused.code, name))
    scanned = next((each for each in kept.files if str(each.pk) == request.POST.get("pages")), None)
    if scanned is not None:
        kept.returns = True
        kept.faults += _add_pages(request, kept.files, scanned, conversation)
    if len(kept.files) > settings.FILES_PER_MESSAGE:
        kept.faults.append(sentences.refusal("too_many"))
    kept.faults += [
        f"{isolated(each.name)}: {sentences.state(each)}"
        for each in kept.files
        if not each.is_ready
    ]
    return kept


def _add_pages(request, files, scanned, conversation):
    """Replace `scanned`, the Attachment of a scanned PDF in the list `files`, by new Attachments:
    pictures of its first pages, as many as FILES_PER_MESSAGE leaves room for. Return a list of
    sentences about what could not be done; [] if all pages are in. `conversation` is the
    Conversation that the files are for (None: a new one)."""
    room = settings.FILES_PER_MESSAGE - len(files) + 1
    try:
        pages = intake.take_pages(request.user, scanned, conversation=conversation, most=room)
    except FileRefused as refused:
        return [sentences.refusal(refused.code, scanned.name)]
    if not pages:
        return [sentences.refusal("no_pages", scanned.name)]
    at = files.index(scanned)
    files[at : at + 1] = pages
    draft_files.remove([scanned])
    if len(pages) < (scanned.pages or 0):
        return [sentences.pages_taken(scanned, len(pages))]
    return []


def _stored_before(request):
    """Return the list of Attachments of the person's message that was stored with the submission id
    and the text in the POST data, or queued with that id: the form was sent twice. None if there is
    no such message."""
    submission = as_uuid(request.POST.get("submission"))
    if submission is None:
        return None
    sent = {"submission": submission, "conversation__owner": request.user}
    stored = Message.objects.filter(**sent).first()
    if stored is not None and stored.text.split() != request.POST.get("text", "").split():
        # Another message, which is refused: its files are kept.
        return None
    # What is queued may have the texts of several forms.
    stored = stored or QueuedMessage.objects.filter(**sent).first()
    return None if stored is None else list(stored.attachments.defer("text"))
