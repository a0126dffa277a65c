"""Adapter of allauth for identity providers: the one provider comes from the environment."""

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from django.conf import settings
from django.utils.translation import gettext as _

PROVIDER = "oidc"


class Adapter(DefaultSocialAccountAdapter):
    """Adapter of allauth whose only application is that of OIDC_ISSUER. Rows of the table
    SocialApp are not looked at, so nobody can add a provider through the database."""

    def list_apps(self, request, provider=None, client_id=None):
        """Return a list of the configured SocialApp, unsaved; [] without OIDC_ISSUER."""
        if not settings.OIDC_ISSUER:
            return []
        return [
            SocialApp(
                provider="openid_connect",
                provider_id=PROVIDER,
                name=provider_name(),
                client_id=settings.OIDC_CLIENT_ID,
                secret=settings.OIDC_CLIENT_SECRET,
                settings={"server_url": settings.OIDC_ISSUER},
            )
        ]


def provider_name():
    """Return the name of the provider that people read on the button: OIDC_NAME."""
    return settings.OIDC_NAME or _("single sign-on")
