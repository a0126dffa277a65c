"""Database model of rows of the full-text search index."""

from django.db import models
from django.utils import timezone


class SearchEntry(models.Model):
    """Row of the full-text search index. Its text is a message, a file of a message, a section of a
    long one of these (`part` is its number, from 0) or, if `message` is null, the title of a
    conversation.

    The words are in the database's own full-text index: FTS5 on SQLite, a tsvector on PostgreSQL
    (`conversations.search`).
    """

    owner_id = models.BigIntegerField()
    conversation = models.ForeignKey(
        "Conversation", on_delete=models.CASCADE, related_name="search_entries"
    )
    message = models.ForeignKey(
        "Message", null=True, on_delete=models.CASCADE, related_name="search_entries"
    )
    # Set where the text is the name and the extracted text of a file.
    attachment = models.ForeignKey(
        "Attachment",
        null=True,
        on_delete=models.CASCADE,
        related_name="search_entries",
        db_index=False,
    )
    part = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "search entry"
        verbose_name_plural = "search entries"
        indexes = [
            models.Index(
                fields=["attachment"],
                condition=models.Q(attachment__isnull=False),
                name="search_entries_of_files",
            ),
        ]

    def __str__(self):
        return str(self.pk)
