"""Who may review whom: every change of it is an act of the access log too.

By signals, against our habit: groups and permissions are Django's own models, changed by its
admin, by commands and by shells, and each of those ways must be recorded, in the transaction that
makes the change. A change that cannot be recorded is not made.
"""

from django.contrib.auth.models import Group, Permission
from django.db.models import Q
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete

from conversations.models import Person, ReviewAccess, Scope
from conversations.review.recording import record_change

Action = ReviewAccess.Action
# What opens the door, and what opens the log of it.
WATCHED = Q(
    content_type__app_label="conversations",
    codename__in=["review_conversation", "view_reviewaccess"],
)


def connect():
    """Begin to watch; called once, when the apps are ready."""
    for through, receiver in (
        (Person.user_permissions.through, permissions_of_person),
        (Person.groups.through, members_of_group),
        (Group.permissions.through, permissions_of_group),
    ):
        m2m_changed.connect(receiver, sender=through, dispatch_uid=receiver.__name__)
    pre_delete.connect(group_removed, sender=Group, dispatch_uid="group_removed")
    post_save.connect(scope_saved, sender=Scope, dispatch_uid="scope_saved")
    post_delete.connect(scope_removed, sender=Scope, dispatch_uid="scope_removed")


def permissions_of_person(instance, action, reverse, pk_set, **kwargs):
    """A watched permission was given to, or taken from, a person."""
    change = _change(action)
    if change is None:
        return
    if reverse:  # permission.user_set.add(person)
        permissions = Permission.objects.filter(WATCHED, pk=instance.pk)
        people = list(pk_set if pk_set is not None else _ids(instance.user_set))
    else:
        permissions = _watched(instance.user_permissions, pk_set)
        people = [instance.pk]
    for permission in permissions:
        for person in people:
            _permission(change, permission=permission.codename, owner_id=person)


def permissions_of_group(instance, action, reverse, pk_set, **kwargs):
    """A watched permission was given to, or taken from, a group."""
    change = _change(action)
    if change is None:
        return
    if reverse:  # permission.group_set.add(group)
        permissions = Permission.objects.filter(WATCHED, pk=instance.pk)
        groups = list(pk_set if pk_set is not None else _ids(instance.group_set))
    else:
        permissions = _watched(instance.permissions, pk_set)
        groups = [instance.pk]
    for permission in permissions:
        for group in groups:
            _permission(change, permission=permission.codename, group=group)


def members_of_group(instance, action, reverse, pk_set, **kwargs):
    """Somebody joined or left a group that has a watched permission, or that a scope names."""
    change = _change(action)
    if change is None:
        return
    if reverse:  # group.user_set.add(person)
        groups = [instance]
        people = list(pk_set if pk_set is not None else _ids(instance.user_set))
    else:
        groups = Group.objects.filter(pk__in=pk_set) if pk_set is not None else instance.groups
        groups = list(groups.all())
        people = [instance.pk]
    for group in groups:
        for person in people:
            for permission in group.permissions.filter(WATCHED):
                _permission(change, permission=permission.codename, group=group.pk, owner_id=person)
            if group.scopes.exists():
                record_change(
                    Action.CHANGED_SCOPE,
                    owner_id=person,
                    detail={"change": change, "group": group.pk, "what": "member"},
                )


def group_removed(instance, **kwargs):
    """With a group its members lose what it gave them; Django says nothing of that."""
    for permission in instance.permissions.filter(WATCHED):
        _permission("removed", permission=permission.codename, group=instance.pk)


def scope_saved(instance, created, raw=False, **kwargs):
    """A scope was made; or turned to another group, which the admin does not offer."""
    _scope(instance, "added" if created else "changed")


def scope_removed(instance, **kwargs):
    """A scope was removed: its reviewer may read fewer people, or, without any, everyone."""
    _scope(instance, "removed")


def _scope(scope, change):
    record_change(
        Action.CHANGED_SCOPE,
        owner_id=scope.reviewer_id,
        detail={"change": change, "group": scope.group_id, "what": "scope"},
    )


def _permission(change, *, owner_id=None, **detail):
    record_change(Action.CHANGED_PERMISSION, owner_id=owner_id, detail={"change": change, **detail})


def _change(action):
    """What happened, as a word of the log; None for a signal that is not of interest.

    Additions are known afterwards and without those that were there already; what `clear` takes
    away is known only before.
    """
    return {"post_add": "added", "post_remove": "removed", "pre_clear": "removed"}.get(action)


def _watched(permissions, pk_set):
    if pk_set is None:
        return permissions.filter(WATCHED)
    return Permission.objects.filter(WATCHED, pk__in=pk_set)


def _ids(related):
    return related.values_list("pk", flat=True)
