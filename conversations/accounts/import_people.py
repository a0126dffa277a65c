"""Import of people: creates and updates accounts from the rows of a CSV file."""

from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from conversations.accounts import roles
from conversations.accounts.people_file import FileFaults
from conversations.models import Person
from conversations.models.invitation import Role


@dataclass
class Report:
    """Result of an import, or of a dry run: lists of usernames of the accounts that were `made`,
    `changed` (each followed by its changed fields, like "ann (email, role)") and `unchanged`."""

    made: list = field(default_factory=list)
    changed: list = field(default_factory=list)
    unchanged: list = field(default_factory=list)


class _DryRun(Exception):
    """Raised to roll back the transaction of an import that is a dry run."""


def import_people(rows, dry_run):
    """Create or update an account for each of `rows` (PersonRows of a CSV file) in one transaction,
    and return a Report. With `dry_run` True everything is rolled back at the end.

    An account is found by its username or else by its e-mail address. Nothing is changed by a
    missing column, nor by an empty name or address; the column `groups`, even if empty, replaces
    the person's groups, except those that the identity provider manages. A role is given, never
    taken away. Raise FileFaults, and change nothing, if a row cannot be used.
    """
    report, faults, seen = Report(), [], set()
    try:
        with transaction.atomic():
            for row in rows:
                try:
                    _import(row, report, seen)
                except ValidationError as error:
                    faults += [row.fault(said) for said in error.messages]
            if faults:
                raise FileFaults(faults)
            if dry_run:
                raise _DryRun
    except _DryRun:
        pass
    return report


def _import(row, report, seen):
    """Create or update the account of `row` (a PersonRow); add its username to `report` (a Report)
    and its id to the set `seen`. Raise ValidationError if the row cannot be used, or its account is
    in `seen` already."""
    person = _found(row)
    is_new = person is None
    if is_new:
        person = Person(username=_username(row))
        person.set_unusable_password()
    if person.pk in seen:
        raise ValidationError(_("the same account stands here twice."))
    changed = _set_fields(person, row)
    if is_new or changed:
        person.full_clean(exclude=["password"])
        person.save()
    seen.add(person.pk)
    changed += _set_groups(person, row) + _set_role(person, row)
    if is_new:
        report.made.append(person.username)
    elif changed:
        report.changed.append(f"{person.username} ({', '.join(changed)})")
    else:
        report.unchanged.append(person.username)


def _found(row):
    """Return the Person that `row` (a PersonRow) names: by username, else by e-mail address; if it
    has neither, by its name as the username. None if no account fits. Raise ValidationError if the
    address is that of several accounts, or of one with another username."""
    if row.username:
        person = Person.objects.filter(username=row.username).first()
        if person is not None:
            return person
    if not row.email:
        return Person.objects.filter(username=row.name).first() if not row.username else None
    people = list(Person.objects.filter(email__iexact=row.email)[:2])
    if len(people) > 1:
        raise ValidationError(_("several accounts have the address %s.") % row.email)
    if people and row.username:
        raise ValidationError(
            _("the address %(email)s is that of the account %(username)s.")
            % {"email": row.email, "username": people[0].username}
        )
    return people[0] if people else None


def _username(row):
    """Return the username for a new account of `row` (a PersonRow): that of the row, else its name
    if that has no blanks, else the part of its e-mail address before "@". Raise ValidationError if
    the row has none of these."""
    if row.username:
        return row.username
    if row.name and " " not in row.name:
        return row.name
    if not row.email:
        raise ValidationError(_("a username or an e-mail address is missing."))
    return row.email.partition("@")[0]


def _set_fields(person, row):
    """Set name and e-mail address of `person` from `row` (a PersonRow), where it has them, without
    saving; return a list of the names of the fields that changed."""
    values = {}
    if row.email:
        values["email"] = row.email
    if row.name and row.name != person.username:
        values["first_name"], _blank, values["last_name"] = row.name.partition(" ")
    changed = [name for name, value in values.items() if getattr(person, name) != value]
    for name in changed:
        setattr(person, name, values[name])
    return changed


def _set_groups(person, row):
    """Make the groups of `row` (a PersonRow) the only groups of `person`, except those that the
    identity provider manages; do nothing if the file has no column of groups. Return ["groups"] if
    that changed anything, else []."""
    if "groups" not in row.columns:
        return []
    wanted = {group.pk for group in row.groups}
    held = set(person.groups.filter(directory_rows=None).values_list("pk", flat=True))
    person.groups.add(*(wanted - held))
    person.groups.remove(*(held - wanted))
    return ["groups"] if wanted != held else []


def _set_role(person, row):
    """Give `person` the role of `row` (a PersonRow), if any. Return ["role"] if they did not have
    it, else []."""
    had = roles.held(person)
    if row.role == Role.NONE or row.role in had:
        return []
    roles.give(person, row.role)
    return ["role"]
