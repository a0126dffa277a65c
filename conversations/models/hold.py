"""Database model of legal holds: rows that forbid deleting the conversations of a person, or one
conversation."""

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class HoldQuerySet(models.QuerySet):
    """Queryset of legal holds."""

    def active(self):
        """Return a queryset of the legal holds that have not been released."""
        return self.filter(released_at=None)

    def update(self, **fields):
        """Set `fields` (values by column) of each hold through its `save`, which records the change
        in the access log. Return the number of holds."""
        holds = list(self)
        for hold in holds:
            for name, value in fields.items():
                setattr(hold, name, value)
            hold.save()
        return len(holds)

    update.alters_data = True


class Hold(models.Model):
    """Legal hold on all conversations of a person (`person_id`) or on one conversation
    (`conversation_id`): until it is released, nobody and nothing deletes them.

    What its owner or a retention rule would delete is hidden from the owner instead
    (`Conversation.hidden_at`). Database triggers refuse every other deletion
    (`conversations.database.triggers`). Ids are plain values: after the release a row still names
    what it held, even if that is deleted.
    """

    person_id = models.BigIntegerField(_("person"), null=True, blank=True)
    conversation_id = models.UUIDField(_("conversation"), null=True, blank=True)
    reason = models.TextField(_("reason"), max_length=2_000)
    placed_at = models.DateTimeField(_("placed"), default=timezone.now)
    # A person's id; null if a command or a shell on the server placed it.
    placed_by = models.BigIntegerField(_("placed by"), null=True, blank=True)
    released_at = models.DateTimeField(_("released"), null=True, blank=True)
    released_by = models.BigIntegerField(_("released by"), null=True, blank=True)
    release_reason = models.TextField(_("reason of the release"), blank=True, max_length=2_000)

    objects = HoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        ordering = ["-placed_at", "-id"]
        indexes = [
            models.Index(fields=["person_id"], condition=Q(released_at=None), name="held_people"),
            models.Index(
                fields=["conversation_id"], condition=Q(released_at=None), name="held_conversations"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(person_id__isnull=False, conversation_id=None)
                | Q(person_id=None, conversation_id__isnull=False),
                name="hold_on_person_or_conversation",
                violation_error_message=_("Name either a person or a conversation."),
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="hold_has_reason",
                violation_error_message=_("State the reason."),
            ),
        ]

    def __str__(self):
        return str(self.pk)

    def release(self, reason, person=None):
        """Release this legal hold and save it. `reason` is text; `person` is the Person who does it
        (None: a command on the server). What was deleted for its owner during the hold is deleted
        for good soon after."""
        self.released_at = timezone.now()
        self.released_by = person and person.pk
        self.release_reason = reason
        self.save()

    @classmethod
    def of_conversation(cls):
        """Return a query condition for Conversations that is true if a legal hold is on the
        conversation or on its owner."""
        active = cls.objects.active()
        return Exists(active.filter(conversation_id=OuterRef("pk"))) | Exists(
            active.filter(person_id=OuterRef("owner_id"))
        )

    @classmethod
    def concerning(cls, person_id):
        """Return a queryset of the active legal holds on the person with the id `person_id`, and on
        conversations that they own."""
        from .conversation import Conversation

        active = cls.objects.active()
        held = active.exclude(conversation_id=None).values("conversation_id")
        theirs = Conversation.objects.filter(owner_id=person_id, pk__in=held).values("pk")
        return active.filter(Q(person_id=person_id) | Q(conversation_id__in=theirs))

    @classmethod
    def concerns(cls, person_id):
        """Return True if a legal hold is on the person with the id `person_id`, or on a
        conversation that they own."""
        return cls.concerning(person_id).exists()
