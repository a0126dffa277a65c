"""System checks of Django for unsafe settings, run before the server starts. An Error keeps the
site from starting; a Warning is only printed."""

from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import Error, Warning, register

from conversations.database.file_system import NETWORKS, mount_of

# Values of ALLOWED_HOSTS that only this machine can use; "testserver" is that of Django's tests.
NAMES_OF_THIS_MACHINE = {"localhost", "127.0.0.1", "[::1]", "testserver", ".localhost"}

# The tag of the checks that run before each start of the server.
START = "start"


@register(START)
def debug_stays_at_home(app_configs, **kwargs):
    """Return `[Error]` (E001) if DEBUG is on while the settings open the site to other machines,
    else []. DEBUG shows settings and code to whoever causes an error. Django passes `app_configs`,
    which is not used."""
    if not settings.DEBUG:
        return []
    origins = {urlsplit(origin).hostname or "" for origin in settings.CSRF_TRUSTED_ORIGINS}
    if not set(settings.ALLOWED_HOSTS) <= NAMES_OF_THIS_MACHINE:
        why = "ALLOWED_HOSTS names hosts other than this machine"
    elif not origins <= {*NAMES_OF_THIS_MACHINE, "::1"}:
        why = "CSRF_TRUSTED_ORIGINS names hosts other than this machine"
    elif settings.TRUSTED_PROXIES:
        why = "TRUSTED_PROXIES says that a proxy lets others in"
    else:
        return []
    return [
        Error(f"DEBUG is on while {why}.", hint="Set DEBUG=false.", id="conversations.E001"),
    ]


@register(START)
def hosts_are_named(app_configs, **kwargs):
    """Return `[Warning]` (W002) if ALLOWED_HOSTS contains "*", else []. Links in e-mails use the
    Host header of the request, so whoever asks for a password reset for another person would choose
    where the link leads. Django passes `app_configs`, which is not used."""
    if "*" in settings.ALLOWED_HOSTS:
        return [
            Warning(
                "ALLOWED_HOSTS=* takes any Host, and the links in e-mails lead to it.",
                hint="Name the hosts of the site: ALLOWED_HOSTS=chat.example.org.",
                id="conversations.W002",
            )
        ]
    return []


@register(START)
def proxies_are_named(app_configs, **kwargs):
    """Return `[Warning]` (W004) if TRUSTED_PROXIES is 0 on a site with https, which stands behind a
    proxy; else []. If the proxy's header with the client's address is not trusted, all clients have
    the proxy's address and share its limits of logins, connections and uploads. Django passes
    `app_configs`, which is not used."""
    if settings.SECURE and not settings.TRUSTED_PROXIES:
        return [
            Warning(
                "TRUSTED_PROXIES is 0: everybody behind a proxy counts as one address, in limits "
                "of logins and connections and in shares of the server.",
                hint="Set it to the number of your proxies, 1 for nginx alone.",
                id="conversations.W004",
            )
        ]
    return []


@register(START)
def secret_key_is_random(app_configs, **kwargs):
    """Return `[Warning]` (W003) if SECRET_KEY or one of SECRET_KEY_FALLBACKS is weak: fewer than
    ten different characters, or a text that repeats itself; else []. Whoever guesses it can forge
    sessions and set-up codes. 32 random characters have about twenty different ones. Django passes
    `app_configs`, which is not used."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if any(len(set(key)) < 10 or key in (key * 2)[1:-1] for key in keys):
        return [
            Warning(
                "SECRET_KEY is easy to guess: it repeats itself or has few different characters.",
                hint="Make one: python -c 'import secrets; print(secrets.token_urlsafe(50))'",
                id="conversations.W003",
            )
        ]
    return []


@register(START)
def gateway_is_private(app_configs, **kwargs):
    """Return `[Warning]` (W001) if OPENAI_BASE_URL is an http URL (no TLS) of another machine, else
    []: the API key and all text would cross the network unencrypted. Django passes `app_configs`,
    which is not used."""
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
    """Return `[Error]` if the SQLite database cannot be used safely, else []. E002: it is on a
    network file system, where file locks do not hold, so that two machines would corrupt it. E003:
    its disk is mounted read-only. Permissions are looked at while the server runs
    (conversations/readiness.py), since they can be mended meanwhile. Django passes `app_configs`,
    which is not used."""
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
    if "ro" in options:
        return [
            Error(
                f"The SQLite database cannot be written: {file}.",
                hint="Its disk is mounted read-only.",
                id="conversations.E003",
            )
        ]
    return []
