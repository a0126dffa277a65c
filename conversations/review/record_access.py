"""Recording of acts in the access log; person, address and request id come from the request."""

import logging
from contextlib import contextmanager
from contextvars import ContextVar

from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import transaction

from conversations.models import ReviewAccess
from conversations.review.reading_pace import check_pace

logger = logging.getLogger("conversations.review")

# The request whose forms change permissions; none in a command on the server.
_acting = ContextVar("acting", default=None)


def record(request, action, *, conversation=None, sitting=None, **fields):
    """Append to the access log that `request.user` does `action`, in the caller's transaction.

    `conversation` is the one concerned, `sitting` the ReviewSitting whose reason counts, `fields`
    are further fields of ReviewAccess. Returns the row. Whatever it raises must end the act: catch
    it only around the whole act. Raises TooManyReadings where it is a reading above the limit; the
    row is not written then.
    """
    if conversation is not None:
        fields |= {"conversation_id": conversation.pk, "owner_id": conversation.owner_id}
    if sitting is not None:
        fields |= {"reason": sitting.reason, "explanation": sitting.explanation}
    with transaction.atomic():
        access = _write(action, request, **fields)
        if action in ReviewAccess.READING:
            check_pace(request.user.pk)
    return access


def record_change(action, **fields):
    """Append to the access log a change of a review scope or permission. It is the act of the
    person whose request is in `acting`; outside of that the row names nobody: a command on the
    server."""
    return _write(action, _acting.get(), **fields)


@contextmanager
def acting(request):
    """A context manager: inside, changes of review scopes and permissions are recorded as acts of
    `request.user`."""
    token = _acting.set(request)
    try:
        yield
    finally:
        _acting.reset(token)


def _write(action, request, **fields):
    if request is not None:
        fields |= {
            "reviewer_id": request.user.pk,
            "address": address_of(request),
            "request_id": request.id,
        }
    access = ReviewAccess.objects.record(action, **fields)
    transaction.on_commit(lambda: _copy(access))
    return access


def _copy(access):
    """Write number, ids and hash of the row to the server's log, which who owns the database cannot
    change."""
    logger.info(
        "access %s: %s by %s, of %s, conversation %s, hash %s",
        access.number,
        access.action,
        access.reviewer_id,
        access.owner_id,
        access.conversation_id,
        access.hash,
    )


def address_of(request):
    """The IP address of the client, as the trusted proxies pass it on; "" where it is unknown."""
    try:
        return get_adapter().get_client_ip(request)
    except (PermissionDenied, ImproperlyConfigured):
        return ""
