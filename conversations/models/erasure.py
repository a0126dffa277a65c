"""Database model of erasures: the deletion of all content of one person, its progress and its
receipt."""

import hashlib
import json
import uuid
from datetime import UTC

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

FORMAT = "chatsite erasure"


class Erasure(models.Model):
    """Erasure of one person: which rows were deleted and how many, when, and by whose order.

    It keeps no name: `person_id` is the number that stays in the access log and in the usage
    records, `pseudonym` replaces the username there, and `fingerprint` recognises the account if a
    restored backup brings it back (`conversations.keeping.erasure`).
    """

    class Phase(models.TextChoices):
        """Next step of an erasure; each is done in short pieces. DONE is final."""

        CONVERSATIONS = "conversations", _("conversations")
        LEDGER = "ledger", _("ledger")
        ACCOUNT = "account", _("account")
        INDEX = "index", _("search index")
        PAGES = "pages", _("database file")
        DONE = "done", _("done")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person_id = models.BigIntegerField(_("person"), db_index=True)
    fingerprint = models.CharField(max_length=64)
    pseudonym = models.CharField(_("pseudonym"), max_length=40)
    phase = models.CharField(
        _("phase"), max_length=20, choices=Phase.choices, default=Phase.CONVERSATIONS
    )
    # Rows by kind: those deleted, and those in which the name was replaced.
    counts = models.JSONField(_("counts"), default=dict)
    # The number of the row of the access log that records its order.
    row = models.PositiveBigIntegerField(null=True)
    # A person's id; null if a command on the server ordered it.
    asked_by = models.BigIntegerField(_("ordered by"), null=True)
    asked_at = models.DateTimeField(_("ordered"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-asked_at"]
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(
                fields=["person_id"],
                condition=models.Q(finished_at=None),
                name="one_open_erasure_per_person",
            )
        ]

    def __str__(self):
        return self.pseudonym

    @staticmethod
    def fingerprint_of(person):
        """Return the SHA-256 (64 hexadecimal digits) by which the account of `person` is recognised
        in a restored backup: that of its id and `date_joined` (UTC)."""
        written = f"{person.pk}:{person.date_joined.astimezone(UTC).isoformat()}"
        return hashlib.sha256(written.encode()).hexdigest()

    def count(self, **numbers):
        """Add `numbers` (numbers of rows as keyword arguments, by kind of row) to `counts`, without
        saving."""
        for name, number in numbers.items():
            self.counts[name] = self.counts.get(name, 0) + number

    def receipt(self):
        """Return the receipt, a dict for JSON: who was erased, how many rows, when, by whose order,
        and `hash`, the SHA-256 of all that. The access log has the same hash in its row about this
        erasure, which proves the receipt."""
        said = {
            "format": FORMAT,
            "version": 1,
            "erasure": str(self.pk),
            "person": self.person_id,
            "pseudonym": self.pseudonym,
            "ordered_by": self.asked_by,
            "ordered_at": self.asked_at.astimezone(UTC).isoformat(),
            "finished_at": self.finished_at and self.finished_at.astimezone(UTC).isoformat(),
            "counts": self.counts,
        }
        return {**said, "hash": receipt_hash(said)}


def receipt_hash(said):
    """Return the SHA-256 (64 hexadecimal digits) of the content `said` of a receipt: a dict for
    JSON, without the key `hash`."""
    written = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()
