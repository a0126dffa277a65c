"""Configuration of the identity provider (OpenID Connect Discovery 1.0) and its signing keys (JSON
Web Key Set, RFC 7517), fetched once an hour for all processes."""

import hashlib
from urllib.parse import urlsplit

from allauth.socialaccount.adapter import get_adapter
from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _

from conversations.single_sign_on.refusal import ProviderFailed

CACHE_SECONDS = 3_600
# Between two fetches because of a token that names an unknown key. Anybody could make up such
# tokens; providers publish a new key before they use it.
KEYS_AGAIN_SECONDS = 30
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
OPTIONAL = ("userinfo_endpoint", "end_session_endpoint")


def configuration():
    """Return the identity provider's configuration: a dict by the names of Discovery 1.0, such as
    `token_endpoint`. It is fetched at most once an hour. Raise ProviderFailed if it cannot be
    fetched, names another issuer than OIDC_ISSUER, or lacks an endpoint."""
    key = f"oidc:configuration:{_fingerprint()}"
    found = cache.get(key)
    if found is None:
        url = settings.OIDC_ISSUER.rstrip("/") + "/.well-known/openid-configuration"
        found = _checked(fetch_json(url))
        cache.set(key, found, CACHE_SECONDS)
    return found


def signing_keys(key_id, again=True):
    """Return a list of the provider's public keys for signatures (JSON Web Keys, dicts) that have
    the id `key_id` (None: all); [] if none has. They are cached for CACHE_SECONDS; if none has the
    id and `again` is True, they are fetched anew, at most once in KEYS_AGAIN_SECONDS. Raise
    ProviderFailed if they cannot be fetched."""
    name = f"oidc:keys:{_fingerprint()}"
    keys = cache.get(name)
    if keys is None:
        found = fetch_json(configuration()["jwks_uri"]).get("keys")
        keys = [each for each in found if isinstance(each, dict)] if type(found) is list else []
        cache.set(name, keys, CACHE_SECONDS)
        again = False
    fitting = [
        each
        for each in keys
        if each.get("use", "sig") == "sig" and (key_id is None or each.get("kid") == key_id)
    ]
    if not fitting and again and cache.add(f"{name}:again", True, KEYS_AGAIN_SECONDS):
        cache.delete(name)
        return signing_keys(key_id, again=False)
    return fitting


def fetch_json(url, **kwargs):
    """Fetch the JSON object at `url`, an address of the identity provider, and return it as a dict;
    `kwargs` go to `requests.get`. Raise ProviderFailed if the provider cannot be reached or answers
    anything else, or more than `bounded_answers.LONGEST` bytes."""
    from requests import RequestException  # as in adapter.py, not before it is needed

    try:
        with get_adapter().get_requests_session() as session:
            answer = session.get(url, **kwargs)
            answer.raise_for_status()
            found = answer.json()
    except (RequestException, ValueError, RecursionError) as error:
        raise unreachable(f"{_host(url)}: {type(error).__name__}") from error
    if not isinstance(found, dict):
        raise unreachable(f"{_host(url)}: no JSON object")
    return found


def unreachable(why):
    """Return (not raise) a ProviderFailed whose sentence says that the identity provider does not
    answer as it should; `why` is text for the server's log."""
    return ProviderFailed(
        _(
            "The sign-in of your organisation does not answer as it should. Try again in a few "
            "minutes; if it lasts, tell your administrator. Accounts with a password of this site "
            "can sign in meanwhile."
        ),
        why,
    )


def _checked(found):
    """Return `found`, the provider's configuration (a dict). Raise ProviderFailed if it is of
    another issuer than OIDC_ISSUER, lacks an endpoint, or has an http endpoint although the issuer
    is https."""
    # Entra's "common" has `{tenantid}` here, for which every tenant of the world may sign.
    if str(found.get("issuer")).rstrip("/") != settings.OIDC_ISSUER.rstrip("/"):
        raise unreachable("the configuration names another issuer than OIDC_ISSUER")
    secure = settings.OIDC_ISSUER.startswith("https:")
    for name in (*ENDPOINTS, *OPTIONAL):
        url = found.get(name)
        if url is None and name in OPTIONAL:
            continue
        if not isinstance(url, str) or not _is_usable(url, secure):
            raise unreachable(f"the configuration has no usable {name}")
    return found


def _is_usable(url, secure):
    """Return True if `url` is an https URL or, with `secure` False, an http URL."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and parts.scheme in (("https",) if secure else ("https", "http"))


def _fingerprint():
    """Return 16 hexadecimal digits, a hash of OIDC_ISSUER, to be part of cache keys."""
    return hashlib.sha256(settings.OIDC_ISSUER.encode()).hexdigest()[:16]


def _host(url):
    """Return the host name in `url`, for the log: the rest of the URL may be secret."""
    return urlsplit(url).hostname
