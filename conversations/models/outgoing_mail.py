"""Outbox: a table of e-mails that wait to be sent."""

from datetime import timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# The pause after each failed attempt; after the last pause there is one more attempt.
PAUSES = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
)
KEPT = timedelta(days=30)


class OutgoingMail(models.Model):
    """E-mail in the outbox. It is deleted when it has been sent; after the last failed attempt it
    stays with its `error` and is not tried again.

    `content` is the message as JSON (`conversations.mail.backend`). It may contain a link to set a
    password, so no page shows it, and it is emptied after the last failed attempt.
    """

    recipients = models.TextField(_("to"))
    subject = models.CharField(_("subject"), max_length=200)
    content = models.JSONField(editable=False)
    created_at = models.DateTimeField(_("written"), default=timezone.now)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    # None: the e-mail is not tried again.
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, default=timezone.now)
    error = models.CharField(_("error"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("e-mail")
        verbose_name_plural = _("e-mails")
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["next_attempt_at"], name="mail_due")]

    def __str__(self):
        return self.subject

    @property
    def is_given_up(self):
        """Return True if the last attempt to send the e-mail failed, so that it is not tried
        again."""
        return self.next_attempt_at is None
