"""Page of the site's settings for administrators. It is read-only: settings come from environment
variables."""

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from conversations.accounts.required_factor import advice
from conversations.installation.settings_catalog import GROUPS

# Models whose rows set what the site does, in place of a variable.
IN_THE_DATABASE = (
    "languagemodel",
    "price",
    "toolprice",
    "budget",
    "retentionrule",
    "temporarypolicy",
    "directorygroup",
)


def require_settings_permission(request):
    """Raise PermissionDenied unless `request.user` may see the site's settings."""
    if not request.user.has_perm("conversations.view_settings"):
        raise PermissionDenied


@require_safe
def site_settings(request):
    """Return the page of the site's settings, without secrets, for staff who may see them."""
    require_settings_permission(request)
    notes = {"REVIEW_NOTICE": _review_notice(), "MFA_REQUIRED": advice()}
    context = {
        **admin.site.each_context(request),
        "title": _("Settings"),
        "groups": [
            (group.name, [(setting, notes.get(setting.name, "")) for setting in group.settings])
            for group in GROUPS
        ],
        "tables": [_table(name, request.user) for name in IN_THE_DATABASE],
    }
    return render(request, "admin/site_settings.html", context)


def _table(name, person):
    """Return `(plural name, number of rows, path)` of the database model called `name` (in lower
    case). The path is that of its list in the administration, "" if `person` (a Person) may not see
    the list."""
    model = apps.get_model("conversations", name)
    path = reverse(f"admin:conversations_{name}_changelist")
    may_view = person.has_perm(f"conversations.view_{name}")
    return model._meta.verbose_name_plural, model.objects.count(), path if may_view else ""


def _review_notice():
    """Return the sentence that explains the present value of REVIEW_NOTICE."""
    return {
        "on": _("People are told that, when and why conversations of theirs were reviewed."),
        "full": _("People are told when, why and by whom conversations of theirs were reviewed."),
        "off": _(
            "People are not told that conversations may be reviewed, nor when theirs were. "
            "Ask whether the law where you are allows that."
        ),
    }[settings.REVIEW_NOTICE]
