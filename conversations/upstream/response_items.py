"""Reader of response objects of the Responses API: items of `output`, usage, status and errors."""

from .events import Status
from .gateway_errors import error_in
from .gateway_text import one_line, repair
from .response_builder import ResponseBuilder
from .text_parts import Kind, Place, TextParts
from .usage import Usage, whole_number

STATUSES: dict[str, Status] = {
    "completed": "completed",
    "incomplete": "incomplete",
    "failed": "failed",
    "cancelled": "cancelled",
    "canceled": "cancelled",
}

# A tuple, for what a gateway sends as `type` may be of any kind, also one without a hash.
TOOL_CALLS = ("function_call", "custom_tool_call", "mcp_approval_request", "local_shell_call")

# Items of one `output` that are read.
MOST_ITEMS = 1_000


class ResponseItems:
    """Reader that writes items and response objects of the Responses API into a ResponseBuilder.

    The text comes from the streamed deltas: of an object that follows them only usage and status
    are used, and its text only if there were no deltas.
    """

    def __init__(self, builder: ResponseBuilder, parts: TextParts) -> None:
        """`builder` is written to; `parts` are the text parts that streamed deltas go to too."""
        self._builder = builder
        self._parts = parts
        # (id, index in `output`) of reasoning items.
        self._reasoning_items: list[tuple[object, object]] = []

    def added(self, item: dict, output_index: object) -> None:
        """Read `item`, an output item that has begun, into the builder, without its text.

        The text may be repeated by deltas. `output_index` is the item's index in `output`.
        """
        self._note(item)
        if item.get("type") == "reasoning":
            self._reasoning_items = self._reasoning_items[-255:]
            self._reasoning_items.append((item.get("id"), output_index))

    def take(self, item: dict, output_index: object) -> None:
        """Read `item`, a complete output item, into the builder, with its text.

        `output_index` is its index in `output`. Text that was already streamed is not added again.
        """
        self._note(item)
        item_id = item.get("id")
        kind = item.get("type")
        content = item.get("content")
        if kind == "reasoning":
            for index, part in enumerate(_dicts(item.get("summary"))):
                place = Place(item_id, output_index, index)
                self._parts.add_whole("summary", place, part.get("text"))
            for index, part in enumerate(_dicts(content)):
                place = Place(item_id, output_index, index)
                self._parts.add_whole("raw", place, part.get("text"))
        elif kind == "message" and isinstance(content, str):
            self._parts.add_whole("text", Place(item_id, output_index, 0), content)
        elif kind == "message":
            for index, part in enumerate(_dicts(content)):
                self.content(Place(item_id, output_index, index), part)

    def content(self, place: Place, part: dict) -> None:
        """Read `part`, a content part of type `output_text`, `refusal` or `reasoning_text`, as a
        whole.

        `place` says which part of which item it is. Text that was already streamed is not added
        again.
        """
        kind = part.get("type")
        if kind == "output_text" or kind == "text":
            self._parts.add_whole(self.kind_of_text(place), place, part.get("text"))
        elif kind == "refusal":
            self._parts.add_whole("refusal", place, part.get("refusal"))
        elif kind == "reasoning_text":
            self._parts.add_whole("raw", place, part.get("text"))

    def kind_of_text(self, place: Place) -> Kind:
        """Return the kind of an `output_text` at `place`: "raw" in a reasoning item, else "text".

        LiteLLM's bridge sends reasoning in this way.
        """
        for item_id, output_index in self._reasoning_items:
            if place.item_id is None or item_id is None:
                same = place.output_index is not None and place.output_index == output_index
            else:
                same = place.item_id == item_id
            if same:
                return "raw"
        return "text"

    def whole(self, body: dict) -> None:
        """Read `body`, a response object that is the whole HTTP body, and end the builder's
        response."""
        status = body.get("status")
        if status in ("queued", "in_progress"):
            self._fill(body)
            self._builder.finish("interrupted", "background")
        else:
            self.end(body, "completed")

    def end(self, response: dict, named: Status) -> None:
        """Read `response`, the object of an event such as `response.completed`; end the response.

        `named` is the status in the event's name; a known `status` in the object takes precedence.
        """
        # `response.completed` was seen to carry "incomplete" and "failed".
        builder = self._builder
        found = response.get("status")
        status = STATUSES.get(found, named) if isinstance(found, str) else named
        self._fill(response)
        error = response.get("error")
        found_error = error_in({"error": error}) if error else None
        if found_error and status == "completed":
            if builder.text:
                found_error = None
            else:
                status = "failed"
        details = response.get("incomplete_details")
        reason = one_line(details.get("reason")) if isinstance(details, dict) else ""
        builder.finish(status, reason, found_error)

    def _fill(self, response: dict) -> None:
        builder = self._builder
        builder.identify(response.get("id"), response.get("model"))
        builder.usage = Usage.read(response.get("usage")) or builder.usage
        limit = whole_number(response.get("max_output_tokens"))
        if builder.max_output_tokens is None:
            builder.max_output_tokens = limit
        items = _dicts(response.get("output"))
        had_text, had_reasoning = bool(builder.text), bool(builder.reasoning)
        for index, item in enumerate(items):
            had = had_reasoning if item.get("type") == "reasoning" else had_text
            if had:
                self._note(item)
            else:
                self.take(item, index)
        if builder.gap:
            self._close_gap(items)
        output_text = response.get("output_text")
        if not builder.text and isinstance(output_text, str):
            builder.text.add(output_text)

    def _close_gap(self, items: list[dict]) -> None:
        texts = [
            content["text"]
            for item in items
            if item.get("type") == "message"
            for content in _dicts(item.get("content"))
            if isinstance(content.get("text"), str)
        ]
        whole = repair("".join(texts))
        streamed = self._parts.text()
        if whole and whole.startswith(streamed):
            self._builder.text.add(whole[len(streamed) :])
            self._builder.gap = False

    def _note(self, item: dict) -> None:
        if item.get("type") in TOOL_CALLS:
            self._builder.tool_note = True
        if phase := self._builder.redactor.name(item.get("phase"), 40):
            self._builder.phase = phase


def _dicts(value: object) -> list[dict]:
    if not isinstance(value, list):
        return []
    return [each for each in value[:MOST_ITEMS] if isinstance(each, dict)]
