"""Parser of error bodies in all shapes that gateways send."""

from collections.abc import Mapping

from .error_codes import GatewayError, code_for
from .events import Failed
from .gateway_text import Redactor, one_line
from .response_headers import request_id_in, retry_after_in, summary
from .sse import Frames
from .untrusted_json import parse

# Bytes that are read of the body of a refusal.
LARGEST_ERROR = 64 * 1024
# Characters of a message that are searched for JSON within it.
LONGEST_WRAPPED = LARGEST_ERROR


def error_in(body: object) -> GatewayError | None:
    """Return the GatewayError found in `body`, a parsed JSON body or event; None if there is none.

    Shapes: `{"error": {…}}`, `{"error": "text"}`, FastAPI's `{"detail": …}`, and `message` or `msg`
    at the top level.
    """
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    if isinstance(error, dict) and error:
        return _from_object(error)
    if isinstance(error, str) and error:
        return _unwrapped(error, one_line(body.get("code")), "")
    detail = body.get("detail")
    if isinstance(detail, str) and detail:
        return GatewayError(detail)
    if isinstance(detail, list) and detail:
        return GatewayError("; ".join(_validation_errors(detail)))
    if isinstance(body.get("message"), str) or isinstance(body.get("msg"), str):
        return _from_object(body)
    return None


def _from_object(error: dict) -> GatewayError:
    message = error.get("message") or error.get("msg")
    if not isinstance(message, str):
        message = ""
    code = one_line(error.get("code"))
    if not code and error.get("moderation_details"):
        code = "moderation_blocked"
    return _unwrapped(message, code, one_line(error.get("type")))


def _unwrapped(message: str, code: str, kind: str) -> GatewayError:
    # LiteLLM and codex-relay pass on what they got as JSON within their own sentence.
    outer = GatewayError(message, code, kind)
    message = message[:LONGEST_WRAPPED]
    start = message.find("{")
    end = message.rfind("}")
    if start < 0 or end < start:
        return outer
    try:
        body = parse(message[start : end + 1].encode("utf-8", "replace"))
    except ValueError:
        return outer
    error = body.get("error", body) if isinstance(body, dict) else None
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return outer
    return GatewayError(
        message=error["message"] or outer.message,
        code=one_line(error.get("code")) or outer.code,
        kind=one_line(error.get("type")) or outer.kind,
    )


def _validation_errors(detail: list) -> list[str]:
    errors = [each for each in detail[:5] if isinstance(each, dict)]
    return [
        ": ".join(
            part
            for part in (
                ".".join(map(one_line, each["loc"][:9]))
                if isinstance(each.get("loc"), list)
                else "",
                one_line(each.get("msg")),
            )
            if part
        )
        for each in errors
    ]


def refusal(
    http_status: int, headers: Mapping[str, str], body: bytes, redactor: Redactor
) -> Failed:
    """Return the Failed event for a response whose HTTP status is not 200 to 299.

    `headers` and `body` are those of the response; `body` may be cut at LARGEST_ERROR bytes.
    `redactor` removes secrets from the message, which is the error's own or, for a web page or an
    empty body, a summary such as "status 502, text/html".
    """
    found = _error_in_body(headers, body.strip())
    code = "not_api" if http_status < 400 else code_for(found or GatewayError(), http_status)
    message = redactor.sentence(found.message) if found else ""
    return Failed(
        code,
        message or redactor.sentence(summary(http_status, headers, empty=not body.strip())),
        http_status,
        redactor.sentence(request_id_in(headers)),
        sent=True,
        retry_after=retry_after_in(headers),
    )


def _error_in_body(headers: Mapping[str, str], body: bytes) -> GatewayError | None:
    if body[:1] == b"<" or "html" in headers.get("content-type", "").lower():
        return None
    if body[:1] in (b"{", b"["):
        return _error_in_json(body)
    # LiteLLM answers 500 with an event stream.
    if body.startswith((b"data:", b"event:", b":")):
        return _error_in_stream(body)
    return GatewayError(body.decode("utf-8", "replace"))


def _error_in_json(body: bytes) -> GatewayError | None:
    try:
        return error_in(parse(body))
    except ValueError:
        return None


def _error_in_stream(body: bytes) -> GatewayError | None:
    frames = Frames(LARGEST_ERROR)
    found = [_error_in_json(data) for _, data in frames.feed(body) + frames.flush()]
    return next((each for each in found if each), None)
