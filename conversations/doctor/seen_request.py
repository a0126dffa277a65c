"""Report of what the site sees of a request that the doctor sends to its public address: scheme,
host and addresses, as the proxies in between pass them on.

The request is a GET of `/healthz` with a token in the header HEADER, signed with SECRET_KEY.
Without a valid token the answer is the usual one; the token contains nothing but random digits.
"""

import secrets

from django.conf import settings
from django.core import signing

from chatsite.requester import client_address

HEADER = "X-Chatsite-Doctor"
SECONDS = 60  # for which a token is good
_signer = signing.TimestampSigner(salt="chatsite.doctor")


def token():
    """Return a new token (text) for the header HEADER, valid for SECONDS."""
    return _signer.sign(secrets.token_hex(8))


def is_of_the_doctor(request):
    """Return True if the Django `request` has a token that was signed in the last SECONDS."""
    try:
        _signer.unsign(request.headers.get(HEADER, ""), max_age=SECONDS)
    except signing.BadSignature:
        return False
    return True


def seen(request):
    """Return what the site sees of the Django `request`, as a dict for JSON.

    `secure` says whether it counts as https, `address` is the client's as limits count it (of IPv6
    its network), `forwarded_for` the list of addresses in X-Forwarded-For, `forwarded_proto` and
    `host` are headers as they came, and `trusted_proxies` is the setting.
    """
    forwarded = request.headers.get("X-Forwarded-For", "")
    return {
        "secure": request.is_secure(),
        "address": client_address(request.scope),
        "forwarded_for": [each.strip() for each in forwarded.split(",") if each.strip()],
        "forwarded_proto": request.headers.get("X-Forwarded-Proto", ""),
        "host": request.headers.get("Host", ""),
        "trusted_proxies": settings.TRUSTED_PROXIES,
    }
