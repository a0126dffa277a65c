"""The page of the site's settings for administrators. It is read-only: settings come from
environment variables."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import admin
from django.shortcuts import render
from django.utils.translation import gettext as _

from conversations.accounts.required_factor import advice


def site_settings(request):
    """Return the page of the site's settings, without secrets. Only staff may open it
    (`chatsite/urls.py`)."""
    rows = [
        ("REVIEW_NOTICE", settings.REVIEW_NOTICE, _review_notice()),
        ("REVIEW_READINGS_PER_HOUR", settings.REVIEW_READINGS_PER_HOUR, ""),
        ("SIGNUP", settings.SIGNUP, ""),
        ("OIDC_ISSUER", urlsplit(settings.OIDC_ISSUER).hostname or "–", ""),
        ("PASSWORD_LOGIN", settings.PASSWORD_LOGIN, ""),
        ("MFA_REQUIRED", settings.MFA_REQUIRED, advice()),
        ("OPENAI_BASE_URL", urlsplit(settings.OPENAI_BASE_URL).hostname or "–", ""),
        ("OPENAI_MODEL", settings.OPENAI_MODEL, ""),
        ("CURRENCY", settings.CURRENCY, ""),
        ("TIME_ZONE", settings.TIME_ZONE, ""),
        ("SESSION_DAYS", settings.SESSION_DAYS, ""),
        ("MAX_MESSAGE", settings.MAX_MESSAGE, ""),
        ("MAX_BODY", settings.MAX_BODY, ""),
    ]
    context = {**admin.site.each_context(request), "title": _("Settings"), "rows": rows}
    return render(request, "admin/site_settings.html", context)


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
