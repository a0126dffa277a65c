"""Reader of answers in the form of the chat-completions API, which some gateways send although
`POST /v1/responses` was asked."""

from .chat_calls import ChatCalls
from .closed_message import MOST_ANNOTATIONS, closed_message
from .gateway_errors import error_in
from .gateway_text import one_line, repair
from .output_item import NOWHERE, OutputItem
from .response_builder import ResponseBuilder


class ChatCompletionsReader:
    """Reader that writes the text, usage and end of a chat completion into a ResponseBuilder.

    The completion becomes items of the Responses API: reasoning, one message, and calls of
    functions. `finishing` is True once a `finish_reason` has come: only usage, `[DONE]` or the end
    of the body may follow, after which `finish` must be called.
    """

    def __init__(self, builder: ResponseBuilder) -> None:
        """`builder` is the ResponseBuilder that everything read is written to."""
        self._builder = builder
        self._finish_reason = ""
        self._streamed: list[str] = []
        self._calls = ChatCalls(builder.items)
        self._annotations: list[dict] = []
        self._tier: object = None
        self.finishing = False

    def chunk(self, frame: dict) -> None:
        """Read `frame`, one JSON object of a stream, into the builder; its `choices` must be a
        list.

        It may be a chunk (with `delta`) or a whole completion (with `message`). Only the choice
        with index 0 or none is read.
        """
        builder = self._builder
        builder.identify(frame.get("id"), frame.get("model"))
        builder.shape = "chat"
        if not self.finishing:
            for choice in frame["choices"]:
                # We ask for one choice; a second would be another answer.
                if isinstance(choice, dict) and choice.get("index") in (0, None):
                    self._choice(choice)
        # Some name the tier in every chunk.
        if frame.get("usage") or frame.get("service_tier") not in (None, self._tier):
            self._tier = frame.get("service_tier")
            builder.take_bill(frame)
        if frame.get("object") == "chat.completion":
            self.finishing = True
        if frame.get("error"):
            builder.finish("failed", error=error_in(frame))

    def whole(self, body: dict) -> None:
        """Read `body`, the JSON of a chat completion that came as a whole HTTP body, not streamed,
        into the builder, and set the builder's `end`."""
        self.chunk(body)
        self.finish()

    def finish(self) -> None:
        """Close calls and message, and set the builder's `end` with the status that the last
        `finish_reason` stands for."""
        reason = self._finish_reason
        builder = self._builder
        self._close()
        if reason in ("length", "max_tokens"):
            builder.finish("incomplete", "max_output_tokens")
        elif reason == "content_filter":
            builder.finish("incomplete", "content_filter")
        elif reason == "error":
            builder.finish("failed")
        elif reason in ("tool_calls", "function_call"):
            builder.tool_note = True
            builder.finish("completed")
        elif reason in ("stop", ""):
            builder.finish("completed")
        else:
            builder.finish("completed", one_line(reason))

    def _choice(self, choice: dict) -> None:
        """Read `choice`, an entry of `choices`: its delta or message, and its `finish_reason`."""
        delta = choice.get("delta")
        if isinstance(delta, dict):
            self._delta(delta)
        message = choice.get("message")
        if isinstance(message, dict):
            self._message(message)
        reason = choice.get("finish_reason")
        if isinstance(reason, str) and reason:
            self._finish_reason = reason
            self.finishing = True

    def _delta(self, delta: dict) -> None:
        if text := _text(delta.get("content")):
            self._message_item().add(text)
            self._streamed.append(text)
        self._think(_reasoning(delta))
        self._note(delta)

    def _message_item(self) -> OutputItem:
        """Return the OutputItem of the answer, a message; a new one at the first call."""
        item = self._builder.items.text_item("message", NOWHERE)
        item.text.skip_newlines = True
        return item

    def _think(self, thought: str) -> None:
        """Add the text `thought`, unless it is "", to the reasoning item, which stands before the
        answer."""
        if thought:
            self._builder.items.text_item("reasoning", NOWHERE, late=True).add(thought)

    def _message(self, message: dict) -> None:
        # A relay may send the whole message once more at the end of its chunks.
        builder = self._builder
        whole = repair(_text(message.get("content")))
        streamed = repair("".join(self._streamed))
        self._streamed = [streamed]
        if whole and whole.startswith(streamed):
            self._message_item().add(whole[len(streamed) :])
            self._streamed = [whole]
            builder.gap = False
        if not builder.has_reasoning:
            self._think(_reasoning(message))
        self._note(message)

    def _note(self, message: dict) -> None:
        """Add to the builder what `message`, the JSON of a delta or of a whole message, has besides
        text: refusal, calls of functions and annotations."""
        refusal = message.get("refusal")
        if isinstance(refusal, str):
            self._builder.refusal.add(refusal)
        if self._calls.take(message):
            self._builder.tool_note = True
        annotations = message.get("annotations")
        for annotation in annotations if isinstance(annotations, list) else []:
            self._annotate(annotation)

    def _annotate(self, annotation: object) -> None:
        """Add `annotation` (JSON of a chat completion), converted to the form of the Responses API,
        to the answer, unless the answer has it already."""
        if not isinstance(annotation, dict) or len(self._annotations) >= MOST_ANNOTATIONS:
            return
        # {"type": "url_citation", "url_citation": {"url": …}}
        inner = annotation.get(str(annotation.get("type")))
        if isinstance(inner, dict):
            annotation = {**inner, "type": annotation["type"]}
        if annotation not in self._annotations[-20:]:
            self._annotations.append(annotation)
            self._message_item().note(annotation)

    def _close(self) -> None:
        """Close the items of all calls of functions and, if there are annotations, that of the
        message, with its text and annotations."""
        self._calls.close()
        message = self._builder.items.last("message")
        if message is not None and self._annotations:
            whole = {"type": "message", "role": "assistant"}
            streamed = repair("".join(self._streamed))
            message.close(closed_message(whole, streamed, self._annotations))


def _text(content: object) -> str:
    """Return the text in `content`, the content of a message: a string, or a list of content parts
    (dicts), whose texts are joined; "" for none."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(part for part in parts if isinstance(part, str))
    return ""


def _reasoning(message: dict) -> str:
    """Return the text of the reasoning in `message` (JSON), its `reasoning_content` or `reasoning`;
    "" for none."""
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    return reasoning if isinstance(reasoning, str) else ""
