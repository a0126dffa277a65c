"""Recording in the access log: appends what reviewers do, and changes of who may review, with the
person, IP address and id of the request."""

import logging
from contextlib import contextmanager
from contextvars import ContextVar

from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db import transaction

from conversations.models import ReviewAccess
from conversations.review.reading_pace import check_pace

logger = logging.getLogger("conversations.review")

# Key in `detail` of acts on a conversation that was deleted for its owner and is kept by a hold.
HIDDEN = "deleted_for_owner"

# The request in which changes are made (None in a command on the server), and the word for what
# decides in place of its user ("": the user).
_acting = ContextVar("acting", default=(None, ""))


def record(request, action, *, conversation=None, sitting=None, **fields):
    """Append a row to the access log: `request.user` does `action` (a ReviewAccess.Action). Return
    the row. Raise TooManyReadings, and write nothing, if it is a reading above the hourly limit.

    `conversation` is the one concerned; `sitting` is the ReviewSitting (a reviewer's stated reason)
    that the reason is taken from; `fields` are further fields of ReviewAccess. The row belongs to
    the caller's transaction. After any exception the act must not go on: catch it only around the
    whole act.
    """
    if conversation is not None:
        fields |= {"conversation_id": conversation.pk, "owner_id": conversation.owner_id}
        if conversation.hidden_at is not None:
            # The notice of reviews leaves it out: it would tell of the legal hold.
            fields["detail"] = {**fields.get("detail", {}), HIDDEN: True}
    if sitting is not None:
        fields |= {"reason": sitting.reason, "explanation": sitting.explanation}
    with transaction.atomic():
        access = _write(action, request, **fields)
        if action in ReviewAccess.READING:
            check_pace(request.user.pk)
    return access


def record_change(action, **fields):
    """Append a row to the access log: a review scope, a permission or a setting was changed.
    `action` is a ReviewAccess.Action, `fields` are further fields of ReviewAccess. Return the row.

    The act is that of the user of the request given to `acting`; outside of `acting`, as in a
    command on the server, the row names nobody.
    """
    request, by = _acting.get()
    if by:
        fields |= {"detail": {**fields.get("detail", {}), "by": by}, "reviewer_id": None}
    return _write(action, request, **fields)


@contextmanager
def acting(request, by=""):
    """Context manager: whatever is recorded within it is an act of `request.user`. With `by`, a
    word for what decided in place of a person, such as "directory" (the organisation's identity
    provider), the rows of the access log name nobody and have that word in `detail`."""
    token = _acting.set((request, by))
    try:
        yield
    finally:
        _acting.reset(token)


def is_acting():
    """Return True if changes are being recorded as acts of a member of staff who uses Django's
    administration (within `acting`, without `by`); False for those of a command on the server, an
    invitation or the identity provider."""
    request, by = _acting.get()
    return request is not None and not by


def _write(action, request, **fields):
    """Append a row to the access log with `fields` for `action` (a ReviewAccess.Action), and with
    user, IP address and id of `request` unless that is None. On commit copy it to the server's log.
    Return the row."""
    if request is not None:
        fields = {
            "reviewer_id": request.user.pk,
            "address": address_of(request),
            "request_id": request.id,
            **fields,
        }
    access = ReviewAccess.objects.record(action, **fields)
    transaction.on_commit(lambda: _copy(access))
    return access


def _copy(access):
    """Write number, action, ids and hash of the row `access` (ReviewAccess) of the access log to
    the server's log, which the owner of the database cannot change."""
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
    """Return the IP address of the client as text, as trusted proxies pass it on; "" if it is
    unknown."""
    try:
        return get_adapter().get_client_ip(request)
    except (PermissionDenied, ImproperlyConfigured):
        return ""
