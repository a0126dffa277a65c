"""Reader of response objects of the Responses API: items of `output`, usage, status and errors.

Over 300 lines since streamed and final items are reconciled by the methods of one class, with
common state.
"""

from .closed_message import MOST_ANNOTATIONS, closed_message
from .events import Status
from .gateway_errors import error_in
from .gateway_text import one_line, repair
from .output_item import NOWHERE, Group, OutputItem, Place
from .pictures import ReceivedPicture
from .response_builder import ResponseBuilder
from .restated_output import counterparts
from .text_parts import Kind, TextParts
from .usage import whole_number

STATUSES: dict[str, Status] = {
    "completed": "completed",
    "incomplete": "incomplete",
    "failed": "failed",
    "cancelled": "cancelled",
    "canceled": "cancelled",
}

# A tuple, no set: what a gateway sends as `type` may be any JSON value, also an unhashable one.
TOOL_CALLS = ("function_call", "custom_tool_call", "mcp_approval_request", "local_shell_call")

# Calls that make a picture, and the members that may hold it: OpenAI's, and those of OpenRouter.
PICTURE_CALLS = ("image_generation_call", "openrouter:image_generation")
PICTURE_MEMBERS = ("result", "imageB64", "imageUrl")

TEXTS: tuple[Group, ...] = ("message", "reasoning")

# Most items of one `output` that are read.
MOST_ITEMS = 1_000


