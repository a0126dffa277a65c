"""Check of the clock: whether this machine's agrees with the database's."""

import time

from django.db import connection
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from conversations.doctor.finding import OK, WARNING, Finding

# Seconds by which the clocks may differ without harm: the ends of logins, second factors and the
# days of reports follow this machine's clock, heartbeats the database's.
TOLERANCE = 3


def check():
    """Return the list of Findings about the clocks. Raises DatabaseError if the database does not
    answer."""
    if connection.vendor != "postgresql":
        return [Finding(OK, _("The database has this machine's clock."))]
    connection.ensure_connection()
    began = time.time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        theirs = float(cursor.fetchone()[0])
    ahead = (began + time.time()) / 2 - theirs
    if abs(ahead) <= TOLERANCE:
        return [Finding(OK, _("This machine's clock agrees with the database's."))]
    said = (
        _("This machine's clock is {seconds} s ahead of the database's.")
        if ahead > 0
        else _("This machine's clock is {seconds} s behind the database's.")
    )
    return [
        Finding(
            WARNING,
            format_lazy(said, seconds=round(abs(ahead))),
            _("Set both by the network: timedatectl set-ntp true"),
        )
    ]
