"""Files of a form that sends, edits or queues a message: what is kept, removed, and taken in."""

from dataclasses import dataclass, field

from django.conf import settings

from conversations.files import drafts, intake, names, sentences
from conversations.files.refused import FileRefused
from conversations.models import Attachment, Message
from conversations.rendering.isolated_text import isolated
from conversations.thread.page import as_uuid


@dataclass
class Attached:
    """The files of a submitted form: `files` (Attachments, in their order) are accepted, and listed
    if the form is returned; `faults` are sentences about those that are not, and about files that
    may not be sent. `returns` is True if the form asked for a change of its files only: it is
    returned, and nothing is sent."""

    files: list = field(default_factory=list)
    faults: list = field(default_factory=list)
    returns: bool = False

    @property
    def status(self):
        """The HTTP status of a form that is returned for its files."""
        return 422 if self.faults or not self.returns else 200


def attached(request, *, conversation=None, edited=None, queued=None):
    """Take in the files of the POST request's form for `conversation` (None: a new one); return
    them as Attached.

    `attachments` in the POST data are ids of files that were taken in before, `remove` those of
    files to leave out, `files` are new ones. `edited` is the Message that is edited, `queued` the
    QueuedMessage that is changed: their files may be among the ids. `pages` is the id of a scanned
    PDF among them, whose pages are to take its place as pictures.
    """
    ids, removed = request.POST.getlist("attachments"), set(request.POST.getlist("remove"))
    found = drafts.find(request.user, ids, edited=edited, queued=queued)
    kept = Attached([each for each in found if str(each.pk) not in removed])
    drafts.remove([each for each in found if str(each.pk) in removed])
    missing = len(set(ids) - removed) - len(kept.files)
    uploads = [each for each in request.FILES.getlist("files") if each.name]
    if (missing > 0 or uploads) and _was_stored(request):
        # The same form, sent twice: what was stored then is the answer.
        return Attached()
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
    """Put the pictures of the pages of `scanned`, one of the list `files`, in its place; return a
    list of sentences about what could not be done."""
    room = settings.FILES_PER_MESSAGE - len(files) + 1
    try:
        pages = intake.take_pages(request.user, scanned, conversation=conversation, most=room)
    except FileRefused as refused:
        return [sentences.refusal(refused.code, scanned.name)]
    if not pages:
        return [sentences.refusal("no_pages", scanned.name)]
    at = files.index(scanned)
    files[at : at + 1] = pages
    drafts.remove([scanned])
    if len(pages) < (scanned.pages or 0):
        return [sentences.pages_taken(scanned, len(pages))]
    return []


def _was_stored(request):
    """Return True if a form with this submission id was stored before."""
    submission = as_uuid(request.POST.get("submission"))
    return submission is not None and Message.objects.filter(submission=submission).exists()


def of_message(message):
    """Return the list of Attachments of a Message, without their text."""
    return list(Attachment.objects.filter(message=message).defer("text"))
