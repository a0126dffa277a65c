"""Capacity: whether other processes have room for a reply that this process has no room for."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Count, Q
from django.db.models.functions import Now

from conversations.models import Response

Status = Response.Status

# A process renews the heartbeat of each of its replies at least once a second.
ALIVE = timedelta(seconds=5)


def others_have_room(lease):
    """Return True if another process than that of `lease` (UUID) would soon take a queued reply.

    Processes are known by the replies that they are writing now, each with its process's UUID; one
    takes up to MAX_LIVE_REPLIES. Replies that are queued already are counted against that room.
    """
    open_replies = Response.objects.open().filter(purpose=Response.Purpose.REPLY)
    written = Q(status=Status.IN_PROGRESS, heartbeat_at__gt=Now() - ALIVE) & ~Q(lease=lease)
    loads = open_replies.filter(written).values("lease").annotate(replies=Count("pk"))
    room = sum(max(settings.MAX_LIVE_REPLIES - load["replies"], 0) for load in loads)
    return room > 0 and room > open_replies.filter(status=Status.QUEUED).count()
