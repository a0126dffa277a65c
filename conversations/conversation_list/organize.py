"""Organizing conversations: title, pinning, archive, and the mark of a reply that was not seen."""

from django.db import transaction
from django.utils import timezone

from conversations.models import Conversation
from conversations.search import index


def rename(conversation, title):
    """Set the title, as one of the person's own, which a title by a model does not replace. Updates
    the search index."""
    with transaction.atomic():
        Conversation.objects.select_for_update().get(pk=conversation.pk)
        index.change_title(conversation.pk, title, title_source=Conversation.TitleSource.PERSON)


def pin(conversation, pinned=True):
    """Pin the conversation to the top of the list, out of the archive; or unpin it."""
    if pinned:
        _update(conversation, pinned_at=timezone.now(), archived_at=None)
    else:
        _update(conversation, pinned_at=None)


def archive(conversation, archived=True):
    """Move the conversation to the archive, unpinned; or back into the list."""
    if archived:
        _update(conversation, archived_at=timezone.now(), pinned_at=None)
    else:
        _update(conversation, archived_at=None)


def mark_seen(conversation):
    """Clear the mark of a reply that its person has not seen."""
    _update(conversation, unseen=False)


def _update(conversation, **columns):
    """UPDATE the row of the conversation, without signals or `save`."""
    Conversation.objects.filter(pk=conversation.pk).update(**columns)
