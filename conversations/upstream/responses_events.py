"""Reader of the stream events of the Responses API."""

import re
from collections.abc import Callable

from .events import Status
from .gateway_errors import error_in
from .output_item import Place
from .response_builder import ResponseBuilder
from .response_items import ResponseItems
from .text_parts import Kind, TextPart, TextParts


class ResponsesReader:
    """Reader of answers of the Responses API, either events of a stream or one response object. It
    writes items, token counts and the end into a ResponseBuilder."""

    def __init__(self, builder: ResponseBuilder) -> None:
        """`builder` is the ResponseBuilder that everything read is written to."""
        self._builder = builder
        self._parts = TextParts(builder)
        self._items = ResponseItems(builder, self._parts)
        # The part that the last text delta continued, and where that delta said it belongs.
        self._last_part: TextPart | None = None
        self._last_place: tuple[object, object, object] | None = None

    def handle(self, kind: object, frame: dict) -> bool:
        """Read `frame`, the JSON of one event of type `kind`, into the builder; return True.

        Returns False, and reads nothing, if `kind` is no known type.
        """
        if not isinstance(kind, str):
            return False
        if (handler := _HANDLERS.get(kind)) is not None:
            handler(self, frame)
        elif (streamed := _STREAMED.get(kind)) is not None:
            member, is_whole = streamed
            value = frame.get(member if is_whole else "delta")
            if is_whole:
                self._items.complete(member, _place(frame), value)
            elif isinstance(value, str):
                self._items.streamed(member, _place(frame), value)
        elif (progress := _PROGRESS.fullmatch(kind)) is not None:
            self._items.progress(progress["type"], progress["status"], _place(frame))
        else:
            return False
        return True

    def text_delta(self, frame: dict) -> None:
        """Add the text of `frame`, the JSON of a `response.output_text.delta`, to the response.

        A fast path for the most frequent event; a delta that is no text is ignored.
        """
        delta = frame.get("delta")
        if not isinstance(delta, str) or not delta:
            return
        place = (frame.get("item_id"), frame.get("output_index"), frame.get("content_index"))
        if place != self._last_place or self._last_part is None:
            at = Place(*place)
            self._last_part = self._parts.part(self._items.kind_of_text(at), at)
            self._last_place = place
        self._last_part.add(delta)

    def whole(self, body: dict) -> None:
        """Read `body`, the JSON of a response that came as a whole HTTP body, not streamed, into
        the builder, and set the builder's `end`."""
        self._items.whole(body)

    def _started(self, frame: dict) -> None:
        response = frame.get("response")
        if isinstance(response, dict):
            self._builder.take_bill(response)
            self._builder.identify(response.get("id"), response.get("model"))

    def _text_done(self, frame: dict) -> None:
        place = _place(frame)
        self._parts.add_whole(self._items.kind_of_text(place), place, frame.get("text"))

    def _refusal_delta(self, frame: dict) -> None:
        self._delta("refusal", frame)

    def _refusal_done(self, frame: dict) -> None:
        self._parts.add_whole("refusal", _place(frame), frame.get("refusal"))

    def _summary_delta(self, frame: dict) -> None:
        self._delta("summary", frame)

    def _summary_done(self, frame: dict) -> None:
        self._parts.add_whole("summary", _place(frame, "summary_index"), frame.get("text"))

    def _summary_part_done(self, frame: dict) -> None:
        part = frame.get("part")
        if isinstance(part, dict):
            self._summary_done({**frame, "text": part.get("text")})

    def _reasoning_delta(self, frame: dict) -> None:
        self._delta("raw", frame)

    def _reasoning_done(self, frame: dict) -> None:
        self._parts.add_whole("raw", _place(frame), frame.get("text"))

    def _part_done(self, frame: dict) -> None:
        part = frame.get("part")
        if isinstance(part, dict):
            self._items.content(_place(frame), part)

    def _annotation_added(self, frame: dict) -> None:
        annotation = frame.get("annotation")
        if isinstance(annotation, dict):
            self._items.annotation(_place(frame), annotation)

    def _item_added(self, frame: dict) -> None:
        item = frame.get("item")
        if isinstance(item, dict):
            self._items.added(item, frame.get("output_index"))

    def _item_done(self, frame: dict) -> None:
        item = frame.get("item")
        if isinstance(item, dict):
            self._items.take(item, frame.get("output_index"))

    def _completed(self, frame: dict) -> None:
        self._terminal(frame, "completed")

    def _incomplete(self, frame: dict) -> None:
        self._terminal(frame, "incomplete")

    def _failed(self, frame: dict) -> None:
        self._terminal(frame, "failed")

    def _cancelled(self, frame: dict) -> None:
        self._terminal(frame, "cancelled")

    def _error(self, frame: dict) -> None:
        self._builder.finish("failed", error=error_in(frame))

    def _terminal(self, frame: dict, named: Status) -> None:
        """End the response by `frame`, the JSON of a last event; `named` is the status in the
        event's name."""
        response = frame.get("response")
        self._items.end(response if isinstance(response, dict) else frame, named)

    def _delta(self, kind: Kind, frame: dict) -> None:
        """Add the text of `frame`, the JSON of a delta event, to the text part of `kind` that it
        names."""
        delta = frame.get("delta")
        if isinstance(delta, str) and delta:
            place = _place(frame, "summary_index" if kind == "summary" else "content_index")
            self._parts.part(kind, place).add(delta)


