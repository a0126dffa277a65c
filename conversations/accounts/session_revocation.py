"""Session revocation: logs people out everywhere when their rights or their e-mail address change.

A session opened before would carry on: whoever knew the password of an ordinary account would still
be inside when it becomes a reviewer's. A changed password needs nothing here: Django ends sessions
that hold another password's hash. Changes of the account itself (`Person`), its groups and
permissions are noticed by signals, so that it does not matter who makes them: the administration,
commands, shells or allauth's pages.
Open event streams end within STREAM_ACCESS seconds (`conversations.replies.revocation`).

`QuerySet.update` sends no signal: code that uses it for these fields calls `Person.end_sessions`.
"""

from contextlib import contextmanager
from contextvars import ContextVar

from django.contrib.auth.models import Group
from django.db.models.signals import m2m_changed, pre_delete, pre_save

from conversations.models import Person

FIELDS = {"email", "is_active", "is_staff", "is_superuser"}

# The request being answered, whose own session is not ended.
_request = ContextVar("request", default=None)


@contextmanager
def keeping_session_of(request):
    """Context manager: changes made within it do not end the session of `request`, so that people
    who change their own e-mail address, or the rights of a group of theirs, stay logged in
    there."""
    token = _request.set(request)
    try:
        yield
    finally:
        _request.reset(token)


def connect():
    """Connect the signal receivers of this module; called once, when the apps are ready."""
    pre_save.connect(person_saved, sender=Person, dispatch_uid="end_sessions_person")
    pre_delete.connect(group_deleted, sender=Group, dispatch_uid="end_sessions_group")
    for through in (Person.groups.through, Person.user_permissions.through):
        m2m_changed.connect(rights_of_people, sender=through, dispatch_uid=through.__name__)
    m2m_changed.connect(
        rights_of_groups, sender=Group.permissions.through, dispatch_uid="rights_of_groups"
    )


def person_saved(instance, raw=False, update_fields=None, **kwargs):
    """Receiver of pre_save of a Person (`instance`): end the person's sessions if the e-mail
    address, `is_active`, `is_staff` or `is_superuser` changes. `update_fields` are the names of the
    columns to be written (None: all); `raw` is True while a fixture is loaded: nothing is done."""
    fields = sorted(FIELDS if update_fields is None else FIELDS & set(update_fields))
    if raw or not fields or instance._state.adding:
        return
    stored = Person.objects.filter(pk=instance.pk).values_list(*fields).first()
    if stored is not None and stored != tuple(getattr(instance, field) for field in fields):
        _end_sessions([instance.pk])


def rights_of_people(instance, action, reverse, pk_set, **kwargs):
    """Receiver of m2m_changed for the groups and permissions of people: end the sessions of those
    who were given some or lost some. `action` is Django's ("post_add" …). `instance` is the person
    and `pk_set` has ids of groups or permissions; with `reverse` True `instance` is the group or
    permission, and `pk_set` has ids of people."""
    if action in ("post_add", "post_remove") and pk_set:
        _end_sessions(pk_set if reverse else [instance.pk])
    elif action == "pre_clear":
        people = instance.user_set.values_list("pk", flat=True) if reverse else [instance.pk]
        _end_sessions(people)


def rights_of_groups(instance, action, reverse, pk_set, **kwargs):
    """Receiver of m2m_changed for the permissions of groups: end the sessions of the members of
    groups that were given some or lost some. `action` is Django's ("post_add" …). `instance` is the
    group and `pk_set` has ids of permissions; with `reverse` True `instance` is the permission, and
    `pk_set` has ids of groups."""
    if action in ("post_add", "post_remove") and pk_set:
        _end_sessions(_members(pk_set if reverse else [instance.pk]))
    elif action == "pre_clear":
        groups = instance.group_set.values_list("pk", flat=True) if reverse else [instance.pk]
        _end_sessions(_members(groups))


def group_deleted(instance, **kwargs):
    """Receiver of pre_delete of a Group (`instance`): end the sessions of its members, who lose its
    rights."""
    _end_sessions(_members([instance.pk]))


def _members(groups):
    """Return a queryset of the ids of the people in one of `groups` (ids of Groups)."""
    return Person.objects.filter(groups__in=list(groups)).values_list("pk", flat=True)


def _end_sessions(people):
    """End all sessions of `people` (an iterable of ids), except the session of the request given to
    `keeping_session_of`, if any."""
    people = list(people)
    if people:
        request = _request.get()
        Person.end_sessions(people, keep=request and request.session.session_key)
