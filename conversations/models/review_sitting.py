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
        """Those of `reviewer` that are not over."""
        return self.filter(reviewer=reviewer, ends_at__gt=timezone.now())

    def for_conversation(self, reviewer, conversation, sitting_id=None):
        """The sitting in which `reviewer` may read `conversation` now, or None.

        The one called `sitting_id` where it was begun for this conversation, else one whose
        reason the reviewer wanted remembered.
        """
        return (
            self.current(reviewer)
            .filter(Q(remembered=True) | Q(pk=sitting_id, conversation_id=conversation.pk))
            .order_by("remembered", "-ends_at")
            .first()
        )


class ReviewSitting(models.Model):
    """The hour for which a reviewer's reason counts: for one conversation, or, where the
    reviewer wants it remembered, for all that are opened in it."""

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
        """A new sitting, and an end to those that are over or whose reason this one replaces."""
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
        return self.ends_at - LASTS

    def take_first_showing(self, conversation):
        """Whether the page about to be shown is the one for which the sitting was begun; True
        only once."""
        return bool(
            type(self)
            .objects.filter(pk=self.pk, conversation_id=conversation.pk, shown=False)
            .update(shown=True)
        )
