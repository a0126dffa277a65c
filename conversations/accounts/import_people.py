"""Import of people: makes and updates accounts from the rows of a CSV file."""

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
    """What an import did, or would do: usernames of the accounts `made`, `changed` (each with the
    names of what changed) and `unchanged`."""

    made: list = field(default_factory=list)
    changed: list = field(default_factory=list)
    unchanged: list = field(default_factory=list)


class _DryRun(Exception):
    """Rolls back an import that was only to be reported."""


def import_people(rows, dry_run):
    """Make and update the accounts of `rows` (PersonRow) in one transaction, and return a Report.
    With `dry_run` everything is done and rolled back, so that the report says what would happen.

    An account is found by its username or else by its e-mail address. Only columns that the file
    has are looked at; a cell of `groups` names all groups of the person but those of the directory.
    A role is given, and none is taken away. Raise FileFaults, and change nothing, if a row cannot
    be used.
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
    """Make or update the account of `row`; note it in `report`, and its id in `seen`. Raise
    ValidationError if the row cannot be used."""
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
    """Return the Person of `row`, by username or else by address; None if there is none. Raise
    ValidationError if several have the address."""
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
    """Return the username for a new account of `row`: that of the file, a name without blanks, or
    what stands before the "@"."""
    if row.username:
        return row.username
    if row.name and " " not in row.name:
        return row.name
    if not row.email:
        raise ValidationError(_("a username or an e-mail address is missing."))
    return row.email.partition("@")[0]


def _set_fields(person, row):
    """Set name and address of `person` from `row`, where the file has them; return the names of
    what changed."""
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
    """Give `person` the groups of `row` and no other, but for those of the directory; return
    ["groups"] if that changed anything."""
    if "groups" not in row.columns:
        return []
    wanted = {group.pk for group in row.groups}
    held = set(person.groups.filter(directory_rows=None).values_list("pk", flat=True))
    person.groups.add(*(wanted - held))
    person.groups.remove(*(held - wanted))
    return ["groups"] if wanted != held else []


def _set_role(person, row):
    """Give `person` the role of `row`; return ["role"] if they did not have it."""
    had = roles.held(person)
    if row.role == Role.NONE or row.role in had:
        return []
    roles.give(person, row.role)
    return ["role"]
