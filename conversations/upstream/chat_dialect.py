"""The chat-completions shape, as some relays answer on the same path: chunks, and the whole."""

from .answer import Answer, Channel
from .failures import complaint_in
from .usage import Usage
from .words import healed, name


class ChatDialect:
    """Folds chat completions into an Answer.

    After the `finish_reason` only usage may follow, up to `[DONE]` or the end: `finishing` is
    then true, and `finish` says that no more will come.
    """

    def __init__(self, answer: Answer) -> None:
        """`answer` is written to."""
        self._answer = answer
        self._finish_reason: object = None
        self._streamed: list[str] = []
        self.finishing = False

    def chunk(self, frame: dict) -> None:
        """Take one frame of a stream; it may also be a whole completion."""
        answer = self._answer
        answer.identify(frame.get("id"), frame.get("model"))
        answer.dialect = "chat"
        answer.text.skip_newlines = True
        if not self.finishing:
            for choice in frame["choices"]:
                # We ask for one choice; a second would be another answer.
                if isinstance(choice, dict) and choice.get("index") in (0, None):
                    self._choice(choice)
        if usage := frame.get("usage"):
            answer.usage = Usage.read(usage) or answer.usage
        if frame.get("object") == "chat.completion":
            self.finishing = True
        if frame.get("error"):
            answer.finish("failed", complaint=complaint_in(frame))

    def whole(self, body: dict) -> None:
        """Take a completion that is the whole answer."""
        self.chunk(body)
        self.finish()

    def finish(self) -> None:
        """End the answer as the `finish_reason` says."""
        reason = self._finish_reason
        if reason in ("length", "max_tokens"):
            self._answer.finish("incomplete", "max_output_tokens")
        elif reason == "content_filter":
            self._answer.finish("incomplete", "content_filter")
        elif reason == "error":
            self._answer.finish("failed")
        elif reason in ("tool_calls", "function_call"):
            self._answer.tool_note = True
            self._answer.finish("completed")
        elif reason in ("stop", None):
            self._answer.finish("completed")
        else:
            self._answer.finish("completed", name(reason))

    def _choice(self, choice: dict) -> None:
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
        answer = self._answer
        if text := _text(delta.get("content")):
            answer.text.add(text)
            self._streamed.append(text)
        if thought := _thought(delta):
            answer.reasoning.add(thought)
        self._notes(delta)

    def _message(self, message: dict) -> None:
        # A relay may send the whole message once more at the end of its chunks.
        answer = self._answer
        whole = healed(_text(message.get("content")))
        streamed = healed("".join(self._streamed))
        if whole.startswith(streamed):
            answer.text.add(whole[len(streamed) :])
            if whole:
                answer.gap = False
        if not answer.reasoning:
            answer.reasoning.add(_thought(message))
        self._notes(message)

    def _notes(self, message: dict) -> None:
        _add(self._answer.refusal, message.get("refusal"))
        if message.get("tool_calls") or message.get("function_call"):
            self._answer.tool_note = True


def _text(content: object) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(part for part in parts if isinstance(part, str))
    return ""


def _thought(message: dict) -> str:
    thought = message.get("reasoning_content") or message.get("reasoning")
    return thought if isinstance(thought, str) else ""


def _add(channel: Channel, text: object) -> None:
    if isinstance(text, str):
        channel.add(text)
