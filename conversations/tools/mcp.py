"""MCP servers ("connectors") as tools: what an operator may configure of one.

A server's credentials are not part of the tool's JSON, which is stored, shown and exported: in
their place it has the name of an environment variable, as in `"authorization": "${CRM_TOKEN}"`.
"""

import re
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from chatsite.environment import is_read_by_site
from conversations.rendering.isolated_text import isolated

TYPE = "mcp"
# Fields of which one says where the server is.
PLACES = ("server_url", "connector_id", "tunnel_id")
PLACEHOLDER = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]{0,99})\}")
# Headers whose value is a secret.
_SECRET_HEADER = re.compile(r"auth|key|token|secret|password|cookie|credential|session", re.I)
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_APPROVALS = ("always", "never")


def fault_of(tool):
    """Return a sentence in the active language about the first mistake in `tool`, the JSON (dict)
    of a tool of the type "mcp"; "" if it has none."""
    if not _is_text(tool.get("server_label")):
        return _("A connector needs a “server_label”, the name of its server.")
    places = [key for key in PLACES if key in tool]
    if not places or not all(_is_text(tool[key]) for key in places):
        return _("A connector needs a “server_url”, the address of its server.")
    if "server_url" in tool and not _is_address(tool["server_url"]):
        return _("Its “server_url” must be an address that begins with https:// or http://.")
    approval = tool.get("require_approval", "always")
    if approval not in _APPROVALS and not isinstance(approval, dict):
        return _("Its “require_approval” must be “always”, “never” or an object.")
    return _fault_of_secrets(tool)


def _fault_of_secrets(tool):
    """Return a sentence about the first mistake in the credentials of `tool`, the JSON of a
    connector; "" if there is none."""
    headers = tool.get("headers") or {}
    if not isinstance(headers, dict) or not all(
        _HEADER.fullmatch(name) and isinstance(value, str) for name, value in headers.items()
    ):
        return _('Its “headers” must be an object of texts: {"X-Team": "research"}.')
    authorization = tool.get("authorization")
    if authorization is not None and not isinstance(authorization, str):
        return _("Its “authorization” must be a text.")
    secret = {name: value for name, value in headers.items() if _SECRET_HEADER.search(name)}
    if authorization is not None:
        secret["authorization"] = authorization
    if "@" in urlsplit(tool.get("server_url", "")).netloc:
        secret["authorization"] = ""  # name and password are within the address
    for name, value in secret.items():
        if not PLACEHOLDER.search(value):
            return _(
                "Its “%(field)s” must not stand here, where it can be read. Put it into an "
                "environment variable of the server, and name that: ${NAME}."
            ) % {"field": name}
    for value in (*headers.values(), authorization or ""):
        for name in PLACEHOLDER.findall(value):
            if is_read_by_site(name):
                return _(
                    "“%(name)s” is a setting of this site, which is sent nowhere. Use a variable "
                    "of its own."
                ) % {"name": name}
        if "${" in PLACEHOLDER.sub("", value):
            return _("A variable is written ${NAME}, with letters, digits and “_”.")
    for key, value in tool.items():
        if key not in ("headers", "authorization") and PLACEHOLDER.search(str(value)):
            return _(
                "A variable such as ${NAME} is filled in only in “authorization” and “headers”, "
                "not in “%(field)s”."
            ) % {"field": isolated(key[:100])}
    return ""


def _is_text(value):
    return isinstance(value, str) and bool(value.strip())


def _is_address(url):
    """Return True if `url` (text) is an http or https URL with a host."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
