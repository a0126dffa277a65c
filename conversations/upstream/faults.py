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


def failure_of(error: Exception) -> Failed:
    """Say what `error`, raised by the transport, means for the call."""
    cause = error.__cause__ or error
    if isinstance(cause, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return Failed("tls", _reason(cause), sent=False)
    if isinstance(cause, aiohttp.ClientConnectorError | httpx.ConnectError):
        return Failed("connect", _reason(cause), sent=False)
    if isinstance(cause, aiohttp.ConnectionTimeoutError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return Failed("timeout_connect", sent=False)
    if isinstance(cause, aiohttp.ServerTimeoutError | httpx.TimeoutException):
        return Failed("timeout_silence")
    if isinstance(cause, aiohttp.InvalidURL | httpx.InvalidURL | httpx.UnsupportedProtocol):
        return Failed("bad_config", sent=False)
    if isinstance(cause, aiohttp.ClientResponseError | httpx.DecodingError):
        return Failed("not_api")
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
