"""Refuses to start, or warns once, where the site would not be safe (runtime.md, P26)."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, Warning, register


@register()
def debug_stays_at_home(app_configs, **kwargs):
    """DEBUG shows settings and code to whoever causes an error: loopback only."""
    at_home = {"localhost", "127.0.0.1", "[::1]", "testserver", ".localhost"}
    if settings.DEBUG and not set(settings.ALLOWED_HOSTS) <= at_home:
        return [
            Error(
                "DEBUG is on while ALLOWED_HOSTS names hosts other than this machine.",
                hint="Set DEBUG=false.",
                id="conversations.E001",
            )
        ]
    return []


@register()
def gateway_is_private(app_configs, **kwargs):
    """The key and all text would cross the network in the clear."""
    url = urlsplit(settings.OPENAI_BASE_URL)
    if url.scheme == "http" and url.hostname not in ("localhost", "127.0.0.1", "::1"):
        return [
            Warning(
                "OPENAI_BASE_URL uses http: the key and all text cross the network unencrypted.",
                hint="Use https, or keep the gateway on this machine.",
                id="conversations.W001",
            )
        ]
    return []
