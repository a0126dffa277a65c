"""Organizing conversations: their person names, pins and archives them."""

from django.db import transaction
from django.utils import timezone

from conversations.models import Conversation
from conversations.search import index


def rename(conversation, title):
    """Give the conversation a `title` of its person's own, which no model overwrites."""
    with transaction.atomic():
        Conversation.objects.select_for_update().get(pk=conversation.pk)
        index.change_title(conversation.pk, title, title_source=Conversation.TitleSource.PERSON)


def pin(conversation, pinned=True):
    """Keep it at the top of the list, also where it was archived; or no longer."""
    if pinned:
        _update(conversation, pinned_at=timezone.now(), archived_at=None)
    else:
        _update(conversation, pinned_at=None)


def archive(conversation, archived=True):
    """Take it out of the list, onto the page of archived ones; or put it back."""
    if archived:
        _update(conversation, archived_at=timezone.now(), pinned_at=None)
    else:
        _update(conversation, archived_at=None)


def mark_seen(conversation):
    """Note that its person has seen the newest reply."""
    _update(conversation, unseen=False)


def _update(conversation, **columns):
    Conversation.objects.filter(pk=conversation.pk).update(**columns)
