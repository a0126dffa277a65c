"""Context window: leaves out the oldest turns of a conversation that is too long for the model, by
an estimate of its tokens. Pure functions.
"""

# Used where no ratio was measured; tokenizers of today have 3–5 bytes of UTF-8 per token.
BYTES_PER_TOKEN = 4
# Kept free for the reply where the model's row names no maximum: a quarter, at most this many.
OUTPUT_RESERVE = 8_192


def estimate_tokens(text, bytes_per_token=BYTES_PER_TOKEN):
    """Return an estimate of the number of tokens in `text`, rounded up.

    It is the size in UTF-8 divided by `bytes_per_token`, an int or float.
    """
    size = len(text.encode("utf-8", "replace"))
    return (
        -(-size // bytes_per_token)
        if isinstance(bytes_per_token, int)
        else int(size / bytes_per_token + 0.999)
    )


def fit(turns, *, window, instructions="", max_output_tokens=None, bytes_per_token=None):
    """Return the newest of `turns` (Turn, oldest first) that fit a context window of `window`
    tokens, as a list.

    With `window` None or 0 all are returned. Room is kept for `instructions` (text) and for the
    reply: `max_output_tokens`, or a quarter of the window, at most OUTPUT_RESERVE, where it is
    None. `bytes_per_token` is the ratio measured in this conversation (None: BYTES_PER_TOKEN).

    Old turns are left out together with their replies, so that the rest begins with a user's turn.
    The last turn is always kept, even if it is too long: the gateway then refuses the request.
    """
    turns = list(turns)
    if not window:
        return turns
    ratio = bytes_per_token or BYTES_PER_TOKEN
    room = window - (max_output_tokens or min(window // 4, OUTPUT_RESERVE))
    room -= estimate_tokens(instructions, ratio)
    needed = [turn.tokens(ratio) for turn in turns]
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
