"""Adapter of allauth for identity providers: takes the site's only provider from the settings
OIDC_…, which come from environment variables."""

from functools import partial

from allauth.socialaccount import app_settings
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from django.conf import settings
from django.utils.translation import gettext as _

PROVIDER = "oidc"


class Adapter(DefaultSocialAccountAdapter):
    """Adapter of allauth that knows one identity provider, that of OIDC_ISSUER. Rows of the table
    SocialApp are ignored, so nobody can add a provider through the database."""

    def get_provider(self, request, provider, client_id=None):
        """Return the Provider of OIDC_ISSUER for `request`. `provider` (text, such as PROVIDER) and
        `client_id` are allauth's names of the SocialApp; `list_apps` has one only."""
        # Imported with the first login by single sign-on: requests, PyJWT and what they need hold
        # 8 MB of each process.
        from conversations.single_sign_on.provider import Provider

        app = self.get_app(request, provider=provider, client_id=client_id)
        return Provider(request, app=app)

    def get_requests_session(self):
        """Return a session of the requests library for the identity provider, with a timeout
        (REQUESTS_TIMEOUT of allauth) and a limit on the decompressed size of answers
        (`bounded_answers.LONGEST`)."""
        from conversations.single_sign_on.bounded_answers import bounded_session

        session = bounded_session()
        session.request = partial(session.request, timeout=app_settings.REQUESTS_TIMEOUT)
        return session

    def list_apps(self, request, provider=None, client_id=None):
        """Return a list with one unsaved SocialApp made from the settings OIDC_…; [] without
        OIDC_ISSUER. The arguments are allauth's, and are ignored."""
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
    """Return the identity provider's name for people to read, as on the login button: OIDC_NAME,
    else "single sign-on" in the active language."""
    return settings.OIDC_NAME or _("single sign-on")
