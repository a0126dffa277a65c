"""Job that erases a person (deletes all that belongs to them): its work object, and ordering it."""

import logging

from django.db import transaction

from conversations.keeping import erasure as erasures
from conversations.keeping import erasure_list
from conversations.models import Erasure, Job

logger = logging.getLogger(__name__)


class ErasePersonWork:
    """Work object of a Job that erases a person; the Job's `subject` is the id of the Erasure.
    `conversations.jobs.job_kinds` describes the methods of work objects."""

    def __init__(self, job):
        self._erasure = Erasure.objects.get(pk=job.subject)

    def read(self):
        """Return the Erasure if `store` has a further piece of it to do, None if it is complete. If
        the next piece must not run in a transaction, this call does it first."""
        self._erasure.refresh_from_db()
        if erasures.needs_no_transaction(self._erasure):
            erasures.piece(self._erasure)
        return None if self._erasure.phase == Erasure.Phase.DONE else self._erasure

    def store(self, piece):
        """Do the next piece of the Erasure `piece`, which `read` returned. Raise UnderHold if the
        person was put under a legal hold meanwhile."""
        erasures.piece(piece)

    def finish(self):
        """Do nothing: the last piece has recorded the erasure."""

    def fields(self):
        """Return {}: no columns of the Job say how far it is."""
        return {}

    def close(self):
        """Do nothing: no file is open."""


def order_erasure(person, by=None, pseudonym=""):
    """Create an Erasure of the Person `person`, ordered by the Person `by` (None: the server), and
    the Job that does it; return the Erasure. If the person has an unfinished one, it is continued
    and returned. `pseudonym` is that of an earlier erasure to repeat ("": a new one). Raise
    UnderHold or LastAdministrator if the person cannot be erased."""
    with transaction.atomic():
        erasure = erasures.order(person, by, pseudonym)
        open_jobs = Job.objects.filter(
            kind=Job.Kind.ERASE_PERSON, subject=str(erasure.pk), state__in=Job.OPEN
        )
        if not open_jobs.exists():
            Job.objects.create(owner=None, kind=Job.Kind.ERASE_PERSON, subject=str(erasure.pk))
    return erasure


def erase_again():
    """Order the erasure of all people who were erased before and exist again, since an older backup
    was restored. A person who cannot be erased now (UnderHold, LastAdministrator) is left, with a
    warning in the server's log."""
    for person, pseudonym in erasure_list.returned():
        try:
            order_erasure(person, pseudonym=pseudonym)
        except (erasures.UnderHold, erasures.LastAdministrator) as refused:
            logger.warning(
                "Person %s was erased before and is here again, but stays for now: %s",
                person.pk,
                type(refused).__name__,
            )
