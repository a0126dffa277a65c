"""Database models of files in messages: Attachment, a file in a message, and StoredFile, the bytes
of a file."""

import hashlib
import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conversations.extraction.limits import SMALL_SIDE

NAME_LENGTH = 200


class StoredFile(models.Model):
    """Bytes of one file of one person. The row names them in the file storage; for a picture also
    those of a small copy. Several Attachments of that person with the same content share it.

    The row exists before the bytes and until they are deleted, so that a process that dies leaves
    no unknown bytes. `owner_id` is a plain number: the row outlives the account until the bytes are
    deleted. Different people never share a StoredFile, so nobody can notice that somebody else has
    the same file.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner_id = models.BigIntegerField()
    # SHA-256 of the blob, as hexadecimal digits, and lengths in bytes; `small` is 0 without one.
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    small = models.BigIntegerField(default=0)
    # Since when it may have no Attachment: the sweep looks at these rows only.
    unheld_since = models.DateTimeField(null=True, default=timezone.now)
    # Its bytes are being deleted: no Attachment may use it any more.
    doomed_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("stored file")
        verbose_name_plural = _("stored files")
        indexes = [
            models.Index(fields=["owner_id", "sha256"], name="stored_by_owner"),
            models.Index(
                fields=["unheld_since"],
                condition=Q(unheld_since__isnull=False),
                name="unheld_files",
            ),
        ]

    def __str__(self):
        return str(self.pk)

    @property
    def name(self):
        """Return the name of the bytes in the file storage, `xx/yy/HASH`. It is a hash of the row's
        id, not of the content, so that a file that is being deleted is never written again."""
        return _name_in_storage(self.pk.bytes)

    @property
    def small_name(self):
        """Return the name of the small picture in the file storage; "" if there is none."""
        return _name_in_storage(self.pk.bytes + b"small") if self.small else ""


def _name_in_storage(content):
    """Return the name in the file storage for `content` (bytes that identify the file): its SHA-256
    in hexadecimal digits, within two folders named by its first digits."""
    digits = hashlib.sha256(content).hexdigest()
    return f"{digits[:2]}/{digits[2:4]}/{digits}"


class AttachmentQuerySet(models.QuerySet):
    """Queryset of Attachments."""

    def readable_by(self, person):
        """Return a queryset of the Attachments that `person` may read as their owner: files in
        messages of their own conversations that are not in the trash, and files they have not sent
        yet. Views look up Attachments only through it, which is their permission check."""
        mine = Q(conversation__owner_id=person.pk, conversation__trashed_at=None)
        unsent = Q(message=None, owner_id=person.pk)
        return self.filter(
            (Q(message__isnull=False) & mine) | (unsent & (Q(conversation=None) | mine))
        )

    def unsent(self):
        """Return a queryset of the drafts: Attachments that belong to neither a stored nor a queued
        message."""
        return self.filter(message=None, queued=None)


class ShownAttachments(models.Manager.from_queryset(AttachmentQuerySet)):
    """Default manager of Attachments, without those that are deleted for their owner."""

    def get_queryset(self):
        """Return a queryset without the Attachments that are deleted for their owner and kept only
        by a legal hold."""
        return super().get_queryset().filter(hidden_at=None)


class Attachment(models.Model):
    """File in a message: uploaded by a person, or made by a reply. As long as it belongs to no
    message, sent or queued, it is a draft; drafts are deleted after a day.

    `text` is what a model reads of a document. `size` (bytes) and `sha256` are those of the stored
    bytes; for a picture those are the re-encoded ones, with `width` and `height` in pixels.
    """

    class State(models.TextChoices):
        """State of a file: the result of the virus check or, for a file that code of a model made,
        whether the gateway has handed it out. Only READY files are sent and shown."""

        READY = "ready", _("ready")
        SCANNING = "scanning", _("being checked for viruses")
        SUSPICIOUS = "suspicious", _("found to be dangerous")
        TOO_LARGE_TO_SCAN = "too_large_to_scan", _("too large to be checked for viruses")
        FETCHING = "fetching", _("being fetched from the gateway")
        MISSING = "missing", _("could not be had from the gateway")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="attachments"
    )
    conversation = models.ForeignKey(
        "Conversation", null=True, blank=True, on_delete=models.CASCADE, related_name="attachments"
    )
    message = models.ForeignKey(
        "Message", null=True, blank=True, on_delete=models.CASCADE, related_name="attachments"
    )
    queued = models.ForeignKey(
        "QueuedMessage", null=True, on_delete=models.SET_NULL, related_name="attachments"
    )
    # The database refuses to delete bytes that a message holds.
    stored = models.ForeignKey(
        StoredFile, null=True, on_delete=models.PROTECT, related_name="attachments"
    )
    # Its place among the files of its message.
    position = models.PositiveSmallIntegerField(default=0)
    name = models.CharField(max_length=NAME_LENGTH)
    media_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    pages = models.PositiveIntegerField(null=True)
    text = models.TextField(blank=True)
    characters = models.PositiveIntegerField(default=0)  # of `text`, which pages do not load
    # Characters of `text`, from its beginning, that the full-text search index has.
    indexed = models.PositiveIntegerField(default=0, editable=False)
    # `text` ends before the document does; the page after which it ends, where it has pages.
    is_cut = models.BooleanField(default=False)
    cut_after = models.PositiveIntegerField(null=True)
    state = models.CharField(max_length=20, choices=State.choices, default=State.READY)
    # Of a file that code of a model made: the ids of container and file at the gateway, with a
    # slash between them; when to fetch it next; the code that says why it is MISSING.
    origin = models.CharField(max_length=500, blank=True, default="", db_default="")
    fetch_at = models.DateTimeField(null=True, editable=False)
    fault = models.CharField(max_length=40, blank=True, default="", db_default="")
    created_at = models.DateTimeField(default=timezone.now)

    # Deleted for its owner by a retention rule, but kept under a legal hold.
    hidden_at = models.DateTimeField(null=True, editable=False)

    # `objects` are those that people see; `with_hidden` are all, for the review and for whatever
    # deletes bytes.
    objects = ShownAttachments()
    with_hidden = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")
        ordering = ["position", "created_at", "id"]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=Q(message__isnull=True, queued__isnull=True),
                name="unsent_files",
            ),
            models.Index(
                fields=["state"],
                condition=Q(state="scanning"),
                name="files_to_scan",
            ),
            models.Index(
                fields=["fetch_at"],
                condition=Q(state="fetching"),
                name="files_to_fetch",
            ),
        ]

    def __str__(self):
        # Not the name: no log or admin list may show it by accident.
        return str(self.pk)

    def get_absolute_url(self):
        """Return the path at which the file's owner gets its bytes."""
        return reverse("file", args=[self.pk])

    @property
    def is_picture(self):
        """Return True for a picture, False for a document or a text."""
        return self.media_type in PICTURES

    @property
    def is_ready(self):
        """Return True if the file may be sent and shown: its state is READY."""
        return self.state == self.State.READY

    @property
    def is_fetching(self):
        """Return True while the file, which code of a model made, is yet to be fetched from the
        gateway."""
        return self.state == self.State.FETCHING

    @property
    def small_width(self):
        """Return the width of the small picture in pixels, for a page to reserve its place before
        it loads. For pictures only."""
        return max(round(self.width * self._scale), 1)

    @property
    def small_height(self):
        """Return the height of the small picture in pixels. For pictures only."""
        return max(round(self.height * self._scale), 1)

    @property
    def _scale(self):
        """Return the ratio, at most 1, of the sides of the small picture to those of the
        picture."""
        return min(1, SMALL_SIDE / max(self.width, self.height, 1))

    @property
    def is_scanned(self):
        """Return True for a PDF whose state is READY and that has no text: its pages are probably
        scanned pictures."""
        return self.has_no_text and self.media_type == "application/pdf" and self.is_ready

    @property
    def has_no_text(self):
        """Return True for a document from which no text could be read, such as a scanned PDF; False
        for pictures."""
        return not self.is_picture and not self.characters


# Media types of pictures, and the ending that the name of a download gets.
PICTURES = {"image/png": ".png", "image/jpeg": ".jpg"}
# Media type of a file that a reply made and this site cannot read: it is only downloaded.
UNREAD = "application/octet-stream"
