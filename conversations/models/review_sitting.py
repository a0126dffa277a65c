"""Sittings of reviewers: a sitting is the permission to read for one hour, for a reason that the
reviewer stated."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from conversations.models.access_log import ReviewAccess

LASTS = timedelta(hours=1)


class ReviewSittingQuerySet(models.QuerySet):
    """Queryset of sittings (permissions of reviewers to read for one hour)."""

    def current(self, reviewer):
        """Return a queryset of the sittings (permissions to read for one hour) of `reviewer` (a
        Person) that have not ended."""
        return self.filter(reviewer=reviewer, ends_at__gt=timezone.now())

    def for_conversation(self, reviewer, conversation, sitting_id=None):
        """Return the ReviewSitting that allows `reviewer` to read `conversation` now, or None.

        It is the one with the id `sitting_id` (from the URL of the page; None for none), if it was
        begun for this conversation; otherwise one with a remembered reason, which allows all
        conversations.
        """
        return (
            self.current(reviewer)
            .filter(Q(remembered=True) | Q(pk=sitting_id, conversation_id=conversation.pk))
            .order_by("remembered", "-ends_at")
            .first()
        )


class ReviewSitting(models.Model):
    """Sitting: the hour in which a reviewer may read, for the reason that they stated.

    It allows one conversation or, if the reviewer asked to have the reason remembered, every one
    within their scope. `ends_at` is LASTS after its beginning; rows that have ended are deleted
    when the reviewer begins the next one.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="review_sittings"
    )
    conversation_id = models.UUIDField()
    remembered = models.BooleanField(default=False)
    reason = models.CharField(max_length=20, choices=ReviewAccess.Reason.choices)
    explanation = models.TextField()
    # Whether the first page was shown, which the row of the access log from `begin` covers; each
    # further page is recorded by a row of its own.
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
        """Store and return a new ReviewSitting (permission to read for one hour) of `reviewer` (a
        Person) that begins now. `reason` is a ReviewAccess.Reason, `explanation` the reviewer's own
        words; if `remembered` is True it allows all conversations, else only `conversation`.

        Deletes the reviewer's sittings that have ended and, if `remembered`, the earlier one with a
        remembered reason.
        """
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
        """Return the datetime at which the sitting began: LASTS before `ends_at`."""
        return self.ends_at - LASTS

    def take_first_showing(self, conversation):
        """Return True, and set the column `shown`, if `conversation` is the one that the sitting
        was begun for and no page of it was shown in the sitting before: the access log has a row
        for that page since the sitting began.

        True only once, also if several processes ask at the same time; for every other page the
        caller has to record the reading.
        """
        return bool(
            type(self)
            .objects.filter(pk=self.pk, conversation_id=conversation.pk, shown=False)
            .update(shown=True)
        )
