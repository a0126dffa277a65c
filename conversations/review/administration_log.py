"""Signal receivers that record in the access log every change that somebody makes in the
administration: of prices, budgets, language models, rules, roles.

The row has the values before and after. Of fields with personal data it says only that they
changed; people are named by their ids. It is written in the transaction of the change. What the
server does by itself, or somebody with a shell on it, is not recorded by these receivers, since no
user is signed in.
"""

from decimal import Decimal

from django.contrib.auth.models import Group
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save

from conversations.models import (
    Budget,
    DirectoryGroup,
    LanguageModel,
    Person,
    Price,
    RetentionRule,
    ReviewAccess,
    TemporaryPolicy,
    ToolPrice,
    UsageScope,
)
from conversations.review.record_access import is_acting, record_change

WATCHED = [
    Budget,
    DirectoryGroup,
    Group,
    LanguageModel,
    Person,
    Price,
    RetentionRule,
    TemporaryPolicy,
    ToolPrice,
    UsageScope,
]
# Which groups may use a model, and whose usage somebody sees, are in tables of their own.
WITH_GROUPS = [LanguageModel, UsageScope]
# Fields of a Person whose values are recorded (rights, and whether they may sign in), and those of
# which only the fact that they changed is recorded.
OF_PERSON = ("is_active", "is_staff", "is_superuser")
PERSONAL = ("username", "first_name", "last_name", "email", "password")
CHANGED = "changed"


def connect():
    """Connect the signal receivers of this module; called once, by `AppConfig.ready`."""
    for model in WATCHED:
        name = f"administration_{model._meta.model_name}"
        pre_save.connect(keep_before, sender=model, dispatch_uid=f"{name}_before")
        post_save.connect(saved, sender=model, dispatch_uid=f"{name}_saved")
        post_delete.connect(deleted, sender=model, dispatch_uid=f"{name}_deleted")
    for model in WITH_GROUPS:
        through = model.groups.through
        m2m_changed.connect(groups_changed, sender=through, dispatch_uid=through.__name__)


def keep_before(instance, raw=False, update_fields=None, **kwargs):
    """Load the stored values of `instance` before it is saved, for `saved` to compare; do nothing
    unless somebody in the administration saves it (`is_acting`). Receiver of pre_save; `raw` is
    True while a fixture is loaded, `update_fields` are the names of the columns to be written
    (None: all)."""
    instance._values_before = None
    if raw or not is_acting() or instance._state.adding or not _concerns(instance, update_fields):
        return
    instance._values_before = type(instance)._base_manager.filter(pk=instance.pk).first()


def saved(instance, created, raw=False, update_fields=None, **kwargs):
    """Record in the access log what was changed by saving `instance`, if anything was and somebody
    in the administration did it. Receiver of post_save; `created` is True for a new row, `raw`
    while a fixture is loaded, `update_fields` are the names of the columns written (None: all)."""
    if raw or not is_acting() or not (created or _concerns(instance, update_fields)):
        return
    before = None if created else getattr(instance, "_values_before", None)
    old, new = _values(before) if before is not None else {}, _values(instance)
    names = [name for name in new if old.get(name) != new[name]]
    if isinstance(instance, Person):
        if created:
            # A new account is recorded only if it has rights.
            names = [name for name in ("is_staff", "is_superuser") if new[name]]
        else:
            names += [name for name in PERSONAL if _differs(before, instance, name)]
    if names:
        _record("added" if created else "changed", instance, names, old, new)


def deleted(instance, **kwargs):
    """Record in the access log that somebody in the administration deleted `instance`, with its
    last values. Receiver of post_delete."""
    if not is_acting():
        return
    old = _values(instance)
    _record("removed", instance, list(old), old, {})


def record_deactivation(people):
    """Record in the access log that `people` (Persons who were active) were deactivated by an
    UPDATE of all their rows at once, which sends no signals. Call it in the same transaction."""
    for person in people:
        _record("changed", person, ["is_active"], {"is_active": True}, {"is_active": False})


def groups_changed(instance, action, reverse, pk_set, **kwargs):
    """Record in the access log the ids of the groups of `instance`, a LanguageModel or UsageScope,
    before and after a change in the administration. Receiver of m2m_changed, with its arguments;
    changes made from a group (`reverse`) are ignored, since the administration makes none."""
    if reverse or action not in ("post_add", "post_remove", "pre_clear") or not is_acting():
        return
    now = set(instance.groups.values_list("pk", flat=True))
    before, after = {
        "post_add": (now - (pk_set or set()), now),
        "post_remove": (now | (pk_set or set()), now),
        "pre_clear": (now, set()),
    }[action]
    if before != after:
        old, new = {"groups": sorted(before)}, {"groups": sorted(after)}
        _record("changed", instance, ["groups"], old, new)


def _concerns(instance, update_fields):
    """Return True if saving the columns `update_fields` (names; None: all) of `instance` can change
    a value that is recorded."""
    if not isinstance(instance, Person) or update_fields is None:
        return True
    return bool({*OF_PERSON, *PERSONAL}.intersection(update_fields))


def _differs(before, after, name):
    """Return True if the attribute `name` differs between `before` (a stored instance or None,
    which gives False) and `after`."""
    return before is not None and getattr(before, name) != getattr(after, name)


def _values(instance):
    """Return `{name: JSON value}` of the fields of `instance` that are recorded: those named in
    OF_PERSON if it is a Person, else all but the primary key."""
    fields = [field for field in instance._meta.concrete_fields if not field.primary_key]
    if isinstance(instance, Person):
        fields = [field for field in fields if field.name in OF_PERSON]
    return {
        field.attname: _plain(field.to_python(getattr(instance, field.attname))) for field in fields
    }


def _plain(value):
    """Convert the value of a model field to one that JSON can hold: a Decimal to text without
    trailing zeros, any other type that JSON does not have to text."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return (
        value if value is None or isinstance(value, bool | int | str | list | dict) else str(value)
    )


def _record(change, instance, names, old, new):
    """Append a row to the access log: the fields `names` of `instance` were changed from the values
    `old` to `new` (dicts by name). A name that is in neither, as of a personal field, gets the text
    CHANGED in place of values. `change` is "added", "changed" or "removed" (the whole instance)."""
    is_person = isinstance(instance, Person)
    record_change(
        ReviewAccess.Action.CHANGED_SETTING,
        owner_id=instance.pk if is_person else None,
        detail={
            "change": change,
            "what": instance._meta.model_name,
            "id": instance.pk,
            "before": {name: old.get(name, CHANGED) for name in names if change != "added"},
            "after": {name: new.get(name, CHANGED) for name in names if change != "removed"},
        },
    )
