"""Capacity: whether other processes have room for a reply that this one cannot take."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Count, Q
from django.db.models.functions import Now

from conversations.models import Response

Status = Response.Status

# A process renews the heartbeat of each of its replies at least once a second.
ALIVE = timedelta(seconds=5)


def others_have_room(lease):
    """Whether a queued reply would soon be claimed by a process other than that of `lease`.

    Known are processes that write a reply now, by their leases; each takes MAX_LIVE_REPLIES. What
    is queued already will take some of their room.
    """
    open_replies = Response.objects.open().filter(purpose=Response.Purpose.REPLY)
    written = Q(status=Status.IN_PROGRESS, heartbeat_at__gt=Now() - ALIVE) & ~Q(lease=lease)
    loads = open_replies.filter(written).values("lease").annotate(replies=Count("pk"))
    room = sum(max(settings.MAX_LIVE_REPLIES - load["replies"], 0) for load in loads)
    return room > 0 and room > open_replies.filter(status=Status.QUEUED).count()
