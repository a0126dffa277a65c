"""Roles: names for what people may do besides chatting (administrator, reviewer …), shown to
administrators in place of lists of permissions."""

from dataclasses import dataclass

from django.contrib.auth.models import Permission
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversations.accounts.last_administrator import is_last_administrator
from conversations.models.invitation import Role


@dataclass(frozen=True)
class PermissionRole:
    """Role that consists of one permission of the app `conversations`, the one with the codename
    `codename`. `key` (text like "reviewer") identifies the role, `label` is its name for people,
    `explained` a sentence that says what it allows."""

    key: str
    codename: str
    label: str
    explained: str

    @property
    def permission(self):
        """Return the Permission that the role consists of."""
        return Permission.objects.get(
            content_type__app_label="conversations", codename=self.codename
        )


PERMISSION_ROLES = (
    PermissionRole(
        Role.REVIEWER.value,
        "review_conversation",
        Role.REVIEWER.label,
        gettext_lazy(
            "Reads conversations of others by the review door, each with a reason and a row of the "
            "access log."
        ),
    ),
    PermissionRole(
        "reads_access_log",
        "view_reviewaccess",
        gettext_lazy("Reads the access log"),
        gettext_lazy("Sees who read whose conversations, and who was given which role."),
    ),
    PermissionRole(
        Role.SEES_USAGE.value,
        "view_usage",
        Role.SEES_USAGE.label,
        gettext_lazy("Sees tokens and costs of each person, and no text."),
    ),
)


def give(person, role):
    """Give `person` the role `role` (a value of Role; Role.NONE changes nothing). Call it within a
    transaction; the access log gets a row."""
    if role == Role.ADMINISTRATOR:
        set_administrator(person, True)
    for each in PERMISSION_ROLES:
        if role == each.key:
            person.user_permissions.add(each.permission)


def held(person):
    """Return the set of the keys (texts like "reviewer", "administrator") of the roles that were
    given to `person` directly, not by a group."""
    codenames = set(person.user_permissions.values_list("codename", flat=True))
    found = {role.key for role in PERMISSION_ROLES if role.codename in codenames}
    return found | ({Role.ADMINISTRATOR.value} if person.is_superuser else set())


def set_administrator(person, wanted):
    """Make `person` an administrator (staff and superuser) if `wanted` is True, else an ordinary
    person, and save that. Return True if `person` is as wanted now; False, with nothing changed, if
    they are the last administrator and `wanted` is False. Call it within a transaction."""
    if person.is_superuser == wanted:
        return True
    if not wanted and is_last_administrator(person):
        return False
    person.is_superuser = person.is_staff = wanted
    person.save(update_fields=["is_superuser", "is_staff"])
    return True


def described(person):
    """Return a list of texts in the active language, one for each role of `person` (also one for
    being staff): its name, whether it is their own or by a group, and whose data it gives; [] for
    somebody who only chats."""
    said = []
    if person.is_superuser:
        said.append(_("Administrator: changes accounts, groups, roles, models and prices."))
    elif person.is_staff:
        said.append(_("Staff: administers what the permissions below allow."))
    for role in PERMISSION_ROLES:
        sources = _sources(person, role)
        if sources:
            said.append(f"{role.label} ({', '.join(sources)}): {limits(person, role)}")
    return said


def limits(person, role):
    """Return text that says whose data `person` gets by the PermissionRole `role`: "members of …
    only.", "everyone.", "all of it." (the access log) or, for a usage scope whose groups are gone,
    "nobody."."""
    if role.key == Role.REVIEWER:
        names = [scope.group.name for scope in person.scopes.select_related("group")]
    elif role.key == Role.SEES_USAGE:
        scope = getattr(person, "usage_scope", None)
        names = [group.name for group in scope.groups.all()] if scope else []
        if scope and not names:
            return _("nobody.")
    else:
        return _("all of it.")
    if names:
        return _("members of %(groups)s only.") % {"groups": ", ".join(sorted(names))}
    return _("everyone.")


def _sources(person, role):
    """Return a list of texts that say how `person` got the PermissionRole `role`: "own", "by group
    …"; [] if they do not have it."""
    granted = Permission.objects.filter(
        content_type__app_label="conversations", codename=role.codename
    )
    sources = [_("own")] if granted.filter(user=person).exists() else []
    groups = person.groups.filter(permissions__in=granted)
    return sources + [_("by group %(group)s") % {"group": group.name} for group in groups]
