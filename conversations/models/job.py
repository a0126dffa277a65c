"""Database model of a background job: what to do, its progress, and which process works on it."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Job(models.Model):
    """Background job that a person ordered (an import, the erasure of conversations), or that the
    site began itself: the nightly retention run has no `owner`. Any process of the site may run it,
    in small steps (`conversations.jobs`).

    A process holds a lease (a lock that expires) while it works: `lease` is its token;
    `heartbeat_at` is renewed by the database's clock. `cursor` (JSON) says where to resume after a
    crash; `report` (JSON) is the result so far.
    """

    class Kind(models.TextChoices):
        """Kinds of background jobs: what a Job does."""

        IMPORT = "import", _("Import")
        EMPTY_TRASH = "empty_trash", _("Emptying the trash")
        ERASE = "erase", _("Deleting for good")
        RETENTION = "retention", _("Applying the retention rules")
        ERASE_PERSON = "erase_person", _("Erasing a person")

    class State(models.TextChoices):
        """State of a job. WAITING and RUNNING are open; the others are final."""

        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("under way")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    OPEN = (State.WAITING, State.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="jobs"
    )
    kind = models.CharField(max_length=20, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    # What to work on: the name of an uploaded file, the id of a conversation.
    subject = models.CharField(max_length=200, blank=True)
    cursor = models.JSONField(null=True)
    report = models.JSONField(default=dict)
    # How much of it is done: bytes of a file, or conversations.
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(default=0)
    # Claims since progress was stored last: a job that crashes each process fails in the end.
    attempts = models.PositiveSmallIntegerField(default=0)
    lease = models.UUIDField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="open_jobs",
            )
        ]
        constraints = [
            # One running job at a time for each person, whichever process claims it.
            models.UniqueConstraint(
                fields=["owner"], condition=models.Q(state="running"), name="one_running_job"
            ),
            models.UniqueConstraint(
                fields=["kind"],
                condition=models.Q(kind="retention", state__in=["waiting", "running"]),
                name="one_open_retention_run",
            ),
        ]

    def __str__(self):
        return str(self.pk)

    @property
    def is_open(self):
        """Return True if the job is waiting or running, so that work is left."""
        return self.state in self.OPEN

    @property
    def percent(self):
        """Return the progress in per cent, an integer from 0 to 100; None while the total is not
        known."""
        return min(100, self.done * 100 // self.total) if self.total else None
