"""The work of a job that deletes for good: all conversations in a person's trash, or one."""

from conversations.conversation_list import trash
from conversations.keeping import removal
from conversations.models import Conversation, Job

PIECE_CONVERSATIONS = 100


class EraseWork:
    """Deletes the conversations that were in the trash of the owner of `job` when the Job was
    created, or the one that it names; the Job's `done` and `total` are numbers of conversations.
    Its methods are those that `conversations.jobs.work` describes."""

    def __init__(self, job):
        self._conversations = Conversation.objects.of(job.owner).filter(
            trashed_at__lte=job.created_at
        )
        if job.kind == Job.Kind.ERASE:
            self._conversations = self._conversations.filter(pk=job.subject)
        self._done = job.done
        self._total = job.total or self._conversations.count()

    def read(self):
        """Return the next conversations to delete (a list); None if none is left."""
        return list(self._conversations.order_by("trashed_at")[:PIECE_CONVERSATIONS]) or None

    def store(self, piece):
        """Delete some conversations of the list `piece`, or messages of a long one, within some
        20 ms; what is left is read again. Call it in a transaction."""
        deleted, hidden = removal.remove_piece(piece)
        self._done += len(deleted) + len(hidden)

    def finish(self):
        """Do nothing: what a person deletes is not recorded."""

    def fields(self):
        """Return the columns of the Job that say how far it is: `done` and `total`."""
        return {"done": self._done, "total": max(self._total, self._done)}

    def close(self):
        """Do nothing: no file is open."""


def order_emptying(person):
    """Create and return the Job that deletes all that is in the trash of `person` now."""
    count = Conversation.objects.of(person).trashed().count()
    return Job.objects.create(owner=person, kind=Job.Kind.EMPTY_TRASH, total=count)


def order_erasing(conversation):
    """Create and return the Job that deletes the Conversation; move it to the trash until then."""
    if conversation.trashed_at is None:
        trash.trash(conversation)
    return Job.objects.create(
        owner_id=conversation.owner_id,
        kind=Job.Kind.ERASE,
        subject=str(conversation.pk),
        total=1,
    )
