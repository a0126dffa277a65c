"""Sittings of reviewers: the time-limited permission to read, for a stated reason."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from conversations.models.access_log import ReviewAccess

LASTS = timedelta(hours=1)


class ReviewSittingQuerySet(models.QuerySet):
    def current(self, reviewer):
        """A queryset of the sittings of `reviewer` that have not ended."""
        return self.filter(reviewer=reviewer, ends_at__gt=timezone.now())

    def for_conversation(self, reviewer, conversation, sitting_id=None):
        """The sitting that allows `reviewer` to read `conversation` now, or None.

        It is the one with the id `sitting_id` (from the address of the page), if it was begun for
        this conversation; otherwise one with a remembered reason, which allows all conversations.
        """
        return (
            self.current(reviewer)
            .filter(Q(remembered=True) | Q(pk=sitting_id, conversation_id=conversation.pk))
            .order_by("remembered", "-ends_at")
            .first()
        )


class ReviewSitting(models.Model):
    """A sitting: the hour in which a reviewer may read with the reason that was given.

    It allows one conversation, or every one within the reviewer's scope where the reviewer asked to
    have the reason remembered. `ends_at` is LASTS after its beginning; rows that are over are
    deleted when the next one begins.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="review_sittings"
    )
    conversation_id = models.UUIDField()
    remembered = models.BooleanField(default=False)
    reason = models.CharField(max_length=20, choices=ReviewAccess.Reason.choices)
    explanation = models.TextField()
    # Whether the page that the first row of the log allowed was shown; each further one is a
    # further row.
    shown = models.BooleanField(default=False)
    ends_at = models.DateTimeField()

    objects = ReviewSittingQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["reviewer", "ends_at"], name="sittings")]

    def __str__(self):
        return str(self.pk)

    @classmethod
    def begin(cls, reviewer, conversation, reason, explanation, remembered):
        """Store and return a new sitting. Deletes those of the reviewer that are over, and the one
        with a remembered reason where this reason is to be remembered in its place."""
        old = cls.objects.filter(reviewer=reviewer)
        over = Q(ends_at__lte=timezone.now())
        old.filter(over | Q(remembered=True) if remembered else over).delete()
        return cls.objects.create(
            reviewer=reviewer,
            conversation_id=conversation.pk,
            remembered=remembered,
            reason=reason,
            explanation=explanation,
            ends_at=timezone.now() + LASTS,
        )

    @property
    def begun_at(self):
        """The time at which the sitting began: LASTS before `ends_at`."""
        return self.ends_at - LASTS

    def take_first_showing(self, conversation):
        """Whether this is the first page shown in the sitting, of the conversation for which it was
        begun. True once only, also between processes: that page is recorded already, by the form
        with the reason."""
        return bool(
            type(self)
            .objects.filter(pk=self.pk, conversation_id=conversation.pk, shown=False)
            .update(shown=True)
        )
