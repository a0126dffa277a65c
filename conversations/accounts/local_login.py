"""Local login: tells whether a person may log in with a password or passkey of this site, or only
by single sign-on."""

from allauth.account.authentication import get_authentication_records
from allauth.socialaccount.models import SocialAccount
from django.conf import settings


def is_of_directory(person):
    """Return True if the account of `person` is connected with the configured identity provider,
    for single sign-on."""
    if not settings.OIDC_ISSUER:
        return False
    return SocialAccount.objects.filter(user=person, provider=settings.OIDC_ISSUER).exists()


def may_log_in_locally(person):
    """Return True if `person` may log in with a password or passkey of this site.

    Superusers always may: there must be a way in while the identity provider fails. Others may if
    PASSWORD_LOGIN is on and they have no single sign-on: somebody who is removed at the provider
    must not keep another way in.
    """
    if person.is_superuser:
        return True
    return settings.PASSWORD_LOGIN and not is_of_directory(person)


def was_by_single_sign_on(request, person):
    """Return True if the last login or confirmation of `person` in the session of `request`, other
    than by a passkey or second factor, was at the identity provider."""
    records = get_authentication_records(request, person)
    # Not those of a second factor, nor of a password that only confirmed who it is.
    logins = [r["method"] for r in records if r["method"] != "mfa" and not r.get("reauthenticated")]
    return logins[-1:] == ["socialaccount"]
