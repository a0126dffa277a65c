"""Masking of what may be secret in addresses, for pages that show settings."""

from urllib.parse import unquote_plus

HIDDEN = "…"
# Parameters of addresses whose values say nothing secret.
_OPEN = {"endpoint_url", "region_name", "addressing_style", "sslmode", "timeout"}


def masked(text):
    """Return `text` with what may be secret in an address (URL) in it replaced by "…": user and
    password; the values of the parameters of its query, but for those in _OPEN, and all parameters
    after the first hidden value, since they may belong to a password that was not percent-encoded.
    With an @ in the query only the scheme is kept. Text without "://" is returned as it is."""
    scheme, colon, rest = text.partition("://")
    if not colon:
        return text
    rest, mark, query = rest.partition("?")
    if "@" in query:
        # Of the user's password or of one in the query: a part of it may stand on either side.
        return f"{scheme}://{HIDDEN}"
    # To the last @: a password that was not percent-encoded may hold @ and /.
    _user, at, host = rest.rpartition("@")
    address = f"{scheme}://{HIDDEN}@{host}" if at else f"{scheme}://{host}"
    parts = query.split("&")
    shown = []
    while parts and not (shown and shown[-1].endswith(HIDDEN)):
        shown.append(_masked_parameter(parts.pop(0)))
    if parts:
        shown.append(HIDDEN)
    return address + mark + "&".join(shown)


def _masked_parameter(written):
    """Return `written`, one parameter of a query (`name=value`, percent-encoded), with its value
    hidden or, if its name is in _OPEN, decoded and `masked`."""
    name, equals, value = written.partition("=")
    if not equals:
        return HIDDEN if name else ""
    return f"{name}={masked(unquote_plus(value)) if name in _OPEN else HIDDEN}"
