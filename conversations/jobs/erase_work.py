"""Job that deletes conversations for good (all in a person's trash, or one): its work object, and
ordering it."""

from conversations.conversation_list import trash
from conversations.keeping import removal
from conversations.models import Conversation, Job

PIECE_CONVERSATIONS = 100


class EraseWork:
    """Work object of a Job that deletes the one conversation that the Job names, or all that were
    in its owner's trash when it was created. The Job's `done` and `total` are numbers of
    conversations. `conversations.jobs.job_kinds` describes the methods of work objects."""

    def __init__(self, job):
        self._conversations = Conversation.objects.of(job.owner).filter(
            trashed_at__lte=job.created_at
        )
        if job.kind == Job.Kind.ERASE:
            self._conversations = self._conversations.filter(pk=job.subject)
        self._done = job.done
        self._total = job.total or self._conversations.count()

    def read(self):
        """Return a list of the next Conversations to delete; None if none is left."""
        return list(self._conversations.order_by("trashed_at")[:PIECE_CONVERSATIONS]) or None

    def store(self, piece):
        """Delete, within about 20 ms, some of the Conversations in the list `piece` (from `read`),
        or some messages of a long one; `read` then returns the rest again. Call it in a
        transaction."""
        deleted, hidden = removal.remove_piece(piece)
        self._done += len(deleted) + len(hidden)

    def finish(self):
        """Do nothing: what a person deletes is not recorded."""

    def fields(self):
        """Return the columns of the Job that say how far it is, a dict: `done` and `total`."""
        return {"done": self._done, "total": max(self._total, self._done)}

    def close(self):
        """Do nothing: no file is open."""


def order_emptying(person):
    """Create and return the Job that deletes for good all that is in the trash of `person` (a
    Person) now."""
    count = Conversation.objects.of(person).trashed().count()
    return Job.objects.create(owner=person, kind=Job.Kind.EMPTY_TRASH, total=count)


def order_erasing(conversation):
    """Move the Conversation to the trash; create and return the Job that deletes it for good."""
    if conversation.trashed_at is None:
        trash.trash(conversation)
    return Job.objects.create(
        owner_id=conversation.owner_id,
        kind=Job.Kind.ERASE,
        subject=str(conversation.pk),
        total=1,
    )
