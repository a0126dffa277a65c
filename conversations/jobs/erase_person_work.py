"""The work of a job that erases a person, and ordering that job."""

import logging

from django.db import transaction

from conversations.keeping import erasure as erasures
from conversations.keeping import erasure_list
from conversations.models import Erasure, Job

logger = logging.getLogger(__name__)


class ErasePersonWork:
    """Does the Erasure whose id is the `subject` of a Job. Its methods are those that
    `conversations.jobs.work` describes."""

    def __init__(self, job):
        self._erasure = Erasure.objects.get(pk=job.subject)

    def read(self):
        """Return a true value if a piece is to be done in a transaction; None at the end. A piece
        that needs no transaction is done here."""
        self._erasure.refresh_from_db()
        if erasures.needs_no_transaction(self._erasure):
            erasures.piece(self._erasure)
        return None if self._erasure.phase == Erasure.Phase.DONE else self._erasure

    def store(self, piece):
        """Do the next piece of the Erasure. Raises UnderHold if the person was put under a legal
        hold meanwhile; the Job then fails in the end."""
        erasures.piece(piece)

    def finish(self):
        """Do nothing: the last piece has recorded the erasure."""

    def fields(self):
        """Return the columns of the Job that say how far it is: none."""
        return {}

    def close(self):
        """Do nothing: no file is open."""


def order_erasure(person, by=None, pseudonym=""):
    """Begin the erasure of `person` by order of the Person `by`, as `keeping.erasure.order` does,
    and create the Job that does it. Return the Erasure. Raises UnderHold and LastAdministrator."""
    with transaction.atomic():
        erasure = erasures.order(person, by, pseudonym)
        open_jobs = Job.objects.filter(
            kind=Job.Kind.ERASE_PERSON, subject=str(erasure.pk), state__in=Job.OPEN
        )
        if not open_jobs.exists():
            Job.objects.create(owner=None, kind=Job.Kind.ERASE_PERSON, subject=str(erasure.pk))
    return erasure


def erase_again():
    """Order the erasure of everybody in the list of erasures whose account exists: a backup that is
    older than the erasure was restored."""
    for person, pseudonym in erasure_list.returned():
        try:
            order_erasure(person, pseudonym=pseudonym)
        except (erasures.UnderHold, erasures.LastAdministrator) as refused:
            logger.warning(
                "Person %s was erased before and is here again, but stays for now: %s",
                person.pk,
                type(refused).__name__,
            )
