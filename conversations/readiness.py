"""Readiness of a server process: whether the installation has all that the site needs and, if not,
the sentence that says what is missing.

While something is missing, every page and `/readyz` answer 503 with the sentence, the log has it
once, and periodic tasks wait. `Readiness.look` checks again, and so notices that it was mended.
"""

import logging
import threading

from django.conf import settings
from django.db import DatabaseError, OperationalError
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from chatsite import said_once
from conversations.database.outage import brief, is_outage, names_no_table
from conversations.doctor import cache_table, database, migrations, static_files

logger = logging.getLogger(__name__)

PATIENCE = 3  # seconds that `look` waits for the check of another thread
SILENT = _("The database does not answer.")
REFUSES = _("The database refuses what the site needs; the log says why.")


class Readiness:
    """Readiness of one process. `fault` is the sentence about what is known to be missing ("":
    nothing), `is_outage` is True if that is the database. Methods may be called in any thread."""

    def __init__(self):
        self._lock = threading.Lock()
        # A sentence, as a lazy translation; "" while nothing is known to be missing.
        self.fault = ""
        # Whether the database, rather than a step of the operator, is what is missing.
        self.is_outage = False
        self._is_starting = self._is_in_doubt = self._has_served = False
        self._are_static_files_there = False
        # Called when static files turn out to be collected.
        self.on_static_files = lambda: None

    def start(self):
        """Mark the process as about to serve: periodic tasks wait until `look` has checked the
        installation."""
        self._is_starting = True

    def notice(self, error):
        """Mark a check as due if `error`, an exception (None: none), says that a table or column is
        missing: the database was perhaps replaced, and more is missing."""
        if names_no_table(error):
            self._is_in_doubt = True

    @property
    def is_waiting(self):
        """Return True while periodic tasks have to wait, since something is or may be missing."""
        return self._is_starting or bool(self.fault)

    @property
    def is_look_due(self):
        """Return True if something was missing at the last check, or may have been lost since."""
        return self.is_waiting or self._is_in_doubt

    def look(self):
        """Check whether anything of the installation is missing (tables, static files …); set
        `fault` to the sentence that says what, "" if nothing is, and return it. A new fault is
        logged.

        A database that does not answer is such a fault before the process has served for the first
        time; later DatabaseError is raised. That is also raised if the check of another thread
        lasts longer than PATIENCE (seconds).
        """
        if not self._lock.acquire(timeout=PATIENCE):
            raise OperationalError("Another look waits for the database.")
        try:
            if self._has_served:
                step, fault, detail = *self._find(), ""
            else:
                step, fault, detail = self._first_look()
            self._tell(step, fault, detail)
            self.fault = fault
            self._has_served = self._has_served or not fault
            return fault
        finally:
            self._is_starting = self._is_in_doubt = False
            self._lock.release()

    def _first_look(self):
        """Return `(step, fault, detail)` for a process that has not served yet, and set
        `is_outage`. `step` and `fault` are as in `_find`, or "database" and a sentence if the
        database does not answer or refuses a query; `detail` is the database's error message, for
        the log ("": none)."""
        self.is_outage = False
        if settings.ON_SQLITE and (fault := database.read_only_fault()):
            # Not even its opening would succeed.
            return "writing", fault, ""
        # Outside of the pool, which would wait, and not know why.
        if why := database.why_unreachable():
            self.is_outage = True
            return "database", SILENT, why
        try:
            return *self._find(), ""
        except DatabaseError as error:
            self.is_outage = is_outage(error)
            return "database", SILENT if self.is_outage else REFUSES, brief(error)

    def _tell(self, step, fault, detail):
        """Log the sentence `fault`, with `detail` if that is not "", unless the fault that the
        processes of this server logged last has the same `step` (a word that names the fault). If
        `fault` is "", log that the previous fault was mended, also once for all processes."""
        with translation.override(None):
            if fault and said_once.is_new(said_once.FAULT, step):
                logger.error("%s", f"{fault} ({detail})" if detail else fault)
            elif self.fault and not fault and said_once.is_new(said_once.FAULT, ""):
                logger.warning("Mended: %s The site serves now.", self.fault)

    def _find(self):
        """Return `(step, fault)`: a word for the first thing that is missing ("encoding",
        "writing", "migrate", "upgrade" or "collectstatic") and the sentence about it; `("", "")` if
        nothing is. Raises DatabaseError if the database does not answer."""
        if fault := database.encoding_fault():
            return "encoding", fault
        if fault := database.read_only_fault():
            return "writing", fault
        state, names = migrations.state()
        # A process that has served goes on while a newer release prepares the database for itself.
        if state != migrations.CURRENT and not (state == migrations.AHEAD and self._has_served):
            step = "upgrade" if state == migrations.AHEAD else "migrate"
            return step, migrations.sentence(state, names)
        if cache_table.is_missing():
            return "migrate", cache_table.MISSING
        # Later, files that a newer release brings are no matter of this process.
        if not self._are_static_files_there:
            if fault := static_files.fault():
                return "collectstatic", fault
            # Perhaps they were collected since the process started and read which there are.
            static_files.reload()
            self.on_static_files()
            self._are_static_files_there = True
        return "", ""


# The Readiness of this process.
readiness = Readiness()
