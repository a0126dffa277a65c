"""Provider class of allauth for the identity provider: makes the URL where a login begins, and
exchanges the authorization code that comes back for the person's claims."""

import hmac
import secrets
import time

import requests
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from conversations.single_sign_on import id_token
from conversations.single_sign_on.claims import Claims
from conversations.single_sign_on.discovery import configuration, fetch_json, unreachable
from conversations.single_sign_on.refusal import SignInRefused


class Client(OpenIDConnectOAuth2Adapter):
    """OAuth 2 adapter of allauth (it makes requests to the identity provider) that uses the cached
    configuration of `discovery` instead of fetching it."""

    @property
    def openid_config(self):
        """Return the identity provider's discovery document (OpenID Connect) as a dict. Raise
        ProviderFailed if it cannot be fetched."""
        return configuration()

    def get_callback_url(self, request, app):
        """Return the absolute URL of this site to which the identity provider sends the browser
        back. `app` (a SocialApp) is ignored."""
        return request.build_absolute_uri(reverse("oidc_callback"))


class Provider(OpenIDConnectProvider):
    """Provider class of allauth for the identity provider of OIDC_ISSUER."""

    oauth2_adapter_class = Client
    pkce_enabled_default = True

    def get_login_url(self, request, **kwargs):
        """Return the path of this site's page on which a login by single sign-on begins."""
        return reverse("oidc_login")

    def begin(self, request, *, process, next_url, fresh):
        """Return the URL at the identity provider to which the browser has to go for a login.

        `process` is "login", "connect" (connect the logged-in account) or "again" (confirm who one
        is); `next_url` is the path to go on to afterwards; with `fresh` True the provider has to
        ask for the person's credentials again. What `finish` needs is kept in the session, under a
        random id (the parameter `state`), for one use within ten minutes.
        """
        parameters = {"nonce": secrets.token_urlsafe(32)}
        if fresh:
            parameters |= {"prompt": "login", "max_age": "0"}
        answer = self.redirect(
            request,
            process,
            next_url,
            scope=settings.OIDC_SCOPES,
            auth_params=dict(parameters),
            nonce=parameters["nonce"],
            fresh_since=time.time() if fresh else None,
            person=request.user.pk if process == "connect" else None,
        )
        return answer["Location"]

    def finish(self, request, state):
        """Complete a login: exchange the authorization code in the URL of `request` (the browser
        was redirected back to this site) and return `(claims, token)`, the verified Claims and the
        ID token as text. `state` is the dict that `begin` kept in the session.

        Asks the provider for the token and for userinfo. Raise SignInRefused if a check fails,
        ProviderFailed if the provider does not answer.
        """
        # RFC 9207: an answer of another provider, with a code for its own token endpoint.
        if request.GET.get("iss", configuration()["issuer"]) != configuration()["issuer"]:
            raise id_token.refused("the redirect names another issuer (iss)")
        answer = self._exchange(request, state)
        token, access_token = answer.get("id_token"), answer["access_token"]
        claims = id_token.verified(token, state["nonce"], access_token)
        if state.get("fresh_since") and not id_token.is_fresh(claims, state["fresh_since"]):
            raise SignInRefused(
                _(
                    "Your organisation did not ask you anew who you are, so you are not signed in. "
                    "Begin again."
                ),
                "auth_time is older than the request with max_age=0",
            )
        return Claims(claims, self._userinfo(claims, access_token)), token

    def _userinfo(self, claims, access_token):
        """Fetch the provider's userinfo for `access_token` (text) and return it as a dict; {} if
        the provider has no such endpoint. Raise SignInRefused if it is about another person than
        `claims`, the dict of the ID token."""
        url = configuration().get("userinfo_endpoint")
        if url is None:
            return {}
        found = fetch_json(url, headers={"Authorization": f"Bearer {access_token}"})
        if not hmac.compare_digest(str(found.get("sub")).encode(), claims["sub"].encode()):
            raise id_token.refused("userinfo is of another subject than the ID token")
        return found

    def _exchange(self, request, state):
        """Exchange the authorization code in the URL of `request` at the provider's token endpoint;
        return its token response, a dict with `access_token` (text). `state` is the dict that
        `begin` kept. Raise SignInRefused if there is no token for the code, ProviderFailed if the
        provider does not answer."""
        client = self.get_oauth2_adapter(request).get_client(request, self.app)
        try:
            answer = client.get_access_token(
                request.GET["code"], pkce_code_verifier=state["pkce_code_verifier"]
            )
        except requests.RequestException as error:
            raise unreachable(f"token endpoint: {type(error).__name__}") from error
        except (OAuth2Error, LookupError, ValueError, RecursionError) as error:
            # A code that was used, has expired, or is of somebody else. The error holds the answer.
            raise id_token.refused("token endpoint: no token for this code") from error
        if not isinstance(answer, dict) or not isinstance(answer["access_token"], str):
            raise id_token.refused("token endpoint: no access token")
        return answer
