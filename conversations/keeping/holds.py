"""Signal receivers that record in the access log every legal hold that is placed or released.

Signals are used since holds are also placed by commands and shells. The row is written in the
transaction of the change, so that a change which cannot be recorded is not made.
"""

from django.db.models.signals import post_save, pre_delete, pre_save

from conversations.models import Conversation, Hold, ReviewAccess
from conversations.review.record_access import record_change

Action = ReviewAccess.Action


class Permanent(Exception):
    """Raised if a hold would be deleted, or changed otherwise than by releasing it once."""


def connect():
    """Connect the signal receivers of this module; called once, by `AppConfig.ready`."""
    pre_save.connect(check_change, sender=Hold, dispatch_uid="check_hold")
    post_save.connect(hold_saved, sender=Hold, dispatch_uid="hold_saved")
    pre_delete.connect(refuse_deletion, sender=Hold, dispatch_uid="refuse_hold_deletion")


def check_change(instance, raw=False, **kwargs):
    """Receiver of pre_save of a Hold (`instance`): note whether this releases it, and raise
    Permanent if it changes anything else of a stored hold. `raw` is True while a fixture is
    loaded."""
    stored = None if instance._state.adding else Hold.objects.filter(pk=instance.pk).first()
    instance.is_released_now = False
    if stored is None or raw:
        return
    kept = ("person_id", "conversation_id", "reason", "placed_at", "placed_by")
    if stored.released_at or any(getattr(stored, name) != getattr(instance, name) for name in kept):
        raise Permanent("A hold can only be released.")
    instance.is_released_now = instance.released_at is not None


def hold_saved(instance, created, raw=False, **kwargs):
    """Receiver of post_save of a Hold (`instance`): record that it was placed (`created`) or
    released. `raw` is True while a fixture is loaded."""
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
    """Receiver of pre_delete of a Hold (`instance`): raise Permanent, since a hold is released, not
    deleted."""
    raise Permanent("A hold can only be released.")
