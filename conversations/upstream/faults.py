"""Faults of the connection, as codes of ours; the one place that knows the libraries' errors.

httpx-aiohttp gives a refused, an unresolvable and a closed connection alike as ConnectTimeout;
what happened stands in its cause.
"""

import os
import ssl

import aiohttp
import httpx

from .events import Failed
from .words import name

# The code, whether the request may have reached the gateway, and the errors that say so. The
# first that fits counts, as some are kinds of others.
MEANINGS = (
    ("tls", False, (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError)),
    ("connect", False, (aiohttp.ClientConnectorError, httpx.ConnectError)),
    (
        "timeout_connect",
        False,
        (aiohttp.ConnectionTimeoutError, httpx.PoolTimeout),
    ),
    ("timeout_silence", True, (aiohttp.ServerTimeoutError, httpx.ReadTimeout, httpx.WriteTimeout)),
    ("lost", True, (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)),
    ("timeout_connect", False, (httpx.ConnectTimeout,)),
    ("bad_config", False, (aiohttp.InvalidURL, httpx.InvalidURL, httpx.UnsupportedProtocol)),
    ("not_api", True, (aiohttp.ClientResponseError, httpx.DecodingError)),
)


def failure_of(error: Exception) -> Failed:
    """Say what `error`, raised by the transport, means for the call."""
    cause = error.__cause__
    for code, sent, kinds in MEANINGS:
        found = next((each for each in (cause, error) if isinstance(each, kinds)), None)
        if found:
            return Failed(code, _reason(found), sent=sent)
    return Failed("lost")


def _reason(error: Exception) -> str:
    """Give the system's words for it, without the host that aiohttp puts before them."""
    found = getattr(error, "os_error", None) or getattr(error, "certificate_error", None) or error
    if isinstance(found, ssl.SSLCertVerificationError):
        return name(found.verify_message)
    number = getattr(found, "errno", None)
    if isinstance(number, int) and number > 0:
        return os.strerror(number)
    return name(getattr(found, "strerror", None))
