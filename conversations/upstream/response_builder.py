"""Builder of one response: the readers of the Responses API and of chat completions write to it
what they parse, and the Decoder takes events from it."""

from .billing import Billing
from .error_codes import GatewayError, code_for
from .events import Event, Failed, Finished, Started, Status
from .gateway_text import Redactor, one_line
from .item_events import ItemEvents
from .item_text import Allowance
from .output_items import OutputItems
from .pictures import PictureFilter
from .reference_marks import strip_reference_marks
from .refusal import Refusal
from .usage import Usage

# How gateways say that a limit on tokens cut the text, besides OpenAI's own word for it.
CUT_BY_LIMIT = {
    "max_output_tokens",
    "max_tokens",
    "max_completion_tokens",
    "max_new_tokens",
    "length",
    "model_length",
    "token_limit",
}


class ResponseBuilder:
    """Collector of items, usage and status of one response, which it returns as events.

    The readers write to its `items` and `refusal`, set its attributes and call `finish` or `cut`;
    `end` is then the last event.
    """

    def __init__(
        self,
        redactor: Redactor,
        max_characters: int,
        max_output_tokens: int | None,
        pictures: PictureFilter,
    ) -> None:
        """`redactor` removes the site's secrets from error messages and names that a gateway sends;
        `pictures` is the PictureFilter with the pictures that were taken out of the JSON.

        `max_characters` limits the answer, the reasoning and the refusal each; `max_output_tokens`
        is the limit in tokens that the request set, or None.
        """
        self.redactor = redactor
        self.pictures = pictures
        self._text = Allowance(max_characters)
        self._reasoning = Allowance(max_characters)
        self.items = OutputItems(self._text, self._reasoning)
        self.refusal = Refusal(max_characters)
        self.max_output_tokens = max_output_tokens
        self.usage: Usage | None = None
        self.billing = Billing()
        self.tool_note = False
        self.phase = ""
        self.shape = "responses"
        self.streamed = False
        self.end: Finished | Failed | None = None
        # Something of a response has come, even if it is no text yet.
        self.began = False
        # A part of the stream could not be read, and nothing since has shown the text to be whole.
        self.gap = False
        self._upstream_id = ""
        self._model = ""
        self._identified = False
        self._events = ItemEvents(self.items, redactor)

    @property
    def has_text(self) -> bool:
        """True if any text of the answer has come."""
        return self.items.has_text("message")

    @property
    def has_reasoning(self) -> bool:
        """True if any text of the reasoning has come."""
        return self.items.has_text("reasoning")

    def take_bill(self, response: dict) -> None:
        """Record the token counts and the statements about the price in `response`, the JSON of a
        response object or of a chunk of a chat completion."""
        self.usage = Usage.read(response.get("usage")) or self.usage
        self.billing = self.billing.updated(response)

    def identify(self, upstream_id: object, model: object) -> None:
        """Record the gateway's id of the response (the first one counts) and the name of the
        language model (the latest counts); `take` then returns a Started with them.

        Both are values from JSON of any type; what is no text is ignored.
        """
        self.began = True
        upstream_id = self._upstream_id or self.redactor.name(upstream_id, 2000)
        model = self.redactor.name(model) or self._model
        if (upstream_id, model) != (self._upstream_id, self._model):
            self._upstream_id, self._model = upstream_id, model
            self._identified = True

    def is_overlong(self) -> bool:
        """Return True if the answer, the reasoning or the refusal exceeds its limit in characters.

        `end` is then set: the response is ended as incomplete, with the reason "too_long".
        """
        kinds = (self._text, self._reasoning)
        if any(kind.incoming > kind.limit for kind in kinds):
            self._events.digest()
        if any(kind.overflown for kind in kinds) or self.refusal.is_overlong():
            self.end = Finished("incomplete", "too_long")
            return True
        return False

    def finish(self, status: Status, reason: str = "", error: GatewayError | None = None) -> None:
        """Set `end`, the last event of the response, to a Finished; ignored if it is set already.

        `reason` says why the response is not complete ("" if unknown), `error` is the gateway's
        error (None: none). With an `error` or the status "failed", `end` becomes a Failed if there
        was nothing at all: no text, call of a tool, refusal or token counts. If a part of the
        stream was unreadable, "completed" and "incomplete" become "interrupted".
        """
        if self.end:
            return
        code = ""
        message = ""
        if error or status == "failed":
            code = code_for(error) if error else "model_failed"
            error = error or GatewayError()
            message = self.redactor.sentence(error.message)
            reason = reason or error.code or error.kind
            if not (self.items.have_content or self.refusal or self.usage):
                self.end = Failed(code, message)
                return
        if self.gap and status in ("completed", "incomplete"):
            status, reason = "interrupted", "malformed"
        if status in ("completed", "incomplete") and (
            reason.lower() in CUT_BY_LIMIT or (not reason and self._limit_was_reached())
        ):
            reason = "max_output_tokens"
        self.end = self._finished(status, one_line(self.redactor.sentence(reason)), code, message)

    def cut(self, reason: str, fault: Failed | None = None) -> None:
        """Set `end`, the last event, for a response that broke off; ignored if it is set already.

        It becomes `fault`, the Failed event for the error, if nothing of a response had come; else,
        or if `fault` is None, a Finished with status "interrupted" and `reason`, such as "cut".
        """
        if self.end:
            return
        if self.began or fault is None:
            self.end = self._finished("interrupted", reason, fault.code if fault else "")
        else:
            self.end = fault

    def _finished(self, status: Status, reason: str, code: str, message: str = "") -> Finished:
        return Finished(
            status=status,
            reason=reason,
            usage=self.usage,
            error_code=code,
            error_message=message,
            refusal=strip_reference_marks(self.refusal.text()),
            tool_note=self.tool_note,
            phase=self.phase,
            billing=self.billing,
            shape=f"{self.shape}-{'stream' if self.streamed else 'body'}",
        )

    def take(self) -> list[Event]:
        """Return a list of the events since the last call: Started, and those of items. The last
        event of the response is not among them: it is the attribute `end`."""
        events: list[Event] = []
        if self._identified:
            self._identified = False
            tier = self.billing.service_tier
            events.append(Started(self._upstream_id, self._model, tier))
        if self.end is not None:
            self._events.end(complete=self._is_whole())
        elif (event := self._events.plain()) is not None:
            events.append(event)
            return events
        events += self._events.take()
        return events

    def _is_whole(self) -> bool:
        """Return True if the response was completed and no token limit cut it off."""
        end = self.end
        return (
            isinstance(end, Finished)
            and end.status == "completed"
            and end.reason != "max_output_tokens"
        )

    def _limit_was_reached(self) -> bool:
        """Return True if the answer has as many tokens as the request or the response allows."""
        # llama.cpp and Ollama call an answer cut by the limit "completed"; others say "incomplete"
        # and not why.
        used = self.usage.output_tokens if self.usage else None
        limit = self.max_output_tokens
        return used is not None and limit is not None and used >= limit
