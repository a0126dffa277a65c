"""Reader of HTTP response headers: the gateway's request id, its retry time, and a summary."""

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
    """Return the gateway's request id in `headers`, at most 200 characters; "" if it sends none."""
    found = (one_line(headers.get(each)) for each in REQUEST_ID_HEADERS)
    return next((each for each in found if each), "")


def retry_after_in(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait before the next request, as `headers` ask; None if they do not.

    Read are `retry-after-ms`, then `retry-after` as seconds or as an HTTP date.
    """
    milliseconds = _seconds(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    # LiteLLM passes on the header of the provider behind it under a name of its own.
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
    """Return status and content type as text, such as "status 502, text/html".

    It describes a response whose body may not be shown. With `empty` (there was no body) it says
    "empty" in place of the content type.
    """
    kind = one_line(headers.get("content-type", "").partition(";")[0], 60)
    return f"status {http_status}, {'empty' if empty else kind or 'no content type'}"
