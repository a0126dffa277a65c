"""Search for files by their names: those of the messages in a person's conversations."""

from django.db.models import Q

from conversations.models import Attachment

MOST = 20  # files


def files_named(person, text, *, conversation=None, model="", since=None, until=None):
    """Return a list of up to MOST Attachments in conversations of `person` whose names contain all
    words of `text`, in any case, the newest first.

    `conversation` (an id), `model` (a name), `since` and `until` (datetimes; the latter exclusive)
    narrow it. Temporary conversations are left out, as by the search in texts.
    """
    words = text.replace("\0", "").replace('"', " ").split()
    if not words:
        return []
    wanted = Q(message__isnull=False, conversation__temporary=False)
    for word in words:
        wanted &= Q(name__icontains=word)
    if conversation is not None:
        wanted &= Q(conversation=conversation)
    if model:
        wanted &= Q(conversation__model=model)
    if since:
        wanted &= Q(message__created_at__gte=since)
    if until:
        wanted &= Q(message__created_at__lt=until)
    mine = Attachment.objects.readable_by(person).filter(wanted).select_related("message")
    return list(
        mine.only("name", "conversation", "message__created_at").order_by("-created_at")[:MOST]
    )
