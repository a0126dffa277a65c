"""Check of the database's migrations: whether its tables are those of this release."""

from functools import cache

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from conversations.doctor.finding import OK, PROBLEM, Finding

CURRENT, EMPTY, BEHIND, AHEAD = "current", "empty", "behind", "ahead"


@cache
def _of_this_release():
    """Return `(needed, known, apps)`: the migrations that a database needs and those that this
    release knows, each as a set of `(app, name)`, and the set of apps that have migrations.

    Read once in each process: what counts is the code that runs, not what lies on the disk since.
    """
    loader = MigrationLoader(None, ignore_no_migrations=True)
    replaced = {key for each in loader.replacements.values() for key in each.replaces}
    known = set(loader.disk_migrations) | replaced
    return frozenset(loader.graph.nodes), known, loader.migrated_apps


def state():
    """Return `(state, names)`: how the database's migrations compare with those of this release.

    `(CURRENT, [])`; `(EMPTY, [])` if no migration is applied; `(BEHIND, names)` with those that are
    not applied; `(AHEAD, names)` with those that only a newer release knows. Names are text like
    "auth.0001_initial". Raises DatabaseError if the database does not answer.
    """
    applied = set(MigrationRecorder(connection).applied_migrations())
    if not applied:
        return EMPTY, []
    needed, known, apps = _of_this_release()
    if missing := needed - applied:
        return BEHIND, _names(missing)
    if foreign := {key for key in applied - known if key[0] in apps}:
        return AHEAD, _names(foreign)
    return CURRENT, []


def sentence(state, names):
    """Return the sentence (a lazy translation) about EMPTY, BEHIND or AHEAD, with what to do.
    `state` and `names` are what the function `state` returned."""
    if state == EMPTY:
        return _("The database is empty: run manage.py migrate.")
    if state == BEHIND:
        return _("Migrations are pending: run manage.py migrate.")
    return format_lazy(
        _(
            "The database belongs to a newer release, which applied {name}: start that release, or "
            "go back as docs/deploy.md says."
        ),
        name=names[-1],
    )


def check():
    """Return the list of Findings about migrations. Raises DatabaseError if the database does not
    answer."""
    found, names = state()
    if found == CURRENT:
        return [Finding(OK, _("All migrations are applied."))]
    todo = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
    return [Finding(PROBLEM, sentence(found, names), todo)]


def _names(keys):
    return [f"{app}.{name}" for app, name in sorted(keys, key=lambda key: (key[1], key[0]))]
