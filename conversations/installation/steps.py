"""Steps of the site's setup, for administrators: what a new site needs before people can work with
it, and how much of it is done."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from conversations.accounts.required_factor import advice
from conversations.doctor.mail import is_sender_refused
from conversations.models import Invitation, LanguageModel, OutgoingMail, Person, Price, SetupStep
from conversations.models.language_model import DEMO
from conversations.rendering.isolated_text import isolated
from conversations.rendering.short_time import short_time

# A backup that is older than this counts as missing.
BACKUP_IS_OLD = timedelta(days=8)
# Backends that pass no e-mail on to a mail server.
NO_MAIL_SERVER = (
    "django.core.mail.backends.dummy.EmailBackend",
    "django.core.mail.backends.console.EmailBackend",
)


@dataclass(frozen=True)
class Step:
    """Step of the setup as it is shown: its `name` (of SetupStep.Name), whether it `is_done` or
    `is_dismissed`, its `state` in a sentence, `links` to where it is done, as `(path, text)`, and
    `can_check`, whether a button can check it."""

    name: SetupStep.Name
    is_done: bool
    is_dismissed: bool
    state: str
    links: list
    can_check: bool = False

    @property
    def is_open(self):
        """Return True if the step waits to be done."""
        return not (self.is_done or self.is_dismissed)


def steps(request):
    """Return the list of all steps of the setup (Step), in their order, as they are for the Person
    `request.user`, who gets only links that they may follow."""
    rows = SetupStep.objects.in_bulk()
    found = []
    for name in SetupStep.Name:
        row = rows.get(name) or SetupStep(name=name)
        is_done, state, links = _STATES[name](request, row)
        allowed = [link[:2] for link in links if request.user.has_perm(link[2])]
        can_check = name == SetupStep.Name.GATEWAY and not settings.DEMO
        is_dismissed = row.dismissed_at is not None
        found.append(Step(name, is_done, is_dismissed, state, allowed, can_check))
    return found


def gateway_fingerprint():
    """Return the SHA-256 (64 hexadecimal digits) of the settings that say which gateway is asked
    for which model, and how."""
    said = (settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY, settings.OPENAI_MODEL)
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _gateway(request, row):
    links = [_setting("OPENAI_BASE_URL")]
    if settings.DEMO:
        return (
            False,
            _(
                "A demo model answers so far. Set OPENAI_BASE_URL, OPENAI_API_KEY and OPENAI_MODEL "
                "in .env, then restart the site."
            ),
            links,
        )
    if row.checked != gateway_fingerprint():
        return False, _("A gateway is configured. Check whether it answers."), links
    if row.done_at:
        return True, _("The gateway answered on %s.") % short_time(row.done_at), links
    said = _("The check on %s found a problem. Solve it, then check again.")
    return False, said % short_time(row.failed_at), links


def _models(request, row):
    links = [
        _list("languagemodel", _("Models")),
        _list("price", _("Prices")),
        _list("toolprice", _("Prices of tools")),
    ]
    names = LanguageModel.objects.enabled().exclude(name=DEMO).order_by("name")
    names = list(names.values_list("name", flat=True))
    if not names:
        return False, _("Once a gateway is connected, say which of its models people may use."), []
    prices = Price.objects.filter(valid_from__lte=timezone.now(), tier="")
    prices = [Price(model=model) for model in prices.values_list("model", flat=True).distinct()]
    unpriced = [name for name in names if not any(price.covers(name) for price in prices)]
    if not unpriced:
        said = ngettext("%d model, with a price.", "%d models, each with a price.", len(names))
        return True, said % len(names), links
    said = ngettext(
        "%(count)d model has no price, so its costs stay unknown: %(names)s.",
        "%(count)d models have no price, so their costs stay unknown: %(names)s.",
        len(unpriced),
    )
    shown = ", ".join(isolated(name) for name in unpriced[:5])
    shown += " …" if len(unpriced) > 5 else ""
    return False, said % {"count": len(unpriced), "names": shown}, links


def _people(request, row):
    is_done, state, links = _accounts()
    advised = advice()
    if advised:
        links.append(_setting("MFA_REQUIRED"))
    return is_done and not advised, f"{state} {advised}".strip(), links


def _accounts():
    """Return `(is_done, state, links)` of the step PEOPLE of the setup, without the advice about
    second factors; a link is `(path, text, permission that it takes)`."""
    links = [
        _list("invitation", _("Invitations")),
        _list("person", _("People")),
        _setting("OIDC_ISSUER"),
    ]
    count = Person.objects.filter(is_active=True).count()
    if count > 1:
        return True, ngettext("%d person.", "%d people.", count) % count, links
    if settings.OIDC_ISSUER:
        return True, _("People come by single sign-on."), links
    if settings.SIGNUP == "open":
        return True, _("People can register themselves."), links
    if any(each.is_open for each in Invitation.objects.select_related("invited_by")[:50]):
        return True, _("People are invited."), links
    return False, _("Nobody else has an account yet. Invite people, or add accounts."), links


def _mail(request, row):
    links = [_setting("EMAIL_URL"), _list("outgoingmail", _("E-mails that could not be sent"))]
    if settings.MAIL_BACKEND in NO_MAIL_SERVER:
        return (
            False,
            _(
                "No mail server is configured, so nobody gets a link to set a password. Set "
                "EMAIL_URL in .env, then restart the site."
            ),
            links[:1],
        )
    if is_sender_refused():
        said = _("E-mails come from %s, which many mail servers refuse: set DEFAULT_FROM_EMAIL.")
        return False, said % settings.DEFAULT_FROM_EMAIL, [_setting("DEFAULT_FROM_EMAIL")]
    given_up = OutgoingMail.objects.filter(next_attempt_at=None).count()
    if given_up:
        said = ngettext("%d e-mail could not be sent.", "%d e-mails could not be sent.", given_up)
        return False, said % given_up, links
    return True, _("A mail server is configured, and no e-mail has failed."), links


def _backup(request, row):
    if row.done_at is None:
        said = _(
            "No backup was made yet. Have manage.py backup FILE run every night and its files "
            "copied to another machine (docs/deploy.md); or dismiss this if something else backs "
            "up database and files."
        )
        return False, said, []
    if row.done_at < timezone.now() - BACKUP_IS_OLD:
        return False, _("The last backup is old: it was made on %s.") % short_time(row.done_at), []
    return True, _("The last backup was made on %s.") % short_time(row.done_at), []


def _tls(request, row):
    links = [_setting("INSECURE_HTTP"), _setting("TRUSTED_PROXIES")]
    if request.is_secure():
        return True, _("This page came by https."), links
    return (
        False,
        _(
            "This page came by http: passwords and conversations cross the network unencrypted. "
            "Put a proxy with a certificate in front (docs/deploy.md), and set INSECURE_HTTP=false."
        ),
        links,
    )


# Functions that return `(is_done, state, links)` of a step for a request and the step's SetupStep;
# a link is `(path, text, permission that it takes)`.
_STATES = {
    SetupStep.Name.GATEWAY: _gateway,
    SetupStep.Name.MODELS: _models,
    SetupStep.Name.PEOPLE: _people,
    SetupStep.Name.MAIL: _mail,
    SetupStep.Name.BACKUP: _backup,
    SetupStep.Name.TLS: _tls,
}


def _setting(name):
    """Return the link `(path, text, permission that it takes)` to the setting `name` on the page of
    settings."""
    said = _("Setting %s") % name
    return f"{reverse('site_settings')}#{name}", said, "conversations.view_settings"


def _list(model, text):
    """Return the link `(path, text, permission that it takes)` to the administration's list of the
    model called `model` (in lower case, such as "languagemodel")."""
    path = reverse(f"admin:conversations_{model}_changelist")
    return path, text, f"conversations.view_{model}"
