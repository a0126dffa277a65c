"""System checks: what the site refuses to start with, or warns of once, because it is unsafe."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, Warning, register

from conversations.database.file_system import NETWORKS, mount_of

# The tag of what is looked at before each start.
START = "start"


@register(START)
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


@register(START)
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


@register(START)
def sqlite_is_on_a_disk_of_its_own(app_configs, **kwargs):
    """On a network disk its locks do not hold: two machines would spoil the file."""
    if not settings.ON_SQLITE:
        return []
    file = Path(settings.DATABASES["default"]["NAME"])
    kind, options = mount_of(file.parent)
    if kind in NETWORKS:
        return [
            Error(
                f"The SQLite database is on a network disk ({kind}), where its locks do not hold.",
                hint="Put it on a local disk (DATABASE_URL), or use PostgreSQL.",
                id="conversations.E002",
            )
        ]
    places = [file, file.parent] if file.exists() else [file.parent]
    if "ro" in options or not all(os.access(place, os.W_OK) for place in places):
        return [
            Error(
                f"The SQLite database cannot be written: {file}.",
                hint="The file and its folder must be writable for the account of the server.",
                id="conversations.E003",
            )
        ]
    return []
