"""Check of the proxies in front of the site: scheme, host and addresses of a request that the
doctor sends to the site's public address, as the site sees them; and the certificate there."""

import contextlib
import json
import ssl
import time
from urllib.parse import urlsplit

import certifi
import httpx
from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from conversations.checks import NAMES_OF_THIS_MACHINE
from conversations.doctor import seen_request
from conversations.doctor.finding import OK, PROBLEM, WARNING, Finding

SECONDS = 8
# An address for documentation (RFC 5737), which the doctor pretends to come from.
PRETENDED = "192.0.2.77"
CERTIFICATE_DAYS = 14


def check(url=""):
    """Return the list of Findings about the proxies. `url` is the site's public address, such as
    https://chat.example.org; by default it is made of the first name in ALLOWED_HOSTS."""
    is_guessed = not url
    url = (url or _public_address()).rstrip("/")
    if not url:
        return [
            Finding(
                WARNING,
                _("The proxies were not checked, for the site's public address is not known."),
                _("Name it: manage.py doctor proxy --url https://chat.example.org"),
            )
        ]
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        return [Finding(PROBLEM, _("--url must be like https://chat.example.org."))]
    scheme = "http" if url.startswith("https:") else "https"
    headers = {
        seen_request.HEADER: seen_request.token(),
        "X-Forwarded-For": PRETENDED,
        "X-Forwarded-Proto": scheme,
    }
    try:
        with (
            httpx.Client(timeout=SECONDS, trust_env=False, verify=_trusted()) as client,
            client.stream("GET", f"{url}/healthz", headers=headers) as answer,
        ):
            days = _days_of_certificate(answer)
            content = answer.read()
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        return [_not_reached(url, error, is_guessed)]
    if answer.is_redirect:
        return [
            Finding(
                PROBLEM,
                format_lazy(
                    _("{url} leads to {location}."),
                    url=url,
                    location=answer.headers.get("Location", "")[:200],
                ),
                _("Name the address that people use with --url."),
            )
        ]
    try:
        seen = json.loads(content)
        findings = judge(url, seen)
    except (ValueError, KeyError, TypeError, AttributeError):
        return [
            Finding(
                PROBLEM,
                format_lazy(
                    _("What answers at {url} is not this site (status {status})."),
                    url=url,
                    status=answer.status_code,
                ),
                _("Check the proxy's upstream, and that the site runs with this .env."),
            )
        ]
    return [*findings, *_certificate(days)]


def _trusted():
    """Return an ssl.SSLContext that trusts the certificate authorities of this machine (perhaps an
    organisation's own) and those of the package certifi, as browsers do."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def judge(url, seen):
    """Return the list of Findings about the doctor's request to `url`; `seen` is what the site saw
    of it (seen_request.seen). The request has forged headers: X-Forwarded-Proto with the opposite
    scheme, which a proxy must replace, and X-Forwarded-For with PRETENDED, to which it must append
    the client's address."""
    found = [*_scheme(url, seen), *_host(url, seen), *_addresses(seen)]
    return found or [
        Finding(
            OK,
            format_lazy(
                _("A request to {url} comes from {address} for the site, and as {scheme}."),
                url=url,
                address=seen["address"],
                scheme=urlsplit(url).scheme,
            ),
        )
    ]


def _scheme(url, seen):
    """Return a list with the PROBLEM if the site takes the https request to `url` for http or the
    reverse; else []. `seen` is the dict of what the site saw."""
    is_https = url.startswith("https:")
    if seen["secure"] == is_https:
        return []
    pretended = "http" if is_https else "https"
    if seen["forwarded_proto"] == pretended:
        return [
            Finding(
                PROBLEM,
                _("The proxy passes on the X-Forwarded-Proto that a client sends."),
                _("Have it set its own: proxy_set_header X-Forwarded-Proto $scheme; in nginx."),
            )
        ]
    return [
        Finding(
            PROBLEM,
            _("The site takes a request by https for one by http, so it redirects for ever."),
            _("Set TRUSTED_PROXIES, and have the proxy set X-Forwarded-Proto to https."),
        )
    ]


