"""Queued messages: what a person sends while a reply is being written is stored, and submitted
after the reply has ended."""

from datetime import timedelta
from functools import cache

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import Now

from conversations.database.statements import as_stored, compiled, from_stored, rows
from conversations.files import draft_files
from conversations.models import LanguageModel, Message, QueuedMessage, Response
from conversations.replies.refused import Busy, QueueFull, Refused
from conversations.replies.submission import Submission, store
from conversations.thread.approvals import open_requests

Status = Response.Status
# After a failure the person decides, since the next message may have counted on the reply, and
# after a stop: who stops a reply may not want the next one either.
SENT_AFTER = (Status.COMPLETED, Status.INCOMPLETE)
# The process that wrote the reply sends it at once; any other comes later.
OVERDUE_AFTER = timedelta(seconds=2)
# Codes of refusals beside those of `Refused`: the author may not use its model any more, or the
# reply before it asks for an approval.
NO_MODEL, ASKED = "no_model", "asked"


def put(conversation, text, *, submission, model, effort="", length=None, tools=None, files=()):
    """Store `text` as the queued message of `conversation`, appended to one that is queued already.

    `submission` is the form's UUID: the same one again adds nothing. `model` (a LanguageModel),
    `effort` (of reasoning), `length` (most tokens; None for the model's own) and `tools` (names of
    those switched on; None for the conversation's choice) are those that the reply is to have;
    `files` are Attachments that go with it. Returns the QueuedMessage. Raises QueueFull, and stores
    nothing, if both together are longer, or have more files, than one message may.
    """
    with transaction.atomic():
        queued = QueuedMessage.objects.filter(conversation=conversation).first()
        queued = queued or QueuedMessage(conversation=conversation)
        # The same form once more, by a double click or a reload, adds nothing.
        if queued.submission != submission:
            queued.text = "\n\n".join(filter(None, (queued.text, text)))
            count = len(files) + (queued.attachments.count() if queued.pk else 0)
            if len(queued.text) > settings.MAX_MESSAGE or count > settings.FILES_PER_MESSAGE:
                raise QueueFull
        queued.submission = submission
        queued.model, queued.effort, queued.length = model.name, effort, length
        queued.tools = tools
        queued.refused, queued.refusal = False, ""
        queued.save()
        draft_files.queue(files, queued)
    return queued


def change(conversation, text, files):
    """Replace the text and the files (Attachments) of the queued message of `conversation`. Return
    False, and change nothing, if its row is gone: it was sent meanwhile, with its earlier text and
    files, or removed."""
    with transaction.atomic():
        queued = QueuedMessage.objects.filter(conversation=conversation).first()
        if queued is None or not QueuedMessage.objects.filter(pk=queued.pk).update(text=text):
            return False
        kept = [each.pk for each in files]
        queued.attachments.exclude(pk__in=kept).delete()
        draft_files.queue(files, queued)
    return True


def send(conversation_id, refused=False):
    """Submit the queued message of the conversation with this id; return the Submitted.

    Returns None if nothing is queued, or if it cannot be sent: it then stays queued. If it was
    refused, the row is marked so, and the page offers its author to send it; a marked message is
    tried again only if the argument `refused` is True, for that request of the author.
    """
    # Almost always nothing is queued, and the query below costs several times as much.
    if not rows(_QUEUED, as_stored(conversation_id)):
        return None
    queued = (
        QueuedMessage.objects.select_related("conversation__owner")
        .filter(conversation_id=conversation_id, conversation__owner__is_active=True)
        .filter(conversation__trashed_at=None, refused__in={False, refused})
        .first()
    )
    if queued is None:
        return None
    person = queued.conversation.owner
    offered = LanguageModel.objects.offered_to(person)
    model = next((model for model in offered if model.name == queued.model), None)
    if model is None:
        return _refused(queued, NO_MODEL)
    if not refused and _is_asked(queued.conversation):
        return _refused(queued, ASKED)
    try:
        with transaction.atomic():
            files = tuple(queued.attachments.select_related("stored"))
            if not _taken(queued):
                return None
            return store(
                Submission(
                    id=queued.submission,
                    person=person,
                    model=model,
                    effort=queued.effort,
                    length=queued.length,
                    tools=queued.tools,
                    text=queued.text,
                    conversation=queued.conversation,
                    files=files,
                )
            )
    except Busy:
        return None
    except Refused as refusal:
        return _refused(queued, refusal.code)


_SENT = ("text", "model", "effort", "length", "submission")
_QUEUED = "SELECT 1 FROM conversations_queuedmessage WHERE conversation_id = %s"


def _is_asked(conversation):
    """Return True if the last reply of the Conversation asks to approve the use of a tool: whoever
    queued a message did not know that, and may want to answer first."""
    last = Message.objects.filter(pk=conversation.active_id).first()
    return last is not None and bool(open_requests(last))


def _taken(queued):
    """Delete the QueuedMessage `queued` and return True; return False, and delete nothing, if its
    row is not as it was read: its author changed or removed it meanwhile, or it was refused."""
    fields = {name: getattr(queued, name) for name in _SENT}
    same = QueuedMessage.objects.filter(pk=queued.pk, refused=queued.refused, **fields)
    return same.delete()[0] == 1


def overdue():
    """Return the ids of up to 100 conversations whose queued message should have been sent by now.

    The process that wrote the reply died, was exiting, or did not see the message in time; any
    process may send it.
    """
    return [from_stored(stored) for (stored,) in rows(*_overdue())]


@cache
def _overdue():
    last = Response.objects.filter(
        conversation=OuterRef("conversation"), purpose=Response.Purpose.REPLY
    ).order_by("-created_at")
    return compiled(
        QueuedMessage.objects.filter(refused=False, conversation__owner__is_active=True)
        .annotate(
            status=Subquery(last.values("status")[:1]),
            ended_at=Subquery(last.values("finished_at")[:1]),
        )
        # In the future by a clock that was wrong: its process would have sent it at once.
        .filter(Q(ended_at__lt=Now() - OVERDUE_AFTER) | Q(ended_at__gt=Now() + OVERDUE_AFTER))
        .filter(status__in=SENT_AFTER)
        .values_list("conversation_id")[:100]
    )


def _refused(queued, code):
    """Mark the QueuedMessage `queued` as refused, for the cause `code` (as in `Refused.code`), and
    return None. Its author has to send it: sent by itself next week it would be a surprise."""
    QueuedMessage.objects.filter(pk=queued.pk).update(refused=True, refusal=code)
    return None
