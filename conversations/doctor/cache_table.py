"""Check of the cache table (of Django's database cache), in which attempts to log in and uploads
are counted for their limits."""

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from conversations.doctor.finding import OK, PROBLEM, Finding

MISSING = _("The table of the cache is missing: run manage.py migrate.")


def is_missing():
    """Return True if the database has no cache table. Raises DatabaseError if the database does not
    answer."""
    return settings.CACHES["default"]["LOCATION"] not in connection.introspection.table_names()


def check():
    """Return the list of Findings about the cache table. Raises DatabaseError if the database does
    not answer."""
    if is_missing():
        return [Finding(PROBLEM, MISSING)]
    return [Finding(OK, _("The table of the cache is there."))]
