"""Database model of a message in a conversation. Each message has a parent, so that they form a
tree."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

from conversations.items import approvals
from conversations.rendering import THOUGHTS, render

from .response import Response


class Message(models.Model):
    """Message of a conversation, written by a person or a language model. `parent` makes the
    messages a tree: an edited message or another reply is added as a sibling, and nothing is
    overwritten."""

    class Role(models.TextChoices):
        USER = "user", _("person")
        ASSISTANT = "assistant", _("model")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(
        "Conversation", on_delete=models.CASCADE, related_name="messages"
    )
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.CASCADE, related_name="children"
    )
    role = models.CharField(max_length=10, choices=Role.choices)
    # Both are written once: a person's at once, a reply's when it is final.
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    reasoning = models.TextField(blank=True)
    reasoning_html = models.TextField(blank=True)
    # All that the message consists of (text, reasoning, calls of tools, files), in order: a list in
    # the words of the API, as conversations.items.clean_all returns it, written with the columns
    # above, which are made from it. None where text, and reasoning before it, is all there is:
    # nearly always, so pages do not read it with every message.
    items = models.JSONField(null=True, blank=True)
    # The id of the form that asked for this message; the database lets each through only once.
    submission = models.UUIDField(null=True, blank=True, unique=True)
    created_at = models.DateTimeField(default=timezone.now)

    # Set while a reply is written: its HTML so far, in place of `html`.
    live_html = None
    # And all of it as conversations.thread.item_html.MessageParts, where it is more than text.
    live_parts = None
    # Its Place (number and neighbours) among its siblings; set by views that show it.
    place = None
    # Where a search led here: the function that returns HTML of it with the matches marked.
    mark = None
    # Whether another message follows it, where that is known; else None.
    is_followed = None

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["conversation", "created_at"], name="thread")]

    def __str__(self):
        return str(self.pk)

    @cached_property
    def shown_files(self):
        """Return the list of the message's Attachments, without loading their text; [] for a reply
        that is being written, or is plain text and so has none. `thread.page` sets it for all
        messages of a page by one query."""
        if self.is_reply and (self.is_pending or not self.items):
            return []
        return list(self.attachments.defer("text"))

    @property
    def is_reply(self):
        """Return True for a message by a language model, False for one by a person."""
        return self.role == self.Role.ASSISTANT

    @property
    def is_answer(self):
        """Return True if this is a person's answer to requests for approval (`items.approvals`),
        which consists of nothing else."""
        return not self.is_reply and approvals.has_answers(self.items)

    @cached_property
    def own_response(self):
        """Return the Response (request to the gateway) that produced this reply; None for a
        person's message and for an imported reply, where Django's reverse relation `response` would
        raise an exception."""
        if not self.is_reply:
            return None
        try:
            return self.response
        except Response.DoesNotExist:
            return None

    @property
    def status(self):
        """Return the Response.Status of this reply, like "in_progress"; "completed" for a message
        without a Response."""
        return self.own_response.status if self.own_response else Response.Status.COMPLETED

    @property
    def thumb(self):
        """Return the value of the owner's Feedback on this reply, "good" or "bad"; "" without
        feedback."""
        given = getattr(self, "feedback", None) if self.is_reply else None
        return given.value if given else ""

    @property
    def is_pending(self):
        """Return True if this is a reply that is queued or still being written."""
        return self.status in Response.OPEN

    @property
    def shown_reasoning(self):
        """Return the model's reasoning (thoughts) as safe HTML for display. It is rendered from the
        text if no HTML is stored, as in rows of older versions."""
        html = self.reasoning_html or render(self.reasoning, THOUGHTS, name=str(self.pk))
        return mark_safe(html)  # noqa: S308

    @property
    def shown_html(self):
        """Return the message's text as safe HTML for display; for a reply that is still being
        written, the part so far."""
        return mark_safe(self.html) if self.live_html is None else self.live_html  # noqa: S308
