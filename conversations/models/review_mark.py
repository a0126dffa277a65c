"""Flags, review dates and notes that reviewers put on conversations, in tables of their own: a
review changes no row that the owner of the conversation sees."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ReviewMark(models.Model):
    """Marks of reviewers on a conversation: whether it is flagged for other reviewers, by whom and
    when, and when it was last marked as reviewed. A conversation without a row is neither flagged
    nor reviewed."""

    conversation = models.OneToOneField(
        "Conversation", on_delete=models.CASCADE, primary_key=True, related_name="review_mark"
    )
    flagged_at = models.DateTimeField(_("flagged"), null=True)
    flagged_by = models.BigIntegerField(null=True)  # a person's id; outlives the person
    reviewed_at = models.DateTimeField(_("reviewed"), null=True)
    reviewed_by = models.BigIntegerField(null=True)

    class Meta:
        default_permissions = ()
        verbose_name = _("review mark")
        verbose_name_plural = _("review marks")
        indexes = [
            models.Index(
                fields=["conversation"], condition=Q(flagged_at__isnull=False), name="flagged"
            )
        ]

    def __str__(self):
        return str(self.pk)

    @classmethod
    def flag(cls, conversation, reviewer, flagged):
        """Flag `conversation` for other reviewers if `flagged` is true, else remove its flag.
        `reviewer` is the Person who does it."""
        cls._set(
            conversation,
            flagged_at=timezone.now() if flagged else None,
            flagged_by=reviewer.pk if flagged else None,
        )

    @classmethod
    def review(cls, conversation, reviewer):
        """Mark `conversation` as reviewed now by `reviewer` (a Person); later activity in it makes
        it unreviewed again."""
        cls._set(conversation, reviewed_at=timezone.now(), reviewed_by=reviewer.pk)

    @classmethod
    def _set(cls, conversation, **fields):
        """Insert or update the ReviewMark of `conversation` with the values `fields` (keyword
        arguments by column)."""
        cls.objects.update_or_create(conversation=conversation, defaults=fields)

    @classmethod
    def reviewed(cls):
        """Return a queryset of the ReviewMarks of conversations that had no activity since they
        were reviewed."""
        return cls.objects.filter(reviewed_at__gte=F("conversation__updated_at"))


class ReviewNote(models.Model):
    """Reviewer's remark on a conversation, for other reviewers; not shown to its owner."""

    conversation = models.ForeignKey(
        "Conversation", on_delete=models.CASCADE, related_name="review_notes"
    )
    author_id = models.BigIntegerField()  # a person's id; outlives the person
    text = models.TextField(_("note"), max_length=5_000)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        verbose_name = _("review note")
        verbose_name_plural = _("review notes")
        ordering = ["at", "id"]

    def __str__(self):
        return str(self.pk)
