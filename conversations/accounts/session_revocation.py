"""Session revocation: whose rights or e-mail address change is logged out everywhere.

A session that was opened before would carry them on: whoever knew the password of an ordinary
account would be inside when it becomes a reviewer's. A changed password needs nothing here, since
Django compares each session with a hash of it; what is changed on the account itself (`Person`)
and its groups and permissions is heard of by signals, so that the administration, commands, shells
and allauth's pages all count. Open event streams end within STREAM_ACCESS seconds
(`conversations.replies.revocation`).

`QuerySet.update` sends no signal: whoever uses it for these fields calls `Person.end_sessions`.
"""

from contextlib import contextmanager
from contextvars import ContextVar

from django.contrib.auth.models import Group
from django.db.models.signals import m2m_changed, pre_delete, pre_save

from conversations.models import Person

FIELDS = {"email", "is_active", "is_staff", "is_superuser"}

# The request being answered; its own session stays.
_request = ContextVar("request", default=None)


@contextmanager
def keeping_session_of(request):
    """Within it the session of `request` survives: whoever changes their own e-mail address, or the
    rights of a group of theirs, stays logged in where they do it."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


def connect():
    """Begin to listen; called once, when the apps are ready."""
    pre_save.connect(person_saved, sender=Person, dispatch_uid="end_sessions_person")
    pre_delete.connect(group_deleted, sender=Group, dispatch_uid="end_sessions_group")
    for through in (Person.groups.through, Person.user_permissions.through):
        m2m_changed.connect(rights_of_people, sender=through, dispatch_uid=through.__name__)
    m2m_changed.connect(
        rights_of_groups, sender=Group.permissions.through, dispatch_uid="rights_of_groups"
    )


def person_saved(instance, raw=False, update_fields=None, **kwargs):
    """An account is about to be stored; ends its sessions where one of FIELDS differs."""
    fields = sorted(FIELDS if update_fields is None else FIELDS & set(update_fields))
    if raw or not fields or instance._state.adding:
        return
    stored = Person.objects.filter(pk=instance.pk).values_list(*fields).first()
    if stored is not None and stored != tuple(getattr(instance, field) for field in fields):
        _end_sessions([instance.pk])


def rights_of_people(instance, action, reverse, pk_set, **kwargs):
    """Groups or permissions were given to people, or taken from them; `reverse` where it was done
    from the group's or the permission's side."""
    if action in ("post_add", "post_remove") and pk_set:
        _end_sessions(pk_set if reverse else [instance.pk])
    elif action == "pre_clear":
        people = instance.user_set.values_list("pk", flat=True) if reverse else [instance.pk]
        _end_sessions(people)


def rights_of_groups(instance, action, reverse, pk_set, **kwargs):
    """Permissions were given to groups, or taken from them; `reverse` where it was done from the
    permission's side."""
    if action in ("post_add", "post_remove") and pk_set:
        _end_sessions(_members(pk_set if reverse else [instance.pk]))
    elif action == "pre_clear":
        groups = instance.group_set.values_list("pk", flat=True) if reverse else [instance.pk]
        _end_sessions(_members(groups))


def group_deleted(instance, **kwargs):
    """A group is about to be deleted: its members lose what it gave them."""
    _end_sessions(_members([instance.pk]))


def _members(groups):
    return Person.objects.filter(groups__in=list(groups)).values_list("pk", flat=True)


def _end_sessions(people):
    people = list(people)
    if people:
        request = _request.get()
        Person.end_sessions(people, keep=request and request.session.session_key)
