"""Search for secrets in the configured key and headers, which answers of a gateway may repeat."""

import base64
import binascii
import re
from collections.abc import Mapping

# Headers whose value is a secret whatever it looks like.
_SECRET_HEADER = re.compile(r"auth|key|token|secret|password|cookie|credential|session|sign", re.I)
# Of other headers ("X-Team: research") a value counts from this length on, in one word with a
# digit in it: shorter ones may be words of any sentence.
_RANDOM_LENGTH = 16
_digit = re.compile(r"\d")
# "Bearer", "Basic" and others, before the secret itself.
_SCHEME = re.compile(r"^[A-Za-z][\w-]*\s+(?=\S)")


def configured_secrets(api_key: str, headers: Mapping[str, str]) -> list[str]:
    """Return the secret strings in `api_key` and `headers`, longest first, for use by Redactor.

    `headers` are the extra ones of the setting UPSTREAM_HEADERS. Secret are the values of headers
    with a name such as Authorization or Cookie (also the password in `Basic` credentials and each
    cookie's value), and in other headers words of 16 characters or more with a digit.
    """
    found = {api_key}
    for name, value in headers.items():
        if not _SECRET_HEADER.search(name):
            found.update(word for word in value.split() if _is_random(word))
            continue
        secret = _SCHEME.sub("", value.strip())
        found.add(secret)
        if value.lower().startswith("basic "):
            found.add(_password(secret))
        if "cookie" in name.lower():
            found.update(part.partition("=")[2].strip() for part in value.split(";"))
    return sorted(found - {""}, key=len, reverse=True)


def _is_random(word: str) -> bool:
    return len(word) >= _RANDOM_LENGTH and _digit.search(word) is not None


def _password(credentials: str) -> str:
    try:
        return base64.b64decode(credentials).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
