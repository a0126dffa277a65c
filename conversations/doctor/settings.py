"""Check of the settings by Django's system checks, the site's own and those for a deployment."""

from django.core import checks
from django.utils.translation import gettext_lazy as _

from conversations.doctor.finding import OK, PROBLEM, WARNING, Finding


def check():
    """Return the list of Findings about the settings. Bad values of environment variables are not
    among them: with one no command starts, this one included, and the error message names it."""
    found = [
        Finding(PROBLEM if each.level >= checks.ERROR else WARNING, each.msg, each.hint or "")
        for each in checks.run_checks(include_deployment_checks=True)
        if each.level >= checks.WARNING and not each.is_silenced()
    ]
    return found or [Finding(OK, _("The settings are sound."))]
