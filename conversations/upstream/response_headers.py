"""HTTP headers of a gateway's response: its id of the request, when to come back, what came."""

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from .gateway_text import one_line

# The first that is there counts. LiteLLM's own goes first: it is what its log is searched by, and
# beside it LiteLLM passes on the ids of the provider behind it.
REQUEST_ID_HEADERS = (
    "x-litellm-call-id",
    "x-request-id",
    "request-id",
    "x-oneapi-request-id",
    "x-generation-id",
    "cf-ray",
)

_number = re.compile(r"\d{1,9}(?:\.\d{1,9})?")
# A date of HTTP has 29 characters.
_LONGEST_WAIT = 60


def request_id_in(headers: Mapping[str, str]) -> str:
    """Return the gateway's id of the request, at most 200 characters; "" where it sends none."""
    found = (one_line(headers.get(each)) for each in REQUEST_ID_HEADERS)
    return next((each for each in found if each), "")


def retry_after_in(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the gateway asks to wait; None where it does not say.

    Read are `retry-after-ms`, then `retry-after` as seconds or as a date of HTTP.
    """
    milliseconds = _seconds(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    # LiteLLM moves what it got to a name of its own.
    asked = headers.get("retry-after") or headers.get("llm_provider-retry-after") or ""
    asked = asked[:_LONGEST_WAIT]
    seconds = _seconds(asked)
    if seconds is not None:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(asked).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _seconds(text: str) -> float | None:
    text = text[:_LONGEST_WAIT].strip()
    return float(text) if _number.fullmatch(text) else None


def summary(http_status: int, headers: Mapping[str, str], *, empty: bool = False) -> str:
    """Return what came instead of a response, whose body may not be shown: "status 502, text/html".

    `empty` says that there was no body.
    """
    kind = one_line(headers.get("content-type", "").partition(";")[0], 60)
    return f"status {http_status}, {'empty' if empty else kind or 'no content type'}"