class ResponseItems:
    """Reader that writes items and response objects of the Responses API into a ResponseBuilder.

    The text of a reply comes from streamed deltas (pieces). Of a response object that follows them
    only token counts, status, annotations and calls of tools are used, and its text only if there
    were no deltas.
    """

    def __init__(self, builder: ResponseBuilder, parts: TextParts) -> None:
        """`builder` is the ResponseBuilder that is written to; `parts` are the TextParts of the
        same response, which know what text was already streamed."""
        self._builder = builder
        self._items = builder.items
        self._parts = parts
        # (id, index in `output`) of reasoning items.
        self._reasoning_items: list[tuple[object, object]] = []
        self._annotations = 0

    def added(self, item: dict, output_index: object) -> None:
        """Add `item`, the JSON of an output item that has begun, to the builder, without its text,
        which deltas send. `output_index` is the item's index in `output`, as sent."""
        self._note(item)
        place = Place(item.get("id"), output_index)
        kind = item.get("type")
        if kind == "reasoning":
            self._reasoning_items = self._reasoning_items[-255:]
            self._reasoning_items.append((item.get("id"), output_index))
        if kind in ("message", "reasoning"):
            found = self._items.find(kind, place)
            if found is None or found.has_other_id(place):
                self._items.open(kind, _without_text(item), place)
        elif isinstance(kind, str) and kind:
            item, pictures = self._without_pictures(item)
            found = self._items.open_tool(item, place)
            if found is not None:
                for output, picture in pictures.items():
                    found.receive_early(picture, output)

    def take(self, item: dict, output_index: object) -> None:
        """Add `item`, the JSON of a complete output item, with its text to the builder, and close
        it. `output_index` is its index in `output`, as sent. Text that was already streamed is not
        added again."""
        self._note(item)
        kind = item.get("type")
        place = Place(item.get("id"), output_index)
        if kind == "reasoning" or kind == "message":
            self._take_text(item, place)
            found = self._items.find(kind, place) or self._restated(kind)
            if found is None:
                found = self._items.open(kind, _without_text(item), place, late=True)
            self._close(found, item)
        elif isinstance(kind, str) and kind:
            item, pictures = self._without_pictures(item)
            found = self._items.open_tool(item, place)
            if found is not None:
                for output, picture in pictures.items():
                    found.receive(picture, output)
                found.close(item)

    def _without_pictures(self, item: dict) -> tuple[dict, dict[int | None, ReceivedPicture]]:
        """Return `(item without the pictures in it, {index: ReceivedPicture})` for `item`, the JSON
        of an output item; the index is that in its `outputs`, or None for its `result`."""
        pictures: dict[int | None, ReceivedPicture] = {}
        find = self._builder.pictures.picture_in
        if item.get("type") in PICTURE_CALLS:
            for member in PICTURE_MEMBERS:
                if (picture := find(item.get(member))) is not None:
                    item = {name: value for name, value in item.items() if name != member}
                    pictures.setdefault(None, picture)
        elif item.get("type") == "code_interpreter_call":
            outputs = item.get("outputs")
            outputs = outputs[:MOST_ITEMS] if isinstance(outputs, list) else []
            for at, entry in enumerate(outputs):
                url = entry.get("url") if isinstance(entry, dict) else None
                is_data = isinstance(url, str) and url[:5].lower() == "data:"
                if is_data and (picture := find(url)) is not None:
                    outputs[at] = {name: entry[name] for name in entry if name != "url"}
                    pictures[at] = picture
            if pictures:
                item = {**item, "outputs": outputs}
        return item, pictures

    def _restated(self, group: Group) -> OutputItem | None:
        # Some give an item another id at its end than it had while it was streamed.
        """Return the last OutputItem of `group` if it is not complete, else None: used for a
        complete item (JSON) whose id no OutputItem has."""
        found = self._items.last(group)
        return found if found is not None and not found.is_closed else None

    def _take_text(self, item: dict, place: Place) -> None:
        """Add to the builder the text of `item`, the JSON of a message or of reasoning at `place`,
        as far as it was not streamed."""
        content = item.get("content")
        if item["type"] == "reasoning":
            for index, part in enumerate(_dicts(item.get("summary"))):
                at = Place(place.item_id, place.output_index, index)
                self._parts.add_whole("summary", at, part.get("text"))
            for index, part in enumerate(_dicts(content)):
                at = Place(place.item_id, place.output_index, index)
                self._parts.add_whole("raw", at, part.get("text"))
        elif isinstance(content, str):
            self._parts.add_whole("text", Place(place.item_id, place.output_index, 0), content)
        else:
            for index, part in enumerate(_dicts(content)):
                self.content(Place(place.item_id, place.output_index, index), part)

    def _close(self, found: OutputItem, item: dict) -> None:
        """Close the OutputItem `found` with `item`, its complete JSON; a message gets the text that
        was streamed."""
        if found.group == "message":
            item = closed_message(item, self._parts.text_of(found), found.annotations)
        found.close(item)

    def annotation(self, place: Place, annotation: dict) -> None:
        """Add `annotation`, the JSON of a source of the text at `place`, to its message (or the
        last message). Ignored without a message, or after MOST_ANNOTATIONS."""
        found = self._items.find("message", place) or self._items.last("message")
        if found is not None and self._annotations < MOST_ANNOTATIONS:
            self._annotations += 1
            found.note(annotation)

    def progress(self, kind: str, status: str, place: Place) -> None:
        """Set the status of a call of a tool to `status`, such as "searching". `kind` is the item's
        type, such as "web_search_call"; a call that is not known at `place` is added."""
        item = {"type": kind, "status": status}
        if isinstance(place.item_id, str):
            item["id"] = place.item_id
        found = self._items.open_tool(item, place)
        if found is not None:
            found.change(status=status)

    def streamed(self, member: str, place: Place, piece: str) -> None:
        """Append the text `piece` to a member of the JSON of the call of a tool at `place`;
        `member` is its name, such as "code". Ignored if there is no such call."""
        if (found := self._items.find("tool", place)) is not None:
            found.stream(member, piece)

    def complete(self, member: str, place: Place, value: object) -> None:
        """Set the member named `member`, such as "code", in the JSON of the call of a tool at
        `place` to `value`. Ignored if that is no text, or if there is no such call."""
        found = self._items.find("tool", place)
        if found is not None and isinstance(value, str):
            found.change(**{member: value})

    def content(self, place: Place, part: dict) -> None:
        """Add the text of `part`, the JSON of a complete content part (`output_text`, `refusal` or
        `reasoning_text`; others are ignored), to the builder.

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
        """Return the kind of an `output_text` at `place`: "raw" (unsummarised reasoning) within a
        reasoning item, as LiteLLM's bridge sends it, else "text" (of the answer)."""
        for item_id, output_index in self._reasoning_items:
            if place.item_id is None or item_id is None:
                same = place.output_index is not None and place.output_index == output_index
            else:
                same = place.item_id == item_id
            if same:
                return "raw"
        return "text"

    def whole(self, body: dict) -> None:
        """Read `body`, the JSON of a response that came as a whole HTTP body, not streamed, into
        the builder, and set the builder's `end`."""
        status = body.get("status")
        if status in ("queued", "in_progress"):
            self._fill(body)
            self._builder.finish("interrupted", "background")
        else:
            self.end(body, "completed")

    def end(self, response: dict, named: Status) -> None:
        """Read `response`, the JSON object in a last event such as `response.completed`, into the
        builder, and set the builder's `end`.

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
            if builder.has_text:
                found_error = None
            else:
                status = "failed"
        details = response.get("incomplete_details")
        reason = one_line(details.get("reason")) if isinstance(details, dict) else ""
        builder.finish(status, reason, found_error)

    def _fill(self, response: dict) -> None:
        """Add to the builder what it lacks of the final response object `response`: id, model,
        token counts, items and text."""
        builder = self._builder
        builder.identify(response.get("id"), response.get("model"))
        builder.take_bill(response)
        limit = whole_number(response.get("max_output_tokens"))
        if builder.max_output_tokens is None:
            builder.max_output_tokens = limit
        items = _dicts(response.get("output"))
        self._restate(items)
        if builder.gap:
            self._close_gap(items)
        output_text = response.get("output_text")
        if not builder.has_text and isinstance(output_text, str):
            self._items.text_item("message", NOWHERE).add(output_text)

    def _restate(self, output: list[dict]) -> None:
        """Add to the builder what it lacks of `output`, the list of JSON items in the final
        response object."""
        items = self._items
        had: dict[object, bool] = {kind: items.has_text(kind) for kind in TEXTS}
        known = counterparts(output, list(items.ordered))
        items.insert_at = 0
        for index, (item, found) in enumerate(zip(output, known, strict=True)):
            if found is not None:
                items.insert_at = items.ordered.index(found) + 1
            kind = item.get("type")
            is_text = kind in TEXTS
            if found is None and not (is_text and had[kind]):
                self.take(item, index)
                continue
            self._note(item)
            if found is not None:
                if is_text and not had[kind]:
                    self._take_text(item, Place(item.get("id"), index))
                item, pictures = self._without_pictures(item)
                for place, picture in pictures.items():
                    found.receive(picture, place)
                self._close(found, item)
        items.insert_at = None

    def _close_gap(self, items: list[dict]) -> None:
        """Add the rest of the answer, whose stream could not be read completely, from the final
        `items` (JSON), if the text in these begins with what was streamed."""
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
            self._items.text_item("message", NOWHERE).add(whole[len(streamed) :])
            self._builder.gap = False

    def _note(self, item: dict) -> None:
        """Record in the builder whether `item` (JSON) is a call that the site does not run, and the
        `phase` that it names."""
        if item.get("type") in TOOL_CALLS:
            self._builder.tool_note = True
        if phase := self._builder.redactor.name(item.get("phase"), 40):
            self._builder.phase = phase


def _without_text(item: dict) -> dict:
    """Return a copy of `item`, the JSON of a message or of reasoning, without the members that hold
    text (`content`, `summary`, `encrypted_content`), since the text is added by itself."""
    texts = ("content", "summary", "encrypted_content")
    return {name: value for name, value in item.items() if name not in texts}


def _dicts(value: object) -> list[dict]:
    """Return the dicts among the first MOST_ITEMS entries of `value`; [] if it is no list."""
    if not isinstance(value, list):
        return []
    return [each for each in value[:MOST_ITEMS] if isinstance(each, dict)]
