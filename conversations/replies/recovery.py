"""Recovery: the end of replies whose process died, and of those that no process began.

A process that writes a reply renews the heartbeat of its Response at least once a second. All
functions are units of work for a Lane, safe to repeat.
"""

from datetime import timedelta
from functools import cache

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from conversations.database.statements import compiled, from_stored, rows
from conversations.models import Response
from conversations.rendering import THOUGHTS, render
from conversations.replies.response_states import end, load, write_message

Status = Response.Status

# A reply whose heartbeat is older belongs to a process that died; by the database's clock.
DEAD_AFTER = timedelta(seconds=settings.REPLY_DEAD)
# What nobody claimed by now is claimed by any process that has room …
UNCLAIMED_AFTER = timedelta(seconds=2)
# … and fails where none had.
EXPIRES_AFTER = timedelta(seconds=60)
_DEAD = Q(status=Status.IN_PROGRESS, heartbeat_at__lt=Now() - DEAD_AFTER)


def see(response_id):
    """The Response as `load` gives it to a reader, ended first where its process died."""
    bury(response_id)
    return load(response_id)


def left_behind(mine):
    """Ids of Responses that every process looks for once a second: three lists, oldest first, of
    those whose process died, those queued for too long, and those that nobody has claimed so far.

    `mine` are ids that this process writes itself and so never declares dead.
    """
    dead, expired, unclaimed = [], [], []
    for stored, status, is_expired in rows(*_left_behind()):
        pk = from_stored(stored)
        if pk not in mine:
            waiting = expired if is_expired else unclaimed
            (dead if status == Status.IN_PROGRESS else waiting).append(pk)
    return dead, expired, unclaimed


@cache
def _left_behind():
    return compiled(
        Response.objects.open()
        .filter(_DEAD | Q(status=Status.QUEUED, created_at__lt=Now() - UNCLAIMED_AFTER))
        .annotate(is_expired=Q(created_at__lt=Now() - EXPIRES_AFTER))
        .order_by("created_at")
        .values_list("pk", "status", "is_expired")[:1000]
    )


def bury(response_id):
    """End a reply whose process died as interrupted, its text kept. Whether it was dead."""
    response = Response.objects.filter(_DEAD, pk=response_id).first()
    if response is None:
        return False
    limits = {
        "account": response.person_id,
        "patience": 2,
        "name": str(response.message_id or ""),
    }
    html = render(response.partial, **limits)
    reasoning_html = render(response.partial_reasoning, THOUGHTS, **limits)
    fields = {
        "status": Status.INTERRUPTED,
        "reason": "crashed",
        # Whether it was sent, nobody knows any more: it may have been charged.
        "usage_source": Response.UsageSource.ESTIMATED,
    }
    dead = Response.objects.filter(_DEAD, pk=response_id, lease=response.lease)
    with transaction.atomic():
        buried = end(dead, fields, response.partial, response.partial_reasoning)
        if buried is not None:
            reasoning = (response.partial_reasoning, reasoning_html)
            write_message(response, response.partial, html, *reasoning)
    return buried is not None


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
