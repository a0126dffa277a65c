"""Signal receivers that record in the access log each legal hold (Hold) that is placed or released,
and refuse any other change of one.

Signals are used since holds are also placed by commands and shells. The row of the access log is
written in the transaction of the change, so that no hold changes without a record.
"""

from django.db.models.signals import post_save, pre_delete, pre_save

from conversations.models import Conversation, Hold, ReviewAccess
from conversations.review.record_access import record_change

Action = ReviewAccess.Action


class Permanent(Exception):
    """Exception: a legal hold cannot be deleted, nor changed except by releasing it once."""


def connect():
    """Connect the signal receivers of this module; called once, by `AppConfig.ready`."""
    pre_save.connect(check_change, sender=Hold, dispatch_uid="check_hold")
    post_save.connect(hold_saved, sender=Hold, dispatch_uid="hold_saved")
    pre_delete.connect(refuse_deletion, sender=Hold, dispatch_uid="refuse_hold_deletion")


def check_change(instance, raw=False, **kwargs):
    """Check a Hold (`instance`) before it is saved: raise Permanent if a stored hold would be
    changed otherwise than by being released. Set `instance.is_released_now`, for `hold_saved`.
    Receiver of pre_save; `raw` is True while a fixture is loaded, which is not checked."""
    stored = None if instance._state.adding else Hold.objects.filter(pk=instance.pk).first()
    instance.is_released_now = False
    if stored is None or raw:
        return
    kept = ("person_id", "conversation_id", "reason", "placed_at", "placed_by")
    if stored.released_at or any(getattr(stored, name) != getattr(instance, name) for name in kept):
        raise Permanent("A hold can only be released.")
    instance.is_released_now = instance.released_at is not None


def hold_saved(instance, created, raw=False, **kwargs):
    """Record in the access log that a Hold (`instance`) was placed (`created` is True) or released.
    Receiver of post_save; `raw` is True while a fixture is loaded, which is not recorded."""
    if raw or not (created or instance.is_released_now):
        return
    owner = instance.person_id
    if owner is None:
        held = Conversation.objects.filter(pk=instance.conversation_id)
        owner = held.values_list("owner_id", flat=True).first()
    record_change(
        Action.HELD if created else Action.RELEASED,
        owner_id=owner,
        conversation_id=instance.conversation_id,
        explanation=instance.reason if created else instance.release_reason,
        detail={"hold": instance.pk, "on": "person" if instance.person_id else "conversation"},
    )


def refuse_deletion(instance, **kwargs):
    """Raise Permanent, since a legal hold can only be released, not deleted. Receiver of
    pre_delete."""
    raise Permanent("A hold can only be released.")
