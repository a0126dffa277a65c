"""Log line that is written at the end of each Response (a reply or a title)."""

import json
import logging

from django.utils import timezone

from conversations.models import Response

logger = logging.getLogger("conversations.replies")

Status = Response.Status


def log_end(live, outcome, fields):
    """Log how the Response of the LiveReply `live` ended: one line, or one JSON object.

    `outcome` is its Outcome and `fields` the columns stored at its end. The keys are those of
    OpenTelemetry's semantic conventions for generative AI where it has some; durations are in
    seconds. The level is WARNING if the reply failed or the gateway broke it off, else INFO. No
    text, title or name of a person is logged; the request id is that of the HTTP request that asked
    for the reply.
    """
    response = live.response
    details = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": response.model,
        "gen_ai.response.model": fields.get("answered_model"),
        "gen_ai.response.id": fields.get("upstream_id"),
        "gen_ai.response.finish_reasons": fields.get("reason"),
        "gen_ai.response.time_to_first_chunk": _seconds(outcome.began_at, live.first_token_at),
        "gen_ai.usage.input_tokens": fields.get("input_tokens"),
        "gen_ai.usage.cache_read.input_tokens": fields.get("cached_tokens"),
        "gen_ai.usage.cache_creation.input_tokens": fields.get("cache_write_tokens"),
        "gen_ai.usage.output_tokens": fields.get("output_tokens"),
        "gen_ai.usage.reasoning.output_tokens": fields.get("reasoning_tokens"),
        "openai.response.service_tier": fields.get("service_tier"),
        "error.type": fields.get("error_code"),
        "http.response.status_code": fields.get("http_status"),
        "gateway.request_id": fields.get("request_id"),
        "duration": _seconds(outcome.began_at, timezone.now()),
        "attempts": outcome.attempts,
        "person_id": response.person_id,
    }
    details = {key: value for key, value in details.items() if value not in (None, "")}
    error = f" ({fields['error_code']})" if fields.get("error_code") else ""
    logger.log(
        logging.WARNING if _is_failure(fields) else logging.INFO,
        "%s %s %s%s%s",
        response.purpose,
        response.pk,
        fields["status"],
        error,
        "".join(f" {key}={_written(value)}" for key, value in details.items()),
        extra={
            "request_id": response.request.get("request_id", "-"),
            "response": str(response.pk),
            "status": str(fields["status"]),
            **details,
        },
    )


def _is_failure(fields):
    """Return True if `fields`, the columns stored at the reply's end, say that it failed, by an
    error of the gateway or of this site, or that the gateway broke it off or sent what cannot be
    read."""
    if fields["status"] == Status.INTERRUPTED:
        # Without a reason it is our own process that stopped.
        return bool(fields.get("reason"))
    return fields["status"] == Status.FAILED


def _seconds(begin, end):
    """Return the seconds between two datetimes, to the millisecond; None if one of them is None."""
    return round((end - begin).total_seconds(), 3) if begin and end else None


def _written(value):
    """Return `value` as one word of a log line: a JSON string if it has blanks or is not ASCII."""
    text = str(value)
    return text if text.isascii() and text.isprintable() and " " not in text else json.dumps(text)
