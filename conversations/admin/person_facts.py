"""Facts about a person for their page in the administration: ways to log in, second factors,
sessions and roles, as safe HTML."""

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.utils.html import format_html_join
from django.utils.translation import gettext as _

from conversations.accounts import roles
from conversations.accounts.local_login import may_log_in_locally
from conversations.accounts.session_list import sessions_of
from conversations.models import DirectoryGroup
from conversations.rendering.short_time import short_time


def ways_to_log_in(person):
    """Return safe HTML with a line for each way in which `person` can log in: single sign-on, with
    the times of its connection and last login, and a password (also if it is not accepted). Without
    any, one line says so."""
    lines = [
        _("Single sign-on (%(issuer)s) since %(since)s, last %(last)s")
        % {
            "issuer": each.provider,
            "since": short_time(each.date_joined),
            "last": short_time(each.last_login),
        }
        for each in SocialAccount.objects.filter(user=person)
    ]
    if person.has_usable_password() and may_log_in_locally(person):
        lines.append(_("Password of this site"))
    elif person.has_usable_password():
        lines.append(_("Has a password of this site, which is not accepted"))
    return _lines(lines or [_("None: send a link to set the password.")])


def second_factors(person):
    """Return safe HTML with a line for each second factor of `person`: its kind, since when, and
    when last used."""
    lines = [
        _("%(factor)s since %(since)s, last used: %(last)s")
        % {
            "factor": str(each),
            "since": short_time(each.created_at),
            "last": short_time(each.last_used_at) if each.last_used_at else _("never"),
        }
        for each in Authenticator.objects.filter(user=person).order_by("created_at")
    ]
    return _lines(lines or [_("None")])


def sessions(person):
    """Return safe HTML with a line for each session of `person`: device, IP address and time of the
    login."""
    lines = [
        f"{each.device}, {each.address}, {short_time(each.since)}" for each in sessions_of(person)
    ]
    return _lines(lines or [_("None")])


def directory_groups(person):
    """Return the names of the groups of `person` that the identity provider manages, as plain text
    separated by commas; "None" (translated) without any."""
    names = DirectoryGroup.managed().filter(user=person).values_list("name", flat=True)
    return ", ".join(sorted(names)) or _("None")


def summary_of_roles(person):
    """Return safe HTML with a line for each role of `person`: where it comes from, and its
    limits."""
    return _lines(roles.described(person) or [_("Only chats.")])


def _lines(lines):
    """Return `lines` (an iterable of texts, which are escaped) as safe HTML, one below the
    other."""
    return format_html_join("", "<div>{}</div>", ((line,) for line in lines))
