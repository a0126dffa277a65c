"""Parser of CSV files of people (names, addresses, groups, roles), for `manage.py import_people`
and for invitations."""

import csv
import io
from dataclasses import dataclass, field

from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from conversations.models import DirectoryGroup
from conversations.models.invitation import Role

MOST_ROWS = 10_000
MOST_COLUMNS = 100
# Names of the columns, each with the headings that stand for it, in lower case.
COLUMNS = {
    "username": ("username", "user name", "login"),
    "name": ("name", "full name"),
    "email": ("email", "e-mail", "address", "mail"),
    "groups": ("groups", "group"),
    "role": ("role", "roles"),
}
ROLE_NAMES = {role.value: role for role in Role} | {
    "sees usage": Role.SEES_USAGE,
    "none": Role.NONE,
}


class FileFaults(Exception):
    """Raised if a CSV file of people cannot be used. `faults` is a list of sentences for people,
    most with the number of the line."""

    def __init__(self, faults):
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass
class PersonRow:
    """Row of a CSV file of people, at line number `line` (from 1). `username`, `name` and `email`
    are texts without blanks around them, "" if empty or missing; `role` is a Role, `groups` a list
    of Groups, `columns` the set of the columns (keys of COLUMNS) that the file has."""

    line: int
    username: str = ""
    name: str = ""
    email: str = ""
    role: Role = Role.NONE
    groups: list = field(default_factory=list)
    columns: frozenset = frozenset()

    def fault(self, said):
        """Return the sentence `said` with the row's line number before it."""
        return _("Line %(line)d: %(said)s") % {"line": self.line, "said": said}


def read_rows(content, required=()):
    """Parse `content`, a CSV file of people (bytes in UTF-8; commas, semicolons or tabs), into a
    list of PersonRow. Its first line names the columns; `required` are the keys of COLUMNS it must
    have. Raise FileFaults with a sentence for each fault; unknown groups and roles are faults, as
    are groups that the identity provider manages."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileFaults([_("The file is not in UTF-8. Save it as “CSV UTF-8”.")]) from error
    lines = list(_lines(text))
    if not lines:
        raise FileFaults([_("The file is empty.")])
    columns = [_column(cell) for cell in lines[0][1]]
    missing = [name for name in required if name not in columns]
    if missing:
        raise FileFaults(
            [_("The first line must name the columns; missing: %s.") % ", ".join(missing)]
        )
    groups = {group.name.casefold(): group for group in Group.objects.all()}
    managed = set(DirectoryGroup.managed().values_list("pk", flat=True))
    rows, faults = [], []
    for number, cells in lines[1:]:
        row = PersonRow(number, columns=frozenset(filter(None, columns)))
        values = dict(zip(columns, cells, strict=False))
        faults += _fill(row, values, groups, managed)
        rows.append(row)
    if faults:
        raise FileFaults(faults)
    return rows


def _lines(text):
    """Yield `(line number, list of cells)` for each line of the CSV `text` that is not empty. Raise
    FileFaults if it is no CSV, or has more than MOST_ROWS rows or MOST_COLUMNS columns."""
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        reader = csv.reader(io.StringIO(text.replace("\0", "")), delimiter=delimiter, strict=True)
        rows = -1  # the first one names the columns
        for cells in reader:
            if len(cells) > MOST_COLUMNS:
                raise FileFaults([_("More than %d columns in one line.") % MOST_COLUMNS])
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                rows += 1
                if rows > MOST_ROWS:
                    raise FileFaults([_("More than %d rows. Split the file.") % MOST_ROWS])
                yield reader.line_num, stripped
    except csv.Error as error:
        raise FileFaults([_("The file is no CSV: %s.") % error]) from error


def _column(cell):
    """Return the key of COLUMNS (such as "email") that the heading `cell` stands for, in any case
    of letters; "" for a column that is not used."""
    said = cell.casefold()
    return next((name for name, others in COLUMNS.items() if said in others), "")


def _fill(row, values, groups, managed):
    """Set the fields of `row` (a PersonRow) from `values` (a dict of its cells by key of COLUMNS).
    `groups` is a dict of Groups by name in lower case, `managed` the set of ids of those that the
    identity provider manages. Return a list of sentences, one for each fault of the row."""
    faults = []
    for name in ("username", "name", "email"):
        setattr(row, name, values.get(name, ""))
    if row.email:
        try:
            validate_email(row.email)
        except ValidationError:
            faults.append(row.fault(_("“%s” is no e-mail address.") % row.email))
    elif "email" in row.columns and not (row.username or row.name):
        faults.append(row.fault(_("an e-mail address is missing.")))
    role = ROLE_NAMES.get(values.get("role", "").casefold())
    if role is None:
        faults.append(row.fault(_("there is no role “%s”.") % values["role"]))
    else:
        row.role = role
    for name in filter(None, map(str.strip, values.get("groups", "").split(";"))):
        group = groups.get(name.casefold())
        if group is None:
            faults.append(row.fault(_("there is no group “%s”.") % name))
        elif group.pk in managed:
            faults.append(row.fault(_("the group “%s” is managed by the directory.") % name))
        else:
            row.groups.append(group)
    return faults
