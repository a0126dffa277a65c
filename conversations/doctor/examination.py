"""Examination: runs all checks of the doctor at the same time, each in a thread of its own, so that
one that fails or hangs does not delay or prevent the results of the others."""

import threading
import time
from functools import partial

from django.db import DatabaseError, connections
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from conversations.database.outage import brief, is_outage, names_no_table
from conversations.doctor import (
    cache_table,
    clock,
    database,
    disk,
    gateway,
    mail,
    migrations,
    permissions,
    proxy,
    settings,
    static_files,
    storage,
    tools,
)
from conversations.doctor.finding import PROBLEM, WARNING, Finding

SECONDS = 20  # for all checks together
CALL_SECONDS = 60  # the same where the gateway is asked for an answer

# In the order in which they are reported.
SUBJECTS = (
    *("settings", "permissions", "disk", "database", "migrations", "cache", "clock", "static"),
    *("storage", "mail", "outbox", "proxy", "gateway", "tools"),
)

NOT_CHECKED = _("Not checked, since the database does not answer.")
# Subjects whose checks use the database. If it does not answer, "database" says why, and the others
# are not checked.
OF_THE_DATABASE = ("database", "migrations", "cache", "clock", "outbox", "tools")


def examine(subjects=SUBJECTS, *, call=False, address="", url=""):
    """Yield `(subject, findings)` for each of the `subjects` (names in SUBJECTS): the list of the
    Findings of its check.

    With `call` the gateway is asked for a short answer; `address` gets a test e-mail ("": none is
    sent); `url` is the site's public address ("": taken from ALLOWED_HOSTS). A check that raises,
    or is not done after SECONDS (CALL_SECONDS with `call`), yields a Finding that says so.
    """
    checks = {
        "settings": settings.check,
        "permissions": permissions.check,
        "disk": disk.check,
        "database": database.check,
        "migrations": migrations.check,
        "cache": cache_table.check,
        "clock": clock.check,
        "static": static_files.check,
        "storage": storage.check,
        "mail": partial(mail.check, address),
        "outbox": mail.given_up,
        "proxy": partial(proxy.check, url),
        "gateway": partial(gateway.check, call),
        "tools": tools.check,
    }
    if database.exists():
        for subject in OF_THE_DATABASE[1:]:
            checks[subject] = partial(_with_database, checks[subject])
    else:
        checks |= dict.fromkeys(OF_THE_DATABASE, _no_database)
    deadline = time.monotonic() + (CALL_SECONDS if call else SECONDS)
    running = {subject: _Examination(checks[subject]) for subject in subjects}
    for subject, examination in running.items():
        yield subject, examination.findings(deadline)


def _no_database():
    """Return the list of Findings for a check of the database if its SQLite file does not exist.
    The check itself would connect and so create the file, perhaps owned by the wrong account."""
    return [Finding(PROBLEM, _("There is no database yet: run manage.py migrate."))]


def _with_database(check):
    """Return `check()`, a list of Findings; a WARNING instead if the database does not answer, for
    which the connection pool would wait."""
    if database.why_unreachable():
        return [Finding(WARNING, NOT_CHECKED)]
    return check()


class _Examination:
    """Run of `check`, a function that returns a list of Findings, in a daemon thread: one that
    hangs does not keep the process from ending."""

    def __init__(self, check):
        self._check = check
        self._found = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def findings(self, deadline):
        """Return the list of Findings once the check is done; one about the failure if the check
        raised, or is not done at `deadline` (a time of time.monotonic())."""
        self._thread.join(max(deadline - time.monotonic(), 0))
        if self._found is None:
            return [
                Finding(PROBLEM, _("There was no answer in time."), _("See what it waits for."))
            ]
        return self._found

    def _run(self):
        try:
            self._found = list(self._check())
        except DatabaseError as error:
            said = NOT_CHECKED
            if names_no_table(error) or not is_outage(error):
                said = format_lazy(_("Not checked, for the database: {why}"), why=brief(error))
            self._found = [Finding(WARNING, said)]
        except Exception as error:
            why = f"{type(error).__name__}: {str(error)[:200]}"
            self._found = [Finding(PROBLEM, format_lazy(_("The check failed: {why}"), why=why))]
        finally:
            connections.close_all()
