"""Errors of the gateway, in whatever shape they come, as one of a few codes of ours."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from .events import Failed
from .jsontext import parse
from .sse import Frames
from .words import Words, name

# Every code there is, and what it means; the sentence for a reader is made elsewhere.
CODES = {
    "bad_config": "the address or the key cannot be used as they stand",
    "connect": "no connection: refused, unknown host, unreachable",
    "tls": "no connection: the certificate was not accepted",
    "timeout_connect": "no connection within the time allowed",
    "timeout_silence": "nothing was received for too long",
    "timeout_total": "the whole call took too long",
    "lost": "the connection was lost after the request was sent",
    "unauthorized": "the key was not accepted",
    "quota": "the account has no credit left",
    "rate_limited": "too many requests",
    "context_length": "the conversation is longer than the model's context window",
    "too_large": "the request is larger than the gateway takes",
    "model_not_found": "the gateway does not have this model",
    "not_found": "the gateway does not offer this path",
    "unsupported": "the gateway or the model does not take a setting that was sent",
    "refused": "any other refusal of the request",
    "server": "the gateway or what is behind it has a fault or is overloaded",
    "not_api": "what came is not an answer of such a gateway, a web page for example",
    "line_too_long": "a single line or body was too long to be an answer",
}

LARGEST_ERROR = 64 * 1024

REQUEST_ID_HEADERS = (
    "x-request-id",
    "request-id",
    "x-oneapi-request-id",
    "x-litellm-call-id",
    "x-generation-id",
    "cf-ray",
)

QUOTA = {
    "insufficient_quota",
    "insufficient_user_quota",
    "pre_consume_token_quota_failed",
    "insufficient_balance",
    "billing_hard_limit_reached",
    "billing_not_active",
    "credit_balance_too_low",
}
# LiteLLM without a database answers 400 `no_db_connection` to a wrong key.
UNAUTHORIZED = {"invalid_api_key", "authentication_error", "auth_error", "no_db_connection"}
CONTEXT_LENGTH = {"context_length_exceeded", "exceed_context_size_error"}
RATE_LIMITED = {"rate_limit_exceeded", "rate_limit_error", "too_many_requests", "throttling_error"}
# new-api answers 500 `convert_request_failed` where a channel cannot do Responses.
NOT_OFFERED = {"api_not_implemented", "convert_request_failed"}
UNSUPPORTED = {"unsupported_parameter", "unsupported_value", "unknown_parameter"}

_context_words = re.compile(r"maximum context length|context window|context size|context_length")
_unsupported_words = re.compile(r"unsupported (?:parameter|value)|does not support|unknown param")
_no_model_words = re.compile(r"\bmodel\b.*(?:not found|not exist|not available|no such)")


@dataclass(frozen=True, slots=True)
class Complaint:
    """An error as the gateway put it."""

    message: str = ""
    code: str = ""
    kind: str = ""

    @property
    def names(self) -> set[str]:
        """Its code and its type, where they are names."""
        return {self.code.lower(), self.kind.lower()} - {""}


def complaint_in(body: object) -> Complaint | None:
    """Find the error in a parsed body or event; None where there is none."""
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    if isinstance(error, dict) and error:
        return _complaint(error)
    if isinstance(error, str) and error:
        return _unwrapped(Complaint(error, name(body.get("code"))))
    detail = body.get("detail")
    if isinstance(detail, str) and detail:
        return Complaint(detail)
    if isinstance(detail, list) and detail:
        return Complaint("; ".join(_validation_errors(detail)))
    if isinstance(body.get("message"), str) or isinstance(body.get("msg"), str):
        return _complaint(body)
    return None


def _complaint(error: dict) -> Complaint:
    message = error.get("message") or error.get("msg")
    if not isinstance(message, str):
        message = ""
    return _unwrapped(Complaint(message, name(error.get("code")), name(error.get("type"))))


def _unwrapped(outer: Complaint) -> Complaint:
    # LiteLLM and codex-relay pass on what they got as JSON within their own sentence.
    start = outer.message.find("{")
    end = outer.message.rfind("}")
    if start < 0 or end < start:
        return outer
    try:
        body = parse(outer.message[start : end + 1].encode("utf-8", "replace"))
    except ValueError:
        return outer
    error = body.get("error", body) if isinstance(body, dict) else None
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return outer
    return Complaint(
        message=error["message"] or outer.message,
        code=name(error.get("code")) or outer.code,
        kind=name(error.get("type")) or outer.kind,
    )


def _validation_errors(detail: list) -> list[str]:
    errors = [each for each in detail[:5] if isinstance(each, dict)]
    return [
        ": ".join(
            part
            for part in (
                ".".join(map(name, each["loc"])) if isinstance(each.get("loc"), list) else "",
                name(each.get("msg")),
            )
            if part
        )
        for each in errors
    ]


def code_for(complaint: Complaint, http_status: int | None = None) -> str:
    """Choose our code for an error; `http_status` is None for one within an answer."""
    names = complaint.names
    message = complaint.message.lower()
    status = http_status
    if status is None or status < 400:
        status = next((int(each) for each in names if re.fullmatch(r"[45]\d\d", each)), 0)
    if status == 402 or names & QUOTA:
        return "quota"
    if status == 401 or names & UNAUTHORIZED:
        return "unauthorized"
    if names & CONTEXT_LENGTH or (status == 400 and _context_words.search(message)):
        return "context_length"
    if "model_not_found" in names or (status in (400, 404) and _no_model_words.search(message)):
        return "model_not_found"
    if status in (404, 405, 501) or names & NOT_OFFERED:
        return "not_found"
    if status == 429 or names & RATE_LIMITED:
        return "rate_limited"
    if status == 413:
        return "too_large"
    if names & UNSUPPORTED or (status in (400, 422) and _unsupported_words.search(message)):
        return "unsupported"
    if status >= 500:
        return "server"
    if status >= 400 or any("invalid" in each or "policy" in each for each in names):
        return "refused"
    return "server"


def request_id_in(headers: Mapping[str, str]) -> str:
    """Give the gateway's id of the request, "" where it sends none."""
    return next((found for each in REQUEST_ID_HEADERS if (found := name(headers.get(each)))), "")


