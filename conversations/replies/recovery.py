"""Recovery: ends replies whose process died, and replies that no process has begun.

A process that writes a reply renews the heartbeat of its Response at least once a second. The reply
is declared dead ("buried") once that heartbeat has not changed for REPLY_DEAD seconds of successful
sweeps of the process that declares it: no clocks are compared, and an outage of the database, in
which nobody can renew or read anything, counts for nothing. A process that writes a buried reply
all the same, since it was only frozen or cut off, puts the reply's text and end back.

All functions are units of work for a Lane, safe to repeat.
"""

import time
from datetime import timedelta
from functools import cache

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from conversations import items
from conversations.database.outage import is_outage
from conversations.database.statements import as_stored, change, compiled, from_stored, rows
from conversations.models import Conversation, Message, Response
from conversations.rendering import THOUGHTS, render
from conversations.replies import partial_items
from conversations.replies.outcome import billed
from conversations.replies.response_states import end, load, replace_end, write_message
from conversations.search import index
from conversations.upstream import Billing

Status = Response.Status

# Why a buried reply is interrupted: `Response.reason`.
CRASHED = "crashed"
# A heartbeat that is younger need not be looked at.
SILENT_AFTER = timedelta(seconds=2)
# A queued reply may be claimed by any process that has room, after a moment that is left to the
# process in which somebody watches it …
UNCLAIMED_AFTER = timedelta(seconds=0.5)
# … and fails where none had by now …
EXPIRES_AFTER = timedelta(seconds=60)
# … also for that many seconds of sweeps: not right after an outage, nor by a wrong clock alone.
EXPIRES_SEEN = 10
# The most seconds that count as stood still between two sweeps, which are a second apart.
LONGEST_STEP = 2


class Standstill:
    """Stopwatch for values: for how many seconds each has been the same in all calls of `look`.

    Used by one process for the heartbeats that its sweeps read. `clock()` returns seconds, as
    time.monotonic does.
    """

    def __init__(self, clock=time.monotonic):
        self._clock = clock
        self._seen = {}
        self._looked_at = None

    def look(self, values):
        """Take the values just read, `{id: value}`; return `{id: seconds without a change}`.

        Between two calls at most LONGEST_STEP seconds are counted. An id that is missing is
        forgotten.
        """
        now = self._clock()
        step = 0 if self._looked_at is None else min(now - self._looked_at, LONGEST_STEP)
        self._looked_at = now
        before, self._seen = self._seen, {}
        for key, value in values.items():
            old, still = before.get(key, (None, 0))
            self._seen[key] = (value, still + step if key in before and old == value else 0)
        return {key: still for key, (_value, still) in self._seen.items()}


def left_behind(mine, standstill, doubtful=()):
    """Find replies that need an end or a process: `(dead, expired, unclaimed)`, oldest first.

    `dead` has `(id, heartbeat as stored)` of Responses whose heartbeat stood still for REPLY_DEAD
    seconds, `expired` the ids of those queued for too long, `unclaimed` the ids of the other queued
    ones and of those in `doubtful` that are stored as begun. `mine` are the ids that this process
    writes itself, which are left out; `standstill` is its Standstill. Raises an error of the
    database if it cannot be read or, while a heartbeat stands still, written.
    """
    found = [(from_stored(pk), *rest) for pk, *rest in rows(*_left_behind())]
    found = [row for row in found if row[0] not in mine]
    silent = [pk for pk, status, _heartbeat, _expired in found if status == Status.IN_PROGRESS]
    if silent:
        # Where nothing can be written, as on a full disk, no writer can renew its heartbeat: this
        # raises then, and the sweep does not count.
        try:
            change(_WRITE_NOTHING, as_stored(silent[0]))
        except DatabaseError as error:
            # What is wrong with this one row says nothing of the others.
            if is_outage(error):
                raise
    still = standstill.look({pk: heartbeat for pk, _status, heartbeat, _expired in found})
    dead, expired, unclaimed = [], [], []
    for pk, status, heartbeat, is_expired in found:
        if pk in doubtful and status == Status.IN_PROGRESS:
            unclaimed.append(pk)
        elif status == Status.IN_PROGRESS:
            if still[pk] >= settings.REPLY_DEAD:
                dead.append((pk, heartbeat))
        elif still[pk] >= (EXPIRES_SEEN if is_expired else EXPIRES_AFTER.seconds):
            expired.append(pk)
        else:
            unclaimed.append(pk)
    return dead, expired, unclaimed


_WRITE_NOTHING = "UPDATE conversations_response SET heartbeat_at = heartbeat_at WHERE id = %s"


@cache
def _left_behind():
    # A heartbeat in the future was written before the database's clock was set back.
    silent = (
        Q(heartbeat_at__lt=Now() - SILENT_AFTER)
        | Q(heartbeat_at__gt=Now() + SILENT_AFTER)
        | Q(heartbeat_at=None)
    )
    unclaimed = Q(created_at__lt=Now() - UNCLAIMED_AFTER) | Q(created_at__gt=Now())
    return compiled(
        Response.objects.open()
        .filter(Q(silent, status=Status.IN_PROGRESS) | Q(unclaimed, status=Status.QUEUED))
        .annotate(is_expired=Q(created_at__lt=Now() - EXPIRES_AFTER))
        .order_by("created_at")
        .values_list("pk", "status", "heartbeat_at", "is_expired")[:1000]
    )


