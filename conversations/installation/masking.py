"""Masking of what may be secret in addresses, for pages that show settings."""

import re
from urllib.parse import unquote_plus

HIDDEN = "…"
# From the scheme to the last @: a password that was not percent-encoded may hold @ and /.
_USER_INFO = re.compile(r"(?<=://)[^?]*@")
# With an @ behind a ? that may be a password of either, of which a part may follow.
_UNCLEAR = re.compile(r"(?<=://).*\?.*@.*", re.DOTALL)
# Parameters of addresses whose values say nothing secret.
_OPEN = {"endpoint_url", "region_name", "addressing_style", "sslmode", "timeout"}


def masked(text):
    """Return `text` with user and password of an address in it replaced by "…", and the values of
    the parameters of its query, but for some that are known to be harmless. All that follows the
    first hidden value is "…": it may be a part of a password that was not percent-encoded. Text
    without an address is returned as it is."""
    if "://" not in text:
        return text
    text = _UNCLEAR.sub(HIDDEN, text)
    address, mark, query = _USER_INFO.sub(f"{HIDDEN}@", text).partition("?")
    parts = query.split("&")
    shown = []
    while parts and not (shown and shown[-1].endswith(HIDDEN)):
        shown.append(_masked_parameter(parts.pop(0)))
    if parts:
        shown.append(HIDDEN)
    return address + mark + "&".join(shown)


def _masked_parameter(written):
    """Return one parameter of a query (`name=value`, percent-encoded) with its value hidden unless
    it is harmless."""
    name, equals, value = written.partition("=")
    if not equals:
        return HIDDEN if name else ""
    return f"{name}={masked(unquote_plus(value)) if name in _OPEN else HIDDEN}"