def retry_after_in(headers: Mapping[str, str]) -> float | None:
    """Give the seconds the gateway asks to wait; None where it does not say."""
    milliseconds = _seconds(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    # LiteLLM moves what it got to a name of its own.
    asked = headers.get("retry-after") or headers.get("llm_provider-retry-after") or ""
    seconds = _seconds(asked)
    if seconds is not None:
        return seconds
    try:
        return max(0.0, parsedate_to_datetime(asked).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _seconds(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", text.strip()) else None


def summary(http_status: int, headers: Mapping[str, str], *, empty: bool = False) -> str:
    """Say what came where it may not be shown: "status 502, text/html"."""
    kind = name(headers.get("content-type", "").partition(";")[0], 60)
    return f"status {http_status}, {'empty' if empty else kind or 'no content type'}"


def refusal(http_status: int, headers: Mapping[str, str], body: bytes, words: Words) -> Failed:
    """Read the answer to a request that was not accepted; `body` may be cut."""
    found = _complaint_in_body(headers, body.strip())
    code = "not_api" if http_status < 400 else code_for(found or Complaint(), http_status)
    message = words.sentence(found.message) if found else ""
    return Failed(
        code,
        message or summary(http_status, headers, empty=not body.strip()),
        http_status,
        words.sentence(request_id_in(headers)),
        sent=True,
        retry_after=retry_after_in(headers),
    )


def _complaint_in_body(headers: Mapping[str, str], body: bytes) -> Complaint | None:
    if body[:1] == b"<" or "html" in headers.get("content-type", "").lower():
        return None
    if body[:1] in (b"{", b"["):
        return _complaint_in_json(body)
    # LiteLLM answers 500 with an event stream.
    if body.startswith((b"data:", b"event:", b":")):
        return _complaint_in_stream(body)
    return Complaint(body.decode("utf-8", "replace"))


def _complaint_in_json(body: bytes) -> Complaint | None:
    try:
        return complaint_in(parse(body))
    except ValueError:
        return None


def _complaint_in_stream(body: bytes) -> Complaint | None:
    frames = Frames(LARGEST_ERROR)
    found = [_complaint_in_json(data) for _, data in frames.feed(body) + frames.flush()]
    return next((each for each in found if each), None)