_HEARTBEAT = "SELECT heartbeat_at FROM conversations_response WHERE id = %s"


def bury(response_id, heartbeat=None):
    """End the reply of a process that died ("bury" it): as interrupted, with its text so far. The
    reply is ended only if its last heartbeat is still `heartbeat`, as `left_behind` returned it
    (None: the one it has now). Returns True if it was ended."""
    seen = rows(_HEARTBEAT, as_stored(response_id)) if heartbeat is None else [(heartbeat,)]
    response = load(response_id)
    if response is None or response.status != Status.IN_PROGRESS:
        return False
    text, reasoning, stored = _rendered(response)
    fields = {
        "status": Status.INTERRUPTED,
        "reason": CRASHED,
        # Whether it was sent, nobody knows any more: it may have been charged.
        "usage_source": Response.UsageSource.ESTIMATED,
        **billed(Billing(), response.request.get("parameters", {})),
    }
    dead = Response.objects.filter(pk=response_id, status=Status.IN_PROGRESS, lease=response.lease)
    with transaction.atomic():
        locked = list(dead.select_for_update().values_list("pk"))
        if not locked or rows(_HEARTBEAT, as_stored(response_id)) != seen:
            return False
        if end(dead, fields, text, reasoning, items=stored[-1]) is None:
            return False
        write_message(response, *stored)
    return True


def _rendered(response):
    """Return `(text, reasoning, columns)` for the last checkpoint of `response` (a Response): its
    texts in Markdown, and the tuple `(text, HTML, reasoning, reasoning's HTML, items)` to store in
    its message (items: None for a plain reply)."""
    text, reasoning = response.partial, response.partial_reasoning
    limits = {"account": response.person_id, "patience": 2}
    name = str(response.message_id or "")
    found = partial_items.as_items(text, reasoning, response.partial_items)
    if found is not None:
        # Of all that came: cleaning cuts an item that is too large to be stored as one.
        made = items.projections(found, name, **limits)
        found = items.clean_all(found)
        columns = (made.text, made.html, made.reasoning, made.reasoning_html, found)
    else:
        html = render(text, name=name, **limits)
        columns = (text, html, reasoning, render(reasoning, THOUGHTS, name=name, **limits), None)
    return text, reasoning, columns


def _buried(response_ids, lease):
    """Return a QuerySet of those Responses with the ids `response_ids` that the process with this
    `lease` (UUID) wrote and another process buried (declared dead)."""
    return Response.objects.filter(
        pk__in=response_ids, lease=lease, status=Status.INTERRUPTED, reason=CRASHED
    )


def still_wanted(response_ids, lease):
    """Return those ids of `response_ids` (a set) that were buried (declared dead) and not retried
    since; deleted ones are left out.

    The process with this `lease` (UUID) is still writing them; it goes on and puts their end back.
    """
    buried = _buried(response_ids, lease).filter(message__isnull=False).select_related("message")
    return {response.pk for response in buried if not _is_retried(response.message)}


def put_back(response, lease, fields, text, html, reasoning, reasoning_html, items=None):
    """Store the real end of a reply that was buried (declared dead) while its process still wrote
    it.

    `lease` is that process's UUID, `fields` the columns of the end, followed by the final texts,
    their HTML, and the items (None for a plain reply). They replace what `bury` stored, in the
    usage records too, in one transaction. Returns the columns as written; None if the reply was not
    buried, or was retried since.
    """
    with transaction.atomic():
        # A Retry changes the conversation first: from here on none is stored.
        whose = Conversation.objects.select_for_update().filter(pk=response.conversation_id)
        message = response.message
        if not whose.values_list("pk").first() or message is None or _is_retried(message):
            return None
        index.forget_message(message)
        buried = _buried([response.pk], lease)
        ending = replace_end(buried, fields, text, reasoning, items=items)
        if ending is None:
            transaction.set_rollback(True)
            return None
        write_message(response, text, html, reasoning, reasoning_html, items)
        index.add_files(response.person_id, message, list(message.attachments.all()))
    return ending


def _is_retried(message):
    """Return True if there is a later reply to the message that the Message `message` answers."""
    later = Message.objects.filter(parent_id=message.parent_id, created_at__gt=message.created_at)
    return later.exclude(pk=message.pk).exists()


def expire(response_id):
    """End the queued Response with this id as failed, since no process began it in time. Return
    True if it did, False if the Response is not queued any more."""
    unclaimed = Response.objects.filter(pk=response_id, status=Status.QUEUED)
    fields = {
        "status": Status.FAILED,
        "error_code": "expired",
        "usage_source": Response.UsageSource.NONE,
    }
    with transaction.atomic():
        return end(unclaimed, fields) is not None
