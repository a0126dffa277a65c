"""Database model of a message that waits until the reply before it has ended."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class QueuedMessage(models.Model):
    """Message that a person sent while a reply was still being written. It is submitted when that
    reply has ended.

    Each conversation has at most one. It is stored on the server, so it survives the closing of the
    browser tab.
    """

    conversation = models.OneToOneField(
        "Conversation", on_delete=models.CASCADE, related_name="queued"
    )
    text = models.TextField()
    model = models.CharField(max_length=200, blank=True)
    effort = models.CharField(max_length=20, blank=True)
    length = models.PositiveIntegerField(null=True)
    # The choice of tools that was sent with it; null: that of the conversation.
    tools = models.JSONField(null=True)
    # Becomes `Message.submission`, which is unique, so that the message is stored only once.
    submission = models.UUIDField(unique=True)
    # True if it was refused when submitted, as by a budget: it waits for the person to send it.
    refused = models.BooleanField(default=False)
    # Why it was, a code such as "no_pictures" (`replies.refused`); "" if that is not known.
    refusal = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("queued message")
        verbose_name_plural = _("queued messages")

    def __str__(self):
        return str(self.pk)

    @property
    def shown_files(self):
        """Return the list of the queued message's Attachments, without loading their text."""
        return list(self.attachments.defer("text"))
