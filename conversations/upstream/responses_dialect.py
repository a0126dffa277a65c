"""The Responses shape: events of a stream, and the whole object."""

from collections import deque
from collections.abc import Callable

from .answer import Answer, Channel
from .events import Status
from .failures import complaint_in
from .usage import Usage, whole_number
from .words import healed, name

STATUSES: dict[object, Status] = {
    "completed": "completed",
    "incomplete": "incomplete",
    "failed": "failed",
    "cancelled": "cancelled",
    "canceled": "cancelled",
}

TOOL_CALLS = {"function_call", "custom_tool_call", "mcp_approval_request", "local_shell_call"}


class Part:
    """One run of text within an item, as streamed so far."""

    __slots__ = ("channel", "index", "item_id", "output_index", "pieces")

    def __init__(self, channel: Channel, item_id: object, output_index: object, index: object):
        """Any of the three may be None: llama.cpp sends no index, mock-ai-api no id."""
        self.channel = channel
        self.item_id = item_id
        self.output_index = output_index
        self.index = index
        self.pieces: list[str] = []

    def is_of_item(self, item_id: object, output_index: object) -> bool:
        """Say whether an event that names these belongs to the same item, as far as they tell."""
        if output_index is not None and self.output_index is not None:
            return output_index == self.output_index
        return item_id is None or self.item_id is None or item_id == self.item_id

    def matches(self, item_id: object, output_index: object, index: object) -> bool:
        """Say whether an event that names these belongs to this part, as far as they tell."""
        same_index = index is None or self.index is None or index == self.index
        return same_index and self.is_of_item(item_id, output_index)

    def add(self, text: str) -> None:
        """Append to this part and hand on."""
        self.pieces.append(text)
        self.channel.add(text)

    def text(self) -> str:
        """Give all of it."""
        self.pieces = ["".join(self.pieces)]
        return healed(self.pieces[0])


