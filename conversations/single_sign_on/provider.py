"""The identity provider, as allauth's registry of providers knows it: builds the address that a
login is sent to, and exchanges what comes back for the person's claims."""

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
    """allauth's OAuth 2 client of the provider, with the configuration from our cache."""

    @property
    def openid_config(self):
        """The provider's configuration; raises ProviderFailed."""
        return configuration()

    def get_callback_url(self, request, app):
        """Return the absolute URL that the provider sends the browser back to."""
        return request.build_absolute_uri(reverse("oidc_callback"))


class Provider(OpenIDConnectProvider):
    """The identity provider of OIDC_ISSUER."""

    oauth2_adapter_class = Client
    pkce_enabled_default = True
    # Its addresses are in conversations/urls.py.
    package = "conversations.single_sign_on"

    def get_login_url(self, request, **kwargs):
        """Return the path of the page that begins a login."""
        return reverse("oidc_login")

    def begin(self, request, *, process, next_url, fresh):
        """Return the URL at the provider where the browser is to go for a login.

        What `finish` needs is kept in the session under a random id, the parameter `state`, for
        one use within ten minutes. `process` is "login" or "connect" (to the
        account that is logged in), `next_url` the path to go on to, `fresh` True if the provider
        shall ask again who it is. What the browser sends adds no parameter.
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
        """Return `(claims, token)` for the login that `request`, the provider's redirect back, ends
        and `state` began: verified Claims, and the ID token as text.

        Asks the provider for the token and for userinfo. Raise SignInRefused if anything does not
        fit, ProviderFailed if the provider does not answer.
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
        """Return what the provider's userinfo says of the owner of `access_token`, a dict; {} if
        it has none. Raise SignInRefused if that is another person than that of the ID token, whose
        `claims` are given."""
        url = configuration().get("userinfo_endpoint")
        if url is None:
            return {}
        found = fetch_json(url, headers={"Authorization": f"Bearer {access_token}"})
        if not hmac.compare_digest(str(found.get("sub")).encode(), claims["sub"].encode()):
            raise id_token.refused("userinfo is of another subject than the ID token")
        return found

    def _exchange(self, request, state):
        """Return the provider's token response (a dict) for the code in the address of `request`.
        Raise SignInRefused if it gives none, ProviderFailed if it does not answer."""
        client = self.get_oauth2_adapter(request).get_client(request, self.app)
        try:
            answer = client.get_access_token(
                request.GET["code"], pkce_code_verifier=state["pkce_code_verifier"]
            )
        except requests.RequestException as error:
            raise unreachable(f"token endpoint: {type(error).__name__}") from error
        except (OAuth2Error, LookupError, ValueError) as error:
            # A code that was used, has expired, or is of somebody else. The error holds the answer.
            raise id_token.refused("token endpoint: no token for this code") from error
        if not isinstance(answer, dict) or not isinstance(answer["access_token"], str):
            raise id_token.refused("token endpoint: no access token")
        return answer
