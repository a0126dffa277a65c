"""Recovery: the end of replies whose process died, and of those that no process began.

A process that writes a reply renews the heartbeat of its Response at least once a second. The reply
is declared dead, which is called burying it here, once that heartbeat has not changed for
REPLY_DEAD seconds of successful sweeps of the process that declares it: no clocks are compared, and
an outage of the database, in which nobody can renew or read anything, counts for nothing. A writer
that was buried all the same, since it was frozen or cut off, puts its text and its end back.

All functions are units of work for a Lane, safe to repeat.
"""

import time
from datetime import timedelta
from functools import cache

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from conversations.database.statements import as_stored, change, compiled, from_stored, rows
from conversations.models import Conversation, Message, Response
from conversations.rendering import THOUGHTS, render
from conversations.replies.response_states import end, load, replace_end, write_message
from conversations.search import index

Status = Response.Status

# Why a buried reply is interrupted: `Response.reason`.
CRASHED = "crashed"
# A heartbeat that is younger need not be looked at.
SILENT_AFTER = timedelta(seconds=2)
# What nobody claimed by now is claimed by any process that has room …
UNCLAIMED_AFTER = timedelta(seconds=2)
# … and fails where none had, also for EXPIRES_SEEN seconds of sweeps: not right after an outage.
EXPIRES_AFTER = timedelta(seconds=60)
EXPIRES_SEEN = 10
# The most seconds that count as stood still between two sweeps, which are a second apart.
LONGEST_STEP = 2


class Standstill:
    """For how many seconds values have not changed, as seen by one process's successful sweeps.

    `clock` gives seconds that only grow.
    """

    def __init__(self, clock=time.monotonic):
        self._clock = clock
        self._seen = {}
        self._looked_at = None

    def look(self, values):
        """Take what a sweep has just read, `{id: value}`; `{id: seconds}` since the value of each
        was first seen. What a sweep does not find is forgotten."""
        now = self._clock()
        step = 0 if self._looked_at is None else min(now - self._looked_at, LONGEST_STEP)
        self._looked_at = now
        before, self._seen = self._seen, {}
        for key, value in values.items():
            old, still = before.get(key, (None, 0))
            self._seen[key] = (value, still + step if key in before and old == value else 0)
        return {key: still for key, (_value, still) in self._seen.items()}


def left_behind(mine, standstill):
    """What every process looks for once a second, oldest first: `(dead, expired, unclaimed)`.

    `dead` has `(id, heartbeat as stored)` of Responses whose heartbeat stood still for REPLY_DEAD
    seconds; `expired` the ids of those queued for too long, `unclaimed` of those that nobody has
    claimed so far. `mine` are ids that this process writes itself and so never declares dead;
    `standstill` is its Standstill.
    """
    found = [(from_stored(pk), *rest) for pk, *rest in rows(*_left_behind())]
    found = [row for row in found if row[0] not in mine]
    silent = [pk for pk, status, _heartbeat, _expired in found if status == Status.IN_PROGRESS]
    if silent:
        # Where nothing can be written, as on a full disk, no writer can renew its heartbeat: this
        # raises then, and the sweep does not count.
        change(_WRITE_NOTHING, as_stored(silent[0]))
    still = standstill.look({pk: heartbeat for pk, _status, heartbeat, _expired in found})
    dead, expired, unclaimed = [], [], []
    for pk, status, heartbeat, is_expired in found:
        if status == Status.IN_PROGRESS:
            if still[pk] >= settings.REPLY_DEAD:
                dead.append((pk, heartbeat))
        elif is_expired and still[pk] >= EXPIRES_SEEN:
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
    return compiled(
        Response.objects.open()
        .filter(
            Q(silent, status=Status.IN_PROGRESS)
            | Q(status=Status.QUEUED, created_at__lt=Now() - UNCLAIMED_AFTER)
        )
        .annotate(is_expired=Q(created_at__lt=Now() - EXPIRES_AFTER))
        .order_by("created_at")
        .values_list("pk", "status", "heartbeat_at", "is_expired")[:1000]
    )


_HEARTBEAT = "SELECT heartbeat_at FROM conversations_response WHERE id = %s"


def bury(response_id, heartbeat=None):
    """End a reply whose process died as interrupted, its text kept. Whether it was ended.

    With `heartbeat`, as `left_behind` gave it, only if that is still its heartbeat.
    """
    seen = rows(_HEARTBEAT, as_stored(response_id)) if heartbeat is None else [(heartbeat,)]
    response = load(response_id)
    if response is None or response.status != Status.IN_PROGRESS:
        return False
    texts = (response.partial, response.partial_reasoning)
    limits = {
        "account": response.person_id,
        "patience": 2,
        "name": str(response.message_id or ""),
    }
    html = render(texts[0], **limits)
    reasoning_html = render(texts[1], THOUGHTS, **limits)
    fields = {
        "status": Status.INTERRUPTED,
        "reason": CRASHED,
        # Whether it was sent, nobody knows any more: it may have been charged.
        "usage_source": Response.UsageSource.ESTIMATED,
    }
    dead = Response.objects.filter(pk=response_id, status=Status.IN_PROGRESS, lease=response.lease)
    with transaction.atomic():
        locked = list(dead.select_for_update().values_list("pk"))
        if not locked or rows(_HEARTBEAT, as_stored(response_id)) != seen:
            return False
        if end(dead, fields, *texts) is None:
            return False
        write_message(response, texts[0], html, texts[1], reasoning_html)
    return True


def _buried(response_ids, lease):
    return Response.objects.filter(
        pk__in=response_ids, lease=lease, status=Status.INTERRUPTED, reason=CRASHED
    )


def still_wanted(response_ids, lease):
    """Of the `response_ids` that the process `lease` writes those that were buried and that nobody
    has retried yet: it goes on writing them, and puts them back at their end."""
    buried = _buried(response_ids, lease).filter(message__isnull=False).select_related("message")
    return {response.pk for response in buried if not _is_retried(response.message)}


def put_back(response, lease, fields, text, html, reasoning, reasoning_html):
    """The end of a reply that was buried while the process `lease` went on writing it.

    Its text replaces what was left when it was buried, and its settlement the estimate, in one
    transaction. The columns as they were written; None where it was not buried, or retried since.
    """
    with transaction.atomic():
        # A Retry changes the conversation first: from here on none is stored.
        whose = Conversation.objects.select_for_update().filter(pk=response.conversation_id)
        message = response.message
        if not whose.values_list("pk").first() or message is None or _is_retried(message):
            return None
        index.forget_message(message)
        ending = replace_end(_buried([response.pk], lease), fields, text, reasoning)
        if ending is None:
            transaction.set_rollback(True)
            return None
        write_message(response, text, html, reasoning, reasoning_html)
    return ending


def _is_retried(message):
    """Whether there is a later reply to the same message."""
    later = Message.objects.filter(parent_id=message.parent_id, created_at__gt=message.created_at)
    return later.exclude(pk=message.pk).exists()


def expire(response_id):
    """Fail a Response that no process had room for in EXPIRES_AFTER. Whether it was so."""
    unclaimed = Response.objects.filter(
        pk=response_id, status=Status.QUEUED, created_at__lt=Now() - EXPIRES_AFTER
    )
    fields = {
        "status": Status.FAILED,
        "error_code": "expired",
        "usage_source": Response.UsageSource.NONE,
    }
    with transaction.atomic():
        return end(unclaimed, fields) is not None
