"""Signal receivers that record in the access log every change of who may review whom, see usage of
others or administer the site: permissions, members of groups that have them, review scopes.

Of changes in the administration every permission and every membership in a group is recorded; of
those by a command, a shell or single sign-on only the permissions in WATCHED (to review, to read
the access log, to see usage of others), membership in groups that have them or are in a review
scope, and superuser status.

Signals are used since groups and permissions are Django's own models, which its administration,
commands and shells change. The row is written in the transaction of the change, so that a change
which cannot be recorded is not made.
"""

from django.contrib.auth.models import Group, Permission
from django.db.models import Q
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_delete, pre_save

from conversations.models import Person, ReviewAccess, Scope
from conversations.review.record_access import is_acting, record_change

Action = ReviewAccess.Action
# Permissions that let somebody review, read the access log, and see usage of others.
WATCHED = Q(
    content_type__app_label="conversations",
    codename__in=["review_conversation", "view_reviewaccess", "view_usage"],
)


def connect():
    """Connect the signal receivers of this module; called once, by `AppConfig.ready`."""
    for through, receiver in (
        (Person.user_permissions.through, permissions_of_person),
        (Person.groups.through, members_of_group),
        (Group.permissions.through, permissions_of_group),
    ):
        m2m_changed.connect(receiver, sender=through, dispatch_uid=receiver.__name__)
    pre_save.connect(person_saved, sender=Person, dispatch_uid="administrator_saved")
    pre_delete.connect(group_removed, sender=Group, dispatch_uid="group_removed")
    post_save.connect(scope_saved, sender=Scope, dispatch_uid="scope_saved")
    post_delete.connect(scope_removed, sender=Scope, dispatch_uid="scope_removed")


def person_saved(instance, raw=False, update_fields=None, **kwargs):
    """Record in the access log that superuser status was given to an existing account, or taken
    away. Receiver of pre_save of a Person (`instance`), with its arguments. A new account, such as
    that of the first administrator, is not recorded by it."""
    if raw or instance._state.adding or (update_fields and "is_superuser" not in update_fields):
        return
    before = Person.objects.filter(pk=instance.pk).values_list("is_superuser", flat=True).first()
    if before is not None and before != instance.is_superuser:
        change = "added" if instance.is_superuser else "removed"
        _permission(change, permission="is_superuser", owner_id=instance.pk)


def permissions_of_person(instance, action, reverse, pk_set, **kwargs):
    """Record in the access log that permissions (see `_recorded`) were given to a person directly,
    or taken away. Receiver of m2m_changed, with its arguments; `instance` is the Person or, if
    `reverse`, the Permission."""
    change = _change(action)
    if change is None:
        return
    if reverse:  # permission.user_set.add(person)
        permissions = Permission.objects.filter(_recorded(), pk=instance.pk)
        people = list(pk_set if pk_set is not None else _ids(instance.user_set))
    else:
        permissions = _watched(instance.user_permissions, pk_set)
        people = [instance.pk]
    for permission in permissions:
        for person in people:
            _permission(change, permission=permission.codename, owner_id=person)


def permissions_of_group(instance, action, reverse, pk_set, **kwargs):
    """Record in the access log that permissions (see `_recorded`) were given to a group, or taken
    away. Receiver of m2m_changed, with its arguments; `instance` is the Group or, if `reverse`, the
    Permission."""
    change = _change(action)
    if change is None:
        return
    if reverse:  # permission.group_set.add(group)
        permissions = Permission.objects.filter(_recorded(), pk=instance.pk)
        groups = list(pk_set if pk_set is not None else _ids(instance.group_set))
    else:
        permissions = _watched(instance.permissions, pk_set)
        groups = [instance.pk]
    for permission in permissions:
        for group in groups:
            _permission(change, permission=permission.codename, group=group)


def members_of_group(instance, action, reverse, pk_set, **kwargs):
    """Record in the access log that people joined or left a group that has a permission (see
    `_recorded`), or whose members are in somebody's review scope; in the administration also any
    other group, which may have models, budgets and rules of its own. Receiver of m2m_changed, with
    its arguments; `instance` is the Person or, if `reverse`, the Group."""
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
            permissions = group.permissions.filter(_recorded())
            for permission in permissions:
                _permission(change, permission=permission.codename, group=group.pk, owner_id=person)
            if is_acting() and not permissions:
                _permission(change, what="member", group=group.pk, owner_id=person)
            if group.scopes.exists():
                record_change(
                    Action.CHANGED_SCOPE,
                    owner_id=person,
                    detail={"change": change, "group": group.pk, "what": "member"},
                )


def group_removed(instance, **kwargs):
    """Record in the access log that the members of a Group (`instance`) lose its permissions (see
    `_recorded`) by its deletion, for which Django sends no m2m_changed. Receiver of pre_delete."""
    for permission in instance.permissions.filter(_recorded()):
        _permission("removed", permission=permission.codename, group=instance.pk)


def scope_saved(instance, created, raw=False, **kwargs):
    """Record in the access log that a Scope (`instance`: whom a reviewer may review) was created or
    changed. Receiver of post_save; `created` is True for a new one, `raw` is not used."""
    _scope(instance, "added" if created else "changed")


def scope_removed(instance, **kwargs):
    """Record in the access log that a Scope (`instance`: whom a reviewer may review) was deleted.
    Its reviewer may then review fewer people or, if it was their last, everybody. Receiver of
    post_delete."""
    _scope(instance, "removed")


def _scope(scope, change):
    """Append a row to the access log about a changed Scope (whom a reviewer may review); `change`
    is "added", "changed" or "removed"."""
    record_change(
        Action.CHANGED_SCOPE,
        owner_id=scope.reviewer_id,
        detail={"change": change, "group": scope.group_id, "what": "scope"},
    )


def _permission(change, *, owner_id=None, **detail):
    """Append a row to the access log: a permission was "added" or "removed" (`change`). `owner_id`
    is the id of the person who has or had it (None: all members of a group); `detail` says which
    permission and group."""
    record_change(Action.CHANGED_PERMISSION, owner_id=owner_id, detail={"change": change, **detail})


def _change(action):
    """Return "added" or "removed" for the `action` of an m2m_changed signal; None for an action
    that is not to be recorded, since another one of the same change is.

    Additions are recorded afterwards, when `pk_set` has only what is new; removals by `clear`
    before, while the rows can still be read.
    """
    return {"post_add": "added", "post_remove": "removed", "pre_clear": "removed"}.get(action)


def _recorded():
    """Return the query condition (Q) for the Permissions whose changes are recorded now: all while
    a member of staff acts in the administration, else those in WATCHED."""
    return Q() if is_acting() else WATCHED


def _watched(permissions, pk_set):
    """Return a queryset of the permissions to be recorded (see `_recorded`) among those with the
    ids `pk_set` or, if that is None, among those of `permissions` (a related manager)."""
    if pk_set is None:
        return permissions.filter(_recorded())
    return Permission.objects.filter(_recorded(), pk__in=pk_set)


def _ids(related):
    """Return a queryset of the ids of the objects in `related`, a related manager."""
    return related.values_list("pk", flat=True)
