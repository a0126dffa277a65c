"""Body of `POST /v1/responses`, built from those stored messages that are sent.

Pure functions. A turn is sent as `{"type": "message", "role", "content": text}`, the only form that
every gateway examined accepts; one with files has a list of parts as its content, the text before
the files. Pictures that a reply made go with the person's next message, for a reply cannot carry
them. Optional fields are sent only where they are set: some gateways refuse fields that they
do not know.
"""

import json
from dataclasses import dataclass

from .context_window import estimate_tokens

# Tokens of a turn besides its text, for role and separators.
TURN_OVERHEAD = 4


@dataclass(frozen=True, slots=True)
class FileParts:
    """Content parts for the files of one message, and their size: `parts` are the parts (dicts of
    the API), documents before pictures; `texts` the texts in them, `tokens` the estimated tokens of
    all that is not text; `pictures` is the number of pictures, `size` the length in base64 of what
    is sent as base64, in bytes."""

    parts: tuple[dict, ...] = ()
    texts: tuple[str, ...] = ()
    tokens: int = 0
    pictures: int = 0
    size: int = 0

    @property
    def count(self):
        """Number of parts of the request that these files make."""
        return len(self.parts)

    def after(self, others):
        """Return one FileParts with all of `others` (a FileParts), followed by all of this one."""
        return FileParts(
            parts=(*others.parts, *self.parts),
            texts=(*others.texts, *self.texts),
            tokens=others.tokens + self.tokens,
            pictures=others.pictures + self.pictures,
            size=others.size + self.size,
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """Stored message as it is sent: `role` ("user" or "assistant") and `text`; `id` is not sent.

    `files` are the FileParts for its files, None for none; `items` are further items of the `input`
    array (dicts of the API), which are sent after the text.
    """

    id: object
    role: str
    text: str
    files: FileParts | None = None
    items: tuple[dict, ...] = ()

    @property
    def parts(self):
        """Content parts (dicts of the API) for files, which are sent after the text; only a
        person's turn has any."""
        return self.files.parts if self.files and self.role == "user" else ()

    @property
    def item_texts(self):
        """List of `items` as JSON texts, by which their tokens are estimated."""
        return [json.dumps(item, ensure_ascii=False) for item in self.items]

    def tokens(self, ratio):
        """Return the estimated tokens of the turn with its files; `ratio` is bytes per token."""
        needed = estimate_tokens(self.text, ratio) + TURN_OVERHEAD
        if self.parts:
            needed += self.files.tokens
            needed += sum(estimate_tokens(text, ratio) for text in self.files.texts)
        return needed + sum(estimate_tokens(text, ratio) for text in self.item_texts)


def join_instructions(*parts):
    """Return `parts` (instructions of operator, user and conversation) joined by blank lines.

    Parts that are None, empty or blank are left out.
    """
    return "\n\n".join(part.strip() for part in parts if part and part.strip())


def as_input(turns):
    """Return the `input` array of the request, a list of dicts, for `turns`, an iterable of Turn.

    A Turn without text, files and items is left out. Consecutive contents of one role become one
    message: two texts are joined by a blank line; if either has files, one list of parts.
    """
    items: list[dict] = []
    for turn in turns:
        content = _content(turn)
        if content and items and items[-1].get("role") == turn.role:
            items[-1]["content"] = _joined(items[-1]["content"], content)
        elif content:
            items.append({"type": "message", "role": turn.role, "content": content})
        items += turn.items
    return items


def _content(turn):
    """Return the `content` of a turn: its text or, with files, a list of parts; "" for nothing."""
    text = turn.text if turn.text.strip() else ""
    return [*_parts(text), *turn.parts] if turn.parts else text


def _joined(first, second):
    """Return the contents `first` and `second` of two turns (texts or lists of parts) as one: texts
    joined by a blank line, else one list of parts."""
    if isinstance(first, str) and isinstance(second, str):
        return f"{first}\n\n{second}"
    return [*_parts(first), *_parts(second)]


def _parts(content):
    """Return the content of a turn as a list of parts; [] for an empty text."""
    if isinstance(content, list):
        return content
    return [{"type": "input_text", "text": content}] if content else []


def body(turns, *, model, instructions="", parameters=None):
    """Return the request body for the gateway as a dict, for a streamed answer to `turns` (Turn).

    `model` is the model's name; `instructions` "" sends none; `parameters` is a dict of further
    fields, such as the one that `parameters()` returns.
    """
    fields = {
        "model": model,
        "input": as_input(turns),
        "stream": True,
        # OpenAI keeps what is not marked so for thirty days; our database is the only memory.
        "store": False,
    }
    if instructions:
        fields["instructions"] = instructions
    fields.update(parameters or {})
    return fields


def parameters(*, effort="", max_output_tokens=None, max_tool_calls=None):
    """Return the optional request fields that are set, as a dict with the names of the API.

    `effort` is the reasoning effort, such as "low" ("" leaves it out); `max_output_tokens` is the
    limit on the answer in tokens, `max_tool_calls` that on the calls of the gateway's tools (None
    leaves them out).
    """
    fields = {}
    if effort:
        fields["reasoning"] = {"effort": effort}
    if max_output_tokens:
        fields["max_output_tokens"] = max_output_tokens
    if max_tool_calls:
        fields["max_tool_calls"] = max_tool_calls
    return fields
