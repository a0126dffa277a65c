"""ID token of OpenID Connect: verification of this signed statement of the identity provider about
who logged in.

All checks of OpenID Connect Core 1.0, 3.1.3.7 are made, that of the signature too, although the
token came over TLS from the provider: a proxy that intercepts TLS must not be able to log anybody
in.
"""

import base64
import hashlib
import hmac
import time

import jwt
from django.conf import settings
from django.utils.translation import gettext as _

from conversations.single_sign_on.discovery import configuration, signing_keys
from conversations.single_sign_on.refusal import SignInRefused

# Public-key signatures. HS256 is accepted from providers that announce it, with the client's
# secret as the key; "none" never is.
ALGORITHMS = {
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
}
LEEWAY = 30  # seconds by which the clocks of provider and site may differ
LONGEST = 100_000  # characters


def verified(token, nonce, access_token):
    """Verify the ID token `token` (text) and return its claims, a dict. Checked are signature,
    issuer, audience, times, `nonce` (the random text that was sent with the login request), and
    that the token belongs to `access_token` (text). Raise SignInRefused if a check fails,
    ProviderFailed if the provider's keys cannot be fetched."""
    try:
        claims = _decoded(token)
    except jwt.PyJWTError as error:
        raise refused(f"ID token: {type(error).__name__}: {error}") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise refused(f"ID token: {type(error).__name__}") from error
    if not isinstance(claims.get("nonce"), str) or not hmac.compare_digest(
        claims["nonce"].encode(), nonce.encode()
    ):
        raise refused("ID token: another nonce")
    if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and "azp" not in claims:
        raise refused("ID token: several audiences without azp")
    if claims.get("azp", settings.OIDC_CLIENT_ID) != settings.OIDC_CLIENT_ID:
        raise refused("ID token: made for another client (azp)")
    if not (isinstance(claims["sub"], str) and claims["sub"].strip()):
        raise refused("ID token: no subject")
    if "at_hash" in claims and claims["at_hash"] != _half_hash(token, access_token):
        raise refused("ID token: belongs to another access token (at_hash)")
    return claims


def is_fresh(claims, since):
    """Return True if, by the claim `auth_time` in the dict `claims`, the person proved who they are
    to the provider at the time `since` (seconds since 1970) or later, give or take LEEWAY. True
    also without that claim, which Google and Entra do not send."""
    at = claims.get("auth_time")
    if at is None:
        return True
    return isinstance(at, int | float) and since - LEEWAY <= at <= time.time() + LEEWAY


def refused(why):
    """Return (not raise) a SignInRefused whose sentence says that the provider's answer could not
    be verified; `why` is text for the server's log."""
    return SignInRefused(
        _(
            "What the sign-in of your organisation sent could not be verified, so you are not "
            "signed in. Begin again; if it lasts, tell your administrator the number below."
        ),
        why,
    )


def _decoded(token):
    """Return the claims (a dict) of the ID token `token` (text) after checking signature, issuer,
    audience and times. Raise PyJWTError, ValueError, TypeError, KeyError, AttributeError or
    RecursionError if it is invalid, ProviderFailed if the provider's keys cannot be fetched."""
    if not isinstance(token, str) or len(token) > LONGEST:
        raise ValueError
    header = jwt.get_unverified_header(token)
    algorithm = header.get("alg")
    announced = configuration().get("id_token_signing_alg_values_supported") or ["RS256"]
    if algorithm == "HS256" and "HS256" in announced and settings.OIDC_CLIENT_SECRET:
        keys = [settings.OIDC_CLIENT_SECRET]
    elif algorithm in ALGORITHMS:
        keys = [_public_key(each, algorithm) for each in signing_keys(header.get("kid"))]
    else:
        raise jwt.InvalidAlgorithmError("not accepted")
    error = jwt.InvalidKeyError("signed with a key that the provider does not publish")
    for key in filter(None, keys):
        try:
            return jwt.decode(
                token,
                key=key,
                algorithms=[algorithm],
                audience=settings.OIDC_CLIENT_ID,
                issuer=configuration()["issuer"],
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.InvalidSignatureError as wrong:
            error = wrong
    raise error


def _public_key(key, algorithm):
    """Return the JSON Web Key `key` (a dict) as a public key object for `algorithm` (like "RS256");
    None if it is for another algorithm, symmetric or malformed."""
    if key.get("kty") == "oct" or key.get("alg", algorithm) != algorithm:
        return None
    try:
        return jwt.PyJWK.from_dict(key, algorithm=algorithm).key
    except jwt.PyJWTError:
        return None


def _half_hash(token, access_token):
    """Return what the claim `at_hash` of the ID token `token` must be: the left half of the hash of
    `access_token`, in base64url (OpenID Connect Core 1.0, 3.1.3.6)."""
    algorithm = jwt.get_unverified_header(token)["alg"]
    size = algorithm[2:] if algorithm[2:] in ("256", "384", "512") else "512"
    digest = hashlib.new(f"sha{size}", access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