class ResponsesDialect:
    """Folds events of the Responses API into an Answer.

    Text is what the deltas said. A `done` text counts where it begins with what was streamed;
    `added` events and the final object may repeat it and are not believed before that.
    """

    def __init__(self, answer: Answer) -> None:
        """`answer` is written to."""
        self._answer = answer
        # Bounded, since each is searched for every event that names another part.
        self._parts: deque[Part] = deque(maxlen=256)
        self._reasoning_items: deque[tuple[object, object]] = deque(maxlen=256)
        self._last_text: Part | None = None
        self._last_key: tuple[object, object, object] | None = None

    def handle(self, kind: object, frame: dict) -> bool:
        """Take one event; False if `kind` is not one that means something to us."""
        handler = _HANDLERS.get(kind) if isinstance(kind, str) else None
        if handler is None:
            return False
        handler(self, frame)
        return True

    def text_delta(self, frame: dict) -> None:
        """Take `response.output_text.delta`, the one event that is frequent."""
        delta = frame.get("delta")
        if not isinstance(delta, str):
            return
        key = (frame.get("item_id"), frame.get("output_index"), frame.get("content_index"))
        if key != self._last_key or self._last_text is None:
            self._last_text = self._part(self._text_channel(key), key)
            self._last_key = key
        self._last_text.add(delta)

    def whole(self, body: dict) -> None:
        """Take a response object that is the whole answer."""
        status = body.get("status")
        if status in ("queued", "in_progress"):
            self._fill(body)
            self._answer.finish("interrupted", "background")
        else:
            self._end(body, "completed")

    def _started(self, frame: dict) -> None:
        response = frame.get("response")
        if isinstance(response, dict):
            self._answer.identify(response.get("id"), response.get("model"))

    def _text_done(self, frame: dict) -> None:
        key = (frame.get("item_id"), frame.get("output_index"), frame.get("content_index"))
        self._done(self._text_channel(key), key, frame.get("text"))

    def _refusal_delta(self, frame: dict) -> None:
        self._delta(self._answer.refusal, frame, "content_index")

    def _refusal_done(self, frame: dict) -> None:
        key = (frame.get("item_id"), frame.get("output_index"), frame.get("content_index"))
        self._done(self._answer.refusal, key, frame.get("refusal"))

    def _summary_delta(self, frame: dict) -> None:
        self._delta(self._answer.reasoning, frame, "summary_index")

    def _summary_done(self, frame: dict) -> None:
        key = (frame.get("item_id"), frame.get("output_index"), frame.get("summary_index"))
        self._done(self._answer.reasoning, key, frame.get("text"))

    def _summary_part_done(self, frame: dict) -> None:
        part = frame.get("part")
        if isinstance(part, dict):
            self._summary_done({**frame, "text": part.get("text")})

    def _reasoning_delta(self, frame: dict) -> None:
        self._delta(self._answer.reasoning, frame, "content_index")

    def _reasoning_done(self, frame: dict) -> None:
        key = (frame.get("item_id"), frame.get("output_index"), frame.get("content_index"))
        self._done(self._answer.reasoning, key, frame.get("text"))

    def _part_done(self, frame: dict) -> None:
        part = frame.get("part")
        if isinstance(part, dict):
            key = (frame.get("item_id"), frame.get("output_index"), frame.get("content_index"))
            self._content_done(key, part)

    def _item_added(self, frame: dict) -> None:
        item = frame.get("item")
        if isinstance(item, dict):
            self._note(item)
            if item.get("type") == "reasoning":
                self._reasoning_items.append((item.get("id"), frame.get("output_index")))

    def _item_done(self, frame: dict) -> None:
        item = frame.get("item")
        if isinstance(item, dict):
            self._take_item(item, frame.get("output_index"))

    def _completed(self, frame: dict) -> None:
        self._terminal(frame, "completed")

    def _incomplete(self, frame: dict) -> None:
        self._terminal(frame, "incomplete")

    def _failed(self, frame: dict) -> None:
        self._terminal(frame, "failed")

    def _cancelled(self, frame: dict) -> None:
        self._terminal(frame, "cancelled")

    def _error(self, frame: dict) -> None:
        self._answer.finish("failed", complaint=complaint_in(frame))

    def _terminal(self, frame: dict, named: Status) -> None:
        response = frame.get("response")
        self._end(response if isinstance(response, dict) else frame, named)

    def _end(self, response: dict, named: Status) -> None:
        # `response.completed` was seen to carry "incomplete" and "failed".
        answer = self._answer
        status = response.get("status")
        status = STATUSES.get(status, named) if isinstance(status, str) else named
        self._fill(response)
        error = response.get("error")
        complaint = complaint_in({"error": error}) if error else None
        if complaint and status == "completed":
            if answer.text:
                complaint = None
            else:
                status = "failed"
        details = response.get("incomplete_details")
        reason = name(details.get("reason")) if isinstance(details, dict) else ""
        answer.finish(status, reason, complaint)

    def _fill(self, response: dict) -> None:
        answer = self._answer
        answer.identify(response.get("id"), response.get("model"))
        answer.usage = Usage.read(response.get("usage")) or answer.usage
        limit = whole_number(response.get("max_output_tokens"))
        if answer.max_output_tokens is None:
            answer.max_output_tokens = limit
        output = response.get("output")
        items = [item for item in output if isinstance(item, dict)] if _is_list(output) else []
        had_text, had_reasoning = bool(answer.text), bool(answer.reasoning)
        for index, item in enumerate(items):
            had = had_reasoning if item.get("type") == "reasoning" else had_text
            if had:
                self._note(item)
            else:
                self._take_item(item, index)
        if answer.gap:
            self._close_gap(items)
        if not answer.text and isinstance(response.get("output_text"), str):
            answer.text.add(response["output_text"])

    def _close_gap(self, items: list[dict]) -> None:
        texts = [
            content["text"]
            for item in items
            if item.get("type") == "message" and _is_list(item.get("content"))
            for content in item["content"]
            if isinstance(content, dict) and isinstance(content.get("text"), str)
        ]
        whole = healed("".join(texts))
        streamed = "".join(part.text() for part in self._parts if part.channel is self._answer.text)
        if whole and whole.startswith(streamed):
            self._answer.text.add(whole[len(streamed) :])
            self._answer.gap = False

    def _note(self, item: dict) -> None:
        if item.get("type") in TOOL_CALLS:
            self._answer.tool_note = True
        if phase := name(item.get("phase"), 40):
            self._answer.phase = phase

    def _take_item(self, item: dict, output_index: object) -> None:
        self._note(item)
        item_id = item.get("id")
        kind = item.get("type")
        content = item.get("content")
        if kind == "reasoning":
            summary = item.get("summary")
            for index, part in enumerate(summary if _is_list(summary) else []):
                self._take_reasoning((item_id, output_index, index), part)
            for index, part in enumerate(content if _is_list(content) else []):
                self._take_reasoning((item_id, output_index, index), part)
        elif kind == "message" and isinstance(content, str):
            self._done(self._answer.text, (item_id, output_index, 0), content)
        elif kind == "message" and _is_list(content):
            for index, part in enumerate(content):
                if isinstance(part, dict):
                    self._content_done((item_id, output_index, index), part)

    def _take_reasoning(self, key: tuple, part: object) -> None:
        if isinstance(part, dict):
            self._done(self._answer.reasoning, key, part.get("text"))

    def _content_done(self, key: tuple, part: dict) -> None:
        kind = part.get("type")
        if kind == "output_text" or kind == "text":
            self._done(self._text_channel(key), key, part.get("text"))
        elif kind == "refusal":
            self._done(self._answer.refusal, key, part.get("refusal"))
        elif kind == "reasoning_text":
            self._done(self._answer.reasoning, key, part.get("text"))

    def _text_channel(self, key: tuple) -> Channel:
        # LiteLLM's bridge puts reasoning into `output_text` parts of a reasoning item.
        item_id, output_index, _ = key
        for known_id, known_index in self._reasoning_items:
            if item_id is None or known_id is None:
                same = output_index is not None and output_index == known_index
            else:
                same = item_id == known_id
            if same:
                return self._answer.reasoning
        return self._answer.text

    def _delta(self, channel: Channel, frame: dict, index_name: str) -> None:
        delta = frame.get("delta")
        if isinstance(delta, str):
            key = (frame.get("item_id"), frame.get("output_index"), frame.get(index_name))
            self._part(channel, key).add(delta)

    def _done(self, channel: Channel, key: tuple, text: object) -> None:
        if not isinstance(text, str) or not text:
            return
        whole = healed(text)
        part = self._find(channel, key) or self._restated(channel, whole)
        if part is None:
            part = self._part(channel, key)
        streamed = part.text()
        if whole.startswith(streamed):
            if len(whole) > len(streamed):
                part.add(whole[len(streamed) :])
            if channel is self._answer.text:
                self._answer.gap = False

    def _find(self, channel: Channel, key: tuple) -> Part | None:
        for part in reversed(self._parts):
            if part.channel is channel and part.matches(*key):
                return part
        return None

    def _restated(self, channel: Channel, whole: str) -> Part | None:
        # Some give an item another id at its end than it had while it was streamed.
        for part in reversed(self._parts):
            if part.channel is channel:
                streamed = part.text()
                return part if streamed and whole.startswith(streamed) else None
        return None

    def _part(self, channel: Channel, key: tuple) -> Part:
        part = self._find(channel, key)
        if part is None:
            part = Part(channel, *key)
            before = next((each for each in reversed(self._parts) if each.channel is channel), None)
            if before is not None and channel and self._begins_a_paragraph(part, before):
                channel.add("\n\n")
            self._parts.append(part)
        return part

    def _begins_a_paragraph(self, part: Part, before: Part) -> bool:
        if part.channel is self._answer.reasoning:
            return True
        return not before.is_of_item(part.item_id, part.output_index)


