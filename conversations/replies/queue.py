"""The message a person wrote while a reply was being written: kept, and sent when it has ended."""

from django.db import transaction

from conversations.models import LanguageModel, QueuedMessage, Response
from conversations.replies import order

Status = Response.Status
# After a failure the person decides: the next message may have counted on the reply.
SENT_AFTER = (Status.COMPLETED, Status.INCOMPLETE, Status.CANCELLED)


def put(conversation, text, *, submission, model, effort="", length=None):
    """Keep `text` for later; what is queued already comes first. Returns the QueuedMessage."""
    with transaction.atomic():
        queued = QueuedMessage.objects.filter(conversation=conversation).first()
        queued = queued or QueuedMessage(conversation=conversation)
        # The same form once more, by a double click or a reload, adds nothing.
        if queued.submission != submission:
            queued.text = f"{queued.text}\n\n{text}" if queued.text else text
        queued.submission = submission
        queued.model, queued.effort, queued.length = model.name, effort, length
        queued.save()
    return queued


def send(conversation_id):
    """Order a reply to what is queued in the conversation.

    Returns its Response; None where nothing is queued or it cannot be sent now: it stays queued
    then, and the page offers to send it.
    """
    queued = (
        QueuedMessage.objects.select_related("conversation__owner")
        .filter(conversation_id=conversation_id, conversation__owner__is_active=True)
        .filter(conversation__trashed_at=None)
        .first()
    )
    if queued is None:
        return None
    person = queued.conversation.owner
    offered = LanguageModel.objects.offered_to(person)
    model = next((model for model in offered if model.name == queued.model), None)
    if model is None:
        return None
    try:
        with transaction.atomic():
            response = order.ask(
                person,
                queued.conversation,
                queued.text,
                submission=queued.submission,
                model=model,
                effort=queued.effort,
                length=queued.length,
            )
            queued.delete()
    except order.Refused:
        return None
    return response
