"""Check of the table of the cache, in which limits of logins and uploads are counted."""

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy as _

from conversations.doctor.finding import OK, PROBLEM, Finding

MISSING = _("The table of the cache is missing: run manage.py migrate.")


def is_missing():
    """Return True if the database has no table for the cache. Raises DatabaseError if the database
    does not answer."""
    return settings.CACHES["default"]["LOCATION"] not in connection.introspection.table_names()


def check():
    """Return the list of Findings about the table of the cache."""
    if is_missing():
        return [Finding(PROBLEM, MISSING)]
    return [Finding(OK, _("The table of the cache is there."))]