def _place(frame: dict, index: str = "content_index") -> Place:
    """Return the Place that `frame`, the JSON of an event, names; `index` is the field with the
    index of the part."""
    return Place(frame.get("item_id"), frame.get("output_index"), frame.get(index))


_HANDLERS: dict[str, Callable[[ResponsesReader, dict], None]] = {
    "response.output_text.delta": ResponsesReader.text_delta,
    "response.output_text.done": ResponsesReader._text_done,
    "response.refusal.delta": ResponsesReader._refusal_delta,
    "response.refusal.done": ResponsesReader._refusal_done,
    "response.reasoning_summary_text.delta": ResponsesReader._summary_delta,
    "response.reasoning_summary_text.done": ResponsesReader._summary_done,
    "response.reasoning_summary_part.done": ResponsesReader._summary_part_done,
    "response.reasoning_text.delta": ResponsesReader._reasoning_delta,
    "response.reasoning_text.done": ResponsesReader._reasoning_done,
    # The names Open Responses gives them.
    "response.reasoning.delta": ResponsesReader._reasoning_delta,
    "response.reasoning.done": ResponsesReader._reasoning_done,
    "response.content_part.done": ResponsesReader._part_done,
    "response.output_text.annotation.added": ResponsesReader._annotation_added,
    "response.output_item.added": ResponsesReader._item_added,
    "response.output_item.done": ResponsesReader._item_done,
    "response.created": ResponsesReader._started,
    "response.queued": ResponsesReader._started,
    "response.in_progress": ResponsesReader._started,
    "response.completed": ResponsesReader._completed,
    "response.incomplete": ResponsesReader._incomplete,
    "response.failed": ResponsesReader._failed,
    "response.cancelled": ResponsesReader._cancelled,
    "error": ResponsesReader._error,
}

# Members of calls of tools that stream: which, and whether the event has all of it.
_STREAMED = {
    f"response.{name}.{end}": (member, end == "done")
    for name, member in {
        "code_interpreter_call_code": "code",
        "function_call_arguments": "arguments",
        "mcp_call_arguments": "arguments",
        "custom_tool_call_input": "input",
    }.items()
    for end in ("delta", "done")
}
# How far the call of a tool is: `response.web_search_call.searching`.
_PROGRESS = re.compile(
    r"response\.(?P<type>[a-z_]{1,60}_call|mcp_list_tools)"
    r"\.(?P<status>in_progress|searching|interpreting|generating|completed|incomplete|failed)"
)
