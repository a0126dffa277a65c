"""The `input` array and the body of `POST /v1/responses`, from stored messages, within the model's
context window. Pure.

The form of a turn, `{"type": "message", "role", "content": text}`, is the only one that every
gateway examined accepts. Optional fields are sent only where they are set: some gateways refuse
what they do not know.
"""

from dataclasses import dataclass

# Without better knowledge; tokenizers of today's models come to 3–5 bytes of UTF-8 a token.
BYTES_PER_TOKEN = 4
# What every turn costs besides its text: role and separators.
TURN_OVERHEAD = 4
# Kept free for the reply where the model's row names no maximum: a quarter, at most this many.
OUTPUT_RESERVE = 8_192


@dataclass(frozen=True, slots=True)
class Turn:
    """One stored message: `id` (anything), `role` ("user", "assistant") and `text`."""

    id: object
    role: str
    text: str


def join_instructions(*parts):
    """The operator's, the person's and the conversation's instructions, in the order given."""
    return "\n\n".join(part.strip() for part in parts if part and part.strip())


def estimate_tokens(text, bytes_per_token=BYTES_PER_TOKEN):
    """About how many tokens `text` has, rounded up."""
    size = len(text.encode("utf-8", "replace"))
    return (
        -(-size // bytes_per_token)
        if isinstance(bytes_per_token, int)
        else int(size / bytes_per_token + 0.999)
    )


def fit(turns, *, window, instructions="", max_output_tokens=None, bytes_per_token=None):
    """The newest of `turns` that fit a context window of `window` tokens (None: all of them).

    Whole pairs are left out, oldest first, so that what remains begins with a person's turn; the
    last turn is always kept: that it is too long is for the gateway to say. `bytes_per_token` is
    what this conversation was measured to have, from the last `input_tokens` reported.
    """
    turns = list(turns)
    if not window:
        return turns
    ratio = bytes_per_token or BYTES_PER_TOKEN
    room = window - (max_output_tokens or min(window // 4, OUTPUT_RESERVE))
    room -= estimate_tokens(instructions, ratio)
    needed = [estimate_tokens(turn.text, ratio) + TURN_OVERHEAD for turn in turns]
    total = sum(needed)
    first = 0
    while total > room and first < len(turns) - 1:
        step = first + 1
        while step < len(turns) and turns[step].role != "user":
            step += 1
        if step >= len(turns):
            break
        total -= sum(needed[first:step])
        first = step
    return turns[first:]


def as_input(turns):
    """The `input` array: turns without text left out, neighbours of one role joined."""
    items = []
    for turn in turns:
        if not turn.text.strip():
            continue
        if items and items[-1]["role"] == turn.role:
            items[-1]["content"] += "\n\n" + turn.text
        else:
            items.append({"type": "message", "role": turn.role, "content": turn.text})
    return items


def body(turns, *, model, instructions="", parameters=None):
    """The whole body of the call. `parameters` are optional fields that somebody set."""
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


def parameters(*, effort="", max_output_tokens=None):
    """The optional fields that are set, as the API names them."""
    fields = {}
    if effort:
        fields["reasoning"] = {"effort": effort}
    if max_output_tokens:
        fields["max_output_tokens"] = max_output_tokens
    return fields
