"""Translation of exceptions of aiohttp and httpx into Failed events.

httpx-aiohttp raises ConnectTimeout for a refused, an unresolvable and a closed connection alike;
what happened is its `__cause__`.
"""

import os
import ssl

import aiohttp
import httpx

from .content_encoding import UnpackedTooLarge
from .deadline import Deadline
from .events import Failed
from .gateway_text import one_line

# (error code, whether the request may have reached the gateway, the exceptions that say so). The
# first that fits counts, as some are subclasses of others.
MEANINGS: tuple[tuple[str, bool, tuple[type[Exception], ...]], ...] = (
    ("tls", False, (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError)),
    ("connect", False, (aiohttp.ClientConnectorError, httpx.ConnectError)),
    ("timeout_connect", False, (aiohttp.ConnectionTimeoutError, httpx.PoolTimeout)),
    ("timeout_silence", True, (aiohttp.ServerTimeoutError, httpx.ReadTimeout, httpx.WriteTimeout)),
    ("lost", True, (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)),
    ("timeout_connect", False, (httpx.ConnectTimeout,)),
    ("bad_config", False, (aiohttp.InvalidURL, httpx.InvalidURL, httpx.UnsupportedProtocol)),
    ("line_too_long", True, (UnpackedTooLarge,)),
    ("not_api", True, (aiohttp.ClientResponseError, httpx.DecodingError)),
)


def failure_of(error: Exception) -> Failed:
    """Return the Failed event for `error`, an exception raised while sending or reading over HTTP.

    Its `code` is found in MEANINGS, or is "lost"; `sent` is True if the gateway may have got the
    request.
    """
    cause = error.__cause__
    for code, sent, kinds in MEANINGS:
        found = next((each for each in (cause, error) if isinstance(each, kinds)), None)
        if found:
            return Failed(code, _reason(found), sent=sent)
    return Failed("lost")


def timeout_of(deadline: Deadline) -> Failed:
    """Return the Failed event for a TimeoutError that `deadline`, a Deadline, raised.

    Its code is "timeout_silence" or "timeout_total", as `deadline.silent` says.
    """
    if deadline.silent:
        return Failed("timeout_silence", sent=True)
    return Failed("timeout_total")


def closed_without_a_byte(error: Exception) -> bool:
    """Return True if `error` says that the connection closed before any byte of a response came.

    Used to tell whether a request on a reused connection may be sent again. aiohttp raises
    ServerDisconnectedError with the half-read response where there was one, and ClientOSError where
    the request could no longer be written.
    """
    cause = error.__cause__ or error
    if isinstance(cause, aiohttp.ClientConnectorError):
        return False
    if isinstance(cause, aiohttp.ServerDisconnectedError):
        return cause.message is None or isinstance(cause.message, str)
    return isinstance(cause, aiohttp.ClientOSError)


def _reason(error: BaseException) -> str:
    """Return why the connection failed with the exception `error`, in the words of the operating
    system or OpenSSL; "" if there are none. aiohttp's own message names the gateway's host, so it
    is not used."""
    found = getattr(error, "os_error", None) or getattr(error, "certificate_error", None) or error
    if isinstance(found, ssl.SSLCertVerificationError):
        return one_line(found.verify_message)
    number = getattr(found, "errno", None)
    if isinstance(number, int) and number > 0:
        return os.strerror(number)
    return ""
