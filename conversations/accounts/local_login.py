"""Local login: who may log in here with a password or passkey, beside single sign-on."""

from allauth.account.authentication import get_authentication_records
from allauth.socialaccount.models import SocialAccount
from django.conf import settings


def is_of_directory(person):
    """Return True if `person` logs in by single sign-on, through the configured provider."""
    if not settings.OIDC_ISSUER:
        return False
    return SocialAccount.objects.filter(user=person, provider=settings.OIDC_ISSUER).exists()


def may_log_in_locally(person):
    """Return True if `person` may log in with a password or passkey of this site.

    Superusers always may: there must be a way in while the provider fails. Others may unless
    PASSWORD_LOGIN is off, or their account is one of the directory: whoever is removed there must
    not keep a second key.
    """
    if person.is_superuser:
        return True
    return settings.PASSWORD_LOGIN and not is_of_directory(person)


def was_by_single_sign_on(request, person):
    """Return True if the login of `person` in the session of `request` began at the provider; a
    second factor may have followed."""
    methods = [record["method"] for record in get_authentication_records(request, person)]
    return next((each for each in reversed(methods) if each != "mfa"), "") == "socialaccount"
