"""Outcome of a request to the gateway: how it ended, as values for columns of its Response."""

from django.utils import timezone

from conversations import upstream
from conversations.models import Response
from conversations.models.response import REPORTED_TOKENS

Status = Response.Status
Source = Response.UsageSource


class Outcome:
    """Collector of how the request to the gateway for the LiveReply `live` ended.

    `take`, `end` and `fail` add to it; `fields()` returns the columns to store in the Response.
    `attempts` is how often the request was sent so far, `began_at` the datetime of its beginning.
    """

    def __init__(self, live):
        # When the gateway was asked, and how often so far.
        self.began_at = timezone.now()
        self.attempts = 0
        self._live = live
        self._body = live.body or {}
        self._status = ""
        self._fields = {}
        self._usage = None
        self._billing = upstream.Billing()
        self._sent = True
        # Whether the gateway said that it asked no model, even if the HTTP status was 200.
        self._refused = False

    @property
    def known(self):
        """True once an end was noted, by an event or by `end` or `fail`."""
        return bool(self._status)

    def take(self, event):
        """Note the status, usage, headers or error in `event`, a Started, Headers, Finished or
        Failed of the gateway's client (`upstream`)."""
        match event:
            case upstream.Started():
                self._fields["upstream_id"] = event.upstream_id
                self._fields["answered_model"] = event.model[:200]
                self._billing = upstream.Billing(event.service_tier)
            case upstream.Headers():
                self._fields["http_status"] = event.http_status
                self._fields["request_id"] = event.request_id[:200]
            case upstream.Finished():
                self._finished(event)
            case upstream.Failed():
                self._failed(event)

    def end(self, status):
        """Set the final status for a reply that this site ended, not the gateway: `status` is a
        Response.Status, such as CANCELLED for a stop or INTERRUPTED."""
        self._status = status

    def fail(self, code):
        """Set the final status to failed by an error of this site; `code` becomes the
        `error_code`."""
        self._status = Status.FAILED
        self._fields["error_code"] = code

    def _finished(self, event):
        self._status = event.status
        self._usage = event.usage
        self._billing = event.billing
        self._fields["reason"] = event.reason[:100]
        self._fields["refusal"] = event.refusal
        if event.tool_note and not self._live.text:
            self._fields["reason"] = self._fields["reason"] or "tool_call"
        if event.status == Status.FAILED:
            self._fields["error_code"] = (event.error_code or "model_failed")[:50]
            self._fields["error_message"] = event.error_message
        if event.status == Status.COMPLETED and self._reached_maximum(event.usage):
            # llama.cpp and Ollama call a reply complete that its token limit cut off.
            self._fields["reason"] = "max_output_tokens"

    def _reached_maximum(self, usage):
        """Return True if `usage` (an upstream.Usage, or None) has as many output tokens as the
        request allowed; False if one of the two numbers is not known."""
        limit = self._body.get("max_output_tokens")
        return bool(limit and usage and usage.output_tokens and usage.output_tokens >= limit)

    def _failed(self, event):
        self._status = Status.FAILED
        self._sent = event.sent
        self._refused = event.code in upstream.STATED
        self._fields["error_code"] = event.code[:50]
        self._fields["error_message"] = event.message
        self._fields["http_status"] = event.http_status or self._fields.get("http_status")
        if event.request_id:
            self._fields["request_id"] = event.request_id[:200]

    def fields(self):
        """Return the columns to store at the end of the Response: `{name: value}`, the status,
        times, error and token counts among them."""
        live = self._live
        fields = {"status": self._status, "first_token_at": live.first_token_at, **self._fields}
        fields["reasoning_seconds"] = live.reasoning_seconds
        fields.update(self._books())
        return fields

    def _books(self):
        """Return the columns of the Response `{name: value}` for its token counts and for what the
        gateway says about the price."""
        return {**self._tokens(), **billed(self._billing, self._body)}

    def _tokens(self):
        """Return `{column: value}` of the Response for its token counts and `usage_source`:
        reported by the gateway, to be estimated, or none, since no model was reached."""
        usage = self._usage
        if usage is not None:
            return {
                "usage_source": Source.REPORTED,
                **{name: getattr(usage, name) for name in REPORTED_TOKENS},
            }
        if self._was_refused():
            return {"usage_source": Source.NONE}
        return {"usage_source": Source.ESTIMATED}

    def _was_refused(self):
        """Return True if the request reached no language model, so that no tokens were used: no
        connection, an HTTP error, an error of this site, or a refusal by the gateway."""
        if self._fields.get("error_code") == "internal" or self._refused or not self._sent:
            return True
        return (self._fields.get("http_status") or 0) >= 400


def billed(billing, asked):
    """Return the columns of a Response `{name: value}` for `billing`, an upstream.Billing: what the
    gateway said about the price of the call.

    Where it did not name the service tier that it billed, that of `asked`, the JSON body or the
    parameters that were sent (dict), is taken.
    """
    tier = billing.service_tier
    if tier in ("", "auto"):
        wanted = asked.get("service_tier")
        tier = wanted[:50] if isinstance(wanted, str) and wanted else tier
    return {
        "service_tier": tier,
        "tool_usage": billing.tool_usage,
        "reported_cost": billing.cost,
        "reported_cost_source": billing.cost_source,
    }