def _host(url, seen):
    """Return a list with the PROBLEM if the site saw another host than that of `url`, or does not
    accept it (ALLOWED_HOSTS); else []. `seen` is the dict of what the site saw."""
    host = urlsplit(url).netloc.rpartition("@")[2].lower()
    if seen["host"].lower() != host:
        return [
            Finding(
                PROBLEM,
                format_lazy(
                    _("The proxy changes the host {host} to {seen}, so forms are refused."),
                    host=host,
                    seen=seen["host"][:200],
                ),
                _("Have it pass on the client's: proxy_set_header Host $http_host; in nginx."),
            )
        ]
    if not validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        return [
            Finding(
                PROBLEM,
                format_lazy(_("ALLOWED_HOSTS does not have {host}."), host=host),
                _("Add it."),
            )
        ]
    return []


def _addresses(seen):
    """Return a list with the PROBLEM if the number of proxies that added an address to
    X-Forwarded-For is not TRUSTED_PROXIES; else []. `seen` is the dict of what the site saw."""
    listed, trusted = seen["forwarded_for"], seen["trusted_proxies"]
    # Addresses after the pretended one were added by proxies on the way.
    added = listed
    if PRETENDED in listed:
        added = listed[len(listed) - listed[::-1].index(PRETENDED) :]
    if len(added) == trusted:
        return []
    if not added:
        return [
            Finding(
                PROBLEM,
                _("No proxy adds the client's address, so anybody may pretend to have any."),
                _("Have it set X-Forwarded-For to the client's address, or set TRUSTED_PROXIES=0."),
            )
        ]
    return [
        Finding(
            PROBLEM,
            format_lazy(
                _("{count} proxies add addresses and TRUSTED_PROXIES is {trusted}."),
                count=len(added),
                trusted=trusted,
            ),
            format_lazy(_("Set TRUSTED_PROXIES={count}."), count=len(added)),
        )
    ]


def _public_address():
    """Return the URL that people use, https with the first public name in ALLOWED_HOSTS; "" if
    there is no such name, or the site is served by http."""
    names = [name for name in settings.ALLOWED_HOSTS if name not in NAMES_OF_THIS_MACHINE]
    names = [name for name in names if not name.startswith((".", "*"))]
    return f"https://{names[0]}" if names and settings.SECURE else ""


def _not_reached(url, error, is_guessed):
    """Return the Finding about `url`, which could not be reached because of `error`, an exception:
    a PROBLEM if its certificate is at fault or the operator named the address, else (`is_guessed`)
    a WARNING, since the name may not be known on this machine."""
    cause = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if cause is not None:
        why = getattr(cause, "verify_message", "") or str(cause)
        return Finding(
            PROBLEM,
            format_lazy(_("The certificate of {url} is not valid: {why}"), url=url, why=why[:200]),
            _("Get one that browsers take (docs/deploy.md)."),
        )
    return Finding(
        WARNING if is_guessed else PROBLEM,
        format_lazy(
            _("{url} could not be reached from here: {why}"),
            url=url,
            why=str(error)[:200] or type(error).__name__,
        ),
        _("Check the name, the proxy and the firewall; another address can be named with --url."),
    )


def _days_of_certificate(answer):
    """Return how many days the certificate of the httpx `answer` is still good; None without
    TLS."""
    with contextlib.suppress(KeyError, AttributeError, TypeError, ValueError):
        tls = answer.extensions["network_stream"].get_extra_info("ssl_object")
        return (ssl.cert_time_to_seconds(tls.getpeercert()["notAfter"]) - time.time()) / 86_400
    return None


def _certificate(days):
    """Return the list of Findings about a TLS certificate that expires in `days` days; [] if that
    is not known (None)."""
    if days is None:
        return []
    if days < CERTIFICATE_DAYS:
        return [
            Finding(
                WARNING,
                format_lazy(_("The certificate ends in {days} days."), days=int(days)),
                _("See why it is not renewed: certbot renew --dry-run"),
            )
        ]
    return [Finding(OK, format_lazy(_("The certificate is good for {days} days."), days=int(days)))]
