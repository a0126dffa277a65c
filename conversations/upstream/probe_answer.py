"""Answers to the requests of a probe: one request to a gateway, and what came of it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from .client import Upstream
from .events import Annotated, Failed, Finished, ItemChanged, ItemClosed, ItemOpened, Text
from .folded_items import FoldedItems
from .usage import Usage

ANSWER_SECONDS = 120.0
MAXIMUM = 16  # tokens
# An answer whose text comes within AT_ONCE_SECONDS, after a wait of more than WAITED_SECONDS, was
# written completely before it was sent.
AT_ONCE_SECONDS = 0.01
WAITED_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Answer:
    """Result of one request, with times in seconds since it was sent.

    `end` is its last event. `first` and `last` are when the first and the last text came (None: no
    text), `total` when it ended. `items` are its items (JSON objects) as far as they came, messages
    among them; `citations` is the number of sources that its text cites.
    """

    end: Finished | Failed
    text: str
    reasoning: str
    first: float | None
    last: float | None
    total: float
    items: tuple[dict, ...] = ()
    citations: int = 0

    @property
    def code(self) -> str:
        """Return the error code of the answer, a key of CODES or PROBE_CODES; "" if all is well."""
        if isinstance(self.end, Failed):
            return self.end.code
        if self.end.status not in ("completed", "incomplete"):
            return self.end.error_code or "broken"
        # A model that reasons may use up the few tokens before its first word.
        cut = self.end.reason == "max_output_tokens"
        return "" if self.text.strip() or self.reasoning.strip() or cut else "no_text"

    @property
    def message(self) -> str:
        """Return the gateway's sentence about an error, or why the answer broke off; else ""."""
        if isinstance(self.end, Failed):
            return self.end.message
        return self.end.error_message or ("" if self.code == "" else self.end.reason)

    @property
    def usage(self) -> Usage | None:
        """Return the token counts (Usage) that the gateway reported, None if it reported none."""
        return self.end.usage if isinstance(self.end, Finished) else None

    @property
    def shape(self) -> str:
        """Return API and framing of the answer, such as "responses-stream"; "" if it failed."""
        return self.end.shape if isinstance(self.end, Finished) else ""

    @property
    def came_at_once(self) -> bool:
        """Return True if all text came in one moment after a wait, as from a buffering proxy."""
        if self.first is None or self.last is None or len(self.text.split()) < 3:
            return False
        return self.first > WAITED_SECONDS and self.last - self.first < AT_ONCE_SECONDS

    @property
    def ending(self) -> str:
        """Return how the gateway's answer ended, for the table of findings: the API's status and,
        where there is one, its reason, such as "incomplete max_output_tokens". "" if there was no
        answer: no connection, or an HTTP error."""
        if isinstance(self.end, Failed):
            return ""
        return f"{self.end.status} {self.end.reason}".strip()


async def ask(
    upstream: Upstream,
    model: str,
    turns: list[dict],
    maximum: int | None = MAXIMUM,
    secrets: Sequence[str] = (),
    **more: object,
) -> Answer:
    """Send one request for an answer of `model` to `turns` (messages as dicts); return the Answer.

    `maximum` is the most tokens of the answer (None sends no limit); `more` are further fields of
    the request's JSON, `secrets` the texts in them that nothing may repeat.
    """
    body = {"model": model, "input": turns, "store": False, "stream": True, **more}
    if maximum is not None:
        body["max_output_tokens"] = maximum
    began = time.monotonic()
    first = last = None
    folded, annotated = FoldedItems(), 0
    items: dict[int, dict] = {}
    end: Finished | Failed = Failed("lost")
    async for events in upstream.respond(body, total_timeout=ANSWER_SECONDS, secrets=secrets):
        for event in events:
            folded.take(event)
            if isinstance(event, Text):
                last = time.monotonic() - began
                first = first or last
            elif isinstance(event, ItemOpened | ItemClosed):
                items[event.index] = {**items.get(event.index, {}), **event.item}
            elif isinstance(event, ItemChanged):
                items[event.index] = {**items.get(event.index, {}), **event.changes}
            elif isinstance(event, Annotated):
                annotated += 1
            elif isinstance(event, Finished | Failed):
                end = event
    took = time.monotonic() - began
    found = tuple(items.values())
    citations = max(annotated, sum(map(_citations, found)))
    return Answer(end, folded.text, folded.reasoning, first, last, took, found, citations)


def _citations(item: dict) -> int:
    """Return the number of annotations in `item`, the JSON of a message; 0 for any other item."""
    content = item.get("content")
    parts = content if isinstance(content, list) else []
    lists = [part.get("annotations") for part in parts if isinstance(part, dict)]
    return sum(len(each) for each in lists if isinstance(each, list))