def _is_list(value: object) -> bool:
    return isinstance(value, list)


_HANDLERS: dict[str, Callable[[ResponsesDialect, dict], None]] = {
    "response.output_text.delta": ResponsesDialect.text_delta,
    "response.output_text.done": ResponsesDialect._text_done,
    "response.refusal.delta": ResponsesDialect._refusal_delta,
    "response.refusal.done": ResponsesDialect._refusal_done,
    "response.reasoning_summary_text.delta": ResponsesDialect._summary_delta,
    "response.reasoning_summary_text.done": ResponsesDialect._summary_done,
    "response.reasoning_summary_part.done": ResponsesDialect._summary_part_done,
    "response.reasoning_text.delta": ResponsesDialect._reasoning_delta,
    "response.reasoning_text.done": ResponsesDialect._reasoning_done,
    # The names Open Responses gives them.
    "response.reasoning.delta": ResponsesDialect._reasoning_delta,
    "response.reasoning.done": ResponsesDialect._reasoning_done,
    "response.content_part.done": ResponsesDialect._part_done,
    "response.output_item.added": ResponsesDialect._item_added,
    "response.output_item.done": ResponsesDialect._item_done,
    "response.created": ResponsesDialect._started,
    "response.queued": ResponsesDialect._started,
    "response.in_progress": ResponsesDialect._started,
    "response.completed": ResponsesDialect._completed,
    "response.incomplete": ResponsesDialect._incomplete,
    "response.failed": ResponsesDialect._failed,
    "response.cancelled": ResponsesDialect._cancelled,
    "error": ResponsesDialect._error,
}
