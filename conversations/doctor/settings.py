"""Check of the settings: what the checks at the start and Django's own for a deployment find."""

from django.core import checks
from django.utils.translation import gettext_lazy as _

from conversations.doctor.finding import OK, PROBLEM, WARNING, Finding


def check():
    """Return the list of Findings about the settings. A bad value of a variable is not among them:
    with one no command starts, and it is named instead."""
    found = [
        Finding(PROBLEM if each.level >= checks.ERROR else WARNING, each.msg, each.hint or "")
        for each in checks.run_checks(include_deployment_checks=True)
        if each.level >= checks.WARNING and not each.is_silenced()
    ]
    return found or [Finding(OK, _("The settings are sound."))]
