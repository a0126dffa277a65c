"""Capacity: how much room the server processes have, on all machines, for replies and streams.

Each process announces its load in a row of its own (ServerProcess). A process that is full asks
there whether another has room: then it queues the reply (`replies.submit`), which the first process
with room finds at its next sweep (`housekeeping`) and writes. Rows are renewed as seldom as that
allows: an idle process costs the database one small write every RENEWED seconds.

All functions but Announcer's are units of work for a Lane or a request's thread.
"""

import time
from datetime import timedelta

from django.db.models import Sum
from django.db.models.functions import Now

from conversations.database.statements import as_stored, change
from conversations.models import Response, ServerProcess

RENEWED = 3.0  # seconds between two announcements of an unchanged load
# A row that is older, or newer because the database's clock was set back, counts for nothing.
ALIVE = timedelta(seconds=8)
# Rows of processes that died are deleted when another starts.
FORGOTTEN = timedelta(minutes=1)


class Announcer:
    """Writer of the row (ServerProcess) that announces a process's load to the others, as seldom as
    possible. `lease` is the UUID of the process; `clock()` returns seconds, as time.monotonic."""

    def __init__(self, lease, clock=time.monotonic):
        self._lease = lease
        self._clock = clock
        self._announced = None
        self._at = None

    async def look(self, lane, load):
        """Store `load`, the tuple that `Engine.figures` returns, in the database, if it has changed
        or was stored RENEWED seconds ago. `lane` is the Lane (database thread) that writes it."""
        now = self._clock()
        if load == self._announced and now - self._at < RENEWED:
            return
        if self._announced is None:
            await lane.run(forget_dead)
        await lane.run(announce, self._lease, *load)
        self._announced, self._at = load, now


def announce(lease, replies, streams, room_for_replies, room_for_streams):
    """Store the load of the process with this `lease` (UUID), with the database's time.

    `replies` and `streams` are the numbers of replies that it writes and of event streams that it
    sends; `room_for_…` are how many more of each it would take.
    """
    change(_ANNOUNCE, as_stored(lease), replies, streams, room_for_replies, room_for_streams)


# One statement; the ORM's takes three.
_ANNOUNCE = """
INSERT INTO conversations_serverprocess
    (lease, replies, streams, room_for_replies, room_for_streams, heartbeat_at)
VALUES (%s, %s, %s, %s, %s, CURRENT_TIMESTAMP)
ON CONFLICT (lease) DO UPDATE SET
    replies = excluded.replies,
    streams = excluded.streams,
    room_for_replies = excluded.room_for_replies,
    room_for_streams = excluded.room_for_streams,
    heartbeat_at = excluded.heartbeat_at
"""


def withdraw(lease):
    """Delete the row that announces the load of the process with this `lease` (UUID), which is
    exiting."""
    ServerProcess.objects.filter(lease=lease).delete()


def forget_dead():
    """Delete the rows of load that were not renewed for a minute (FORGOTTEN), since their processes
    must have died."""
    ServerProcess.objects.filter(heartbeat_at__lt=Now() - FORGOTTEN).delete()


def others_have_room(lease):
    """Return True if another process than that of `lease` (UUID) would soon take a queued reply.

    Replies that are queued already are counted against the room that the others have.
    """
    others = ServerProcess.objects.exclude(lease=lease).filter(
        heartbeat_at__gt=Now() - ALIVE, heartbeat_at__lt=Now() + ALIVE
    )
    room = others.aggregate(room=Sum("room_for_replies"))["room"] or 0
    if not room:
        return False
    queued = Response.objects.open().filter(
        purpose=Response.Purpose.REPLY, status=Response.Status.QUEUED
    )
    return room > queued.count()
