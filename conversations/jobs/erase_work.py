"""The work of a job that erases conversations: all in a person's trash, or one of them."""

import time

from conversations.conversation_list import trash
from conversations.models import Conversation, Job

PIECE_SECONDS = 0.1  # of processor time
PIECE_CONVERSATIONS = 20


class EraseWork:
    """Erases what was in the trash when the Job was made; `done` counts conversations."""

    def __init__(self, job):
        self._conversations = Conversation.objects.of(job.owner).filter(
            trashed_at__lte=job.created_at
        )
        if job.kind == Job.Kind.ERASE:
            self._conversations = self._conversations.filter(pk=job.subject)
        self._done = job.done
        self._total = job.total or self._conversations.count()

    def read(self):
        return list(self._conversations.order_by("trashed_at")[:PIECE_CONVERSATIONS]) or None

    def store(self, piece):
        began = time.thread_time()
        for conversation in piece:
            whole = trash.erase_piece(conversation, trash.PIECE_MESSAGES)
            self._done += whole
            if not whole or time.thread_time() - began > PIECE_SECONDS:
                return

    def fields(self):
        return {"done": self._done, "total": max(self._total, self._done)}

    def close(self):
        """Nothing is open."""


def order_emptying(person):
    """The Job that erases what is in `person`'s trash now."""
    count = Conversation.objects.of(person).trashed().count()
    return Job.objects.create(owner=person, kind=Job.Kind.EMPTY_TRASH, total=count)


def order_erasing(conversation):
    """The Job that erases a conversation, which is put into the trash if it is not there."""
    if conversation.trashed_at is None:
        trash.trash(conversation)
    return Job.objects.create(
        owner_id=conversation.owner_id,
        kind=Job.Kind.ERASE,
        subject=str(conversation.pk),
        total=1,
    )
