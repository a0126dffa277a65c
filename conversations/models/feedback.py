"""Database model of a person's feedback (thumb up or down) on a reply."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Feedback(models.Model):
    """Feedback of a conversation's owner on one reply: a thumb up or down, and an optional comment.
    Reviewers can filter conversations by it."""

    class Value(models.TextChoices):
        GOOD = "good", _("good")
        BAD = "bad", _("bad")

    message = models.OneToOneField("Message", on_delete=models.CASCADE, related_name="feedback")
    value = models.CharField(_("value"), max_length=10, choices=Value.choices)
    comment = models.CharField(_("comment"), max_length=2000, blank=True)
    created_at = models.DateTimeField(_("given"), auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        indexes = [models.Index(fields=["value", "message"], name="feedback_by_value")]

    def __str__(self):
        # The comment is the person's own words: no list may show it by accident.
        return str(self.pk)
