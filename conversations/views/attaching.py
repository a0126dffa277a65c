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
    may not be sent."""

    files: list = field(default_factory=list)
    faults: list = field(default_factory=list)


def attached(request, *, conversation=None, edited=None, queued=None):
    """Take in the files of the POST request's form for `conversation` (None: a new one); return
    them as Attached.

    `attachments` in the POST data are ids of files that were taken in before, `remove` those of
    files to leave out, `files` are new ones. `edited` is the Message that is edited, `queued` the
    QueuedMessage that is changed: their files may be among the ids.
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
    if len(kept.files) > settings.FILES_PER_MESSAGE:
        kept.faults.append(sentences.refusal("too_many"))
    kept.faults += [
        f"{isolated(each.name)}: {sentences.state(each)}"
        for each in kept.files
        if not each.is_ready
    ]
    return kept


def _was_stored(request):
    """Return True if a form with this submission id was stored before."""
    submission = as_uuid(request.POST.get("submission"))
    return submission is not None and Message.objects.filter(submission=submission).exists()


def of_message(message):
    """Return the list of Attachments of a Message, without their text."""
    return list(Attachment.objects.filter(message=message).defer("text"))
