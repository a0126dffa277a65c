"""Token counts of one call, as the gateway reports them."""

from dataclasses import astuple, dataclass

# Beyond this JSON numbers are no longer exact, and no column of ours is wider.
LARGEST = 2**53

# The objects of details, in the Responses and in the chat-completions API.
INPUT_DETAILS = ("input_tokens_details", "prompt_tokens_details")
OUTPUT_DETAILS = ("output_tokens_details", "completion_tokens_details")
# Objects that cut the tokens written to the cache by how long they are kept: OpenAI's and LiteLLM's
# within the details, Anthropic's beside the count.
WRITE_DETAILS = ("cache_write_tokens_details", "cache_creation_token_details")
LONG_WRITES = ("ttl_12h_tokens", "ephemeral_1h_input_tokens", "cache_write_12h_tokens")
SHORT_WRITES = ("ttl_30m_tokens", "ephemeral_5m_input_tokens", "cache_write_30m_tokens")


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of one call as the gateway reported them; None is unknown, which is not zero.

    Never negative. `cached_tokens` (read from the cache) and `cache_write_tokens` are parts of
    `input_tokens`, `cache_write_12h_tokens` is a part of `cache_write_tokens`, `reasoning_tokens`
    a part of `output_tokens`; none is larger than the whole. Some providers count a token both as
    read and as written, so the two together may exceed the input.
    """

    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    total_tokens: int | None = None
    cache_write_tokens: int | None = None
    # Written for the longest time there is: 12 hours at OpenAI, an hour at Anthropic.
    cache_write_12h_tokens: int | None = None

    @classmethod
    def read(cls, reported: object) -> "Usage | None":
        """Return the Usage in `reported`, a `usage` object of either API (Responses, chat).

        Returns None if `reported` is no object, or has nothing but zeros in it.
        """
        if not isinstance(reported, dict):
            return None
        input_tokens = _count(reported, "input_tokens", "prompt_tokens")
        output_tokens = _count(reported, "output_tokens", "completion_tokens")
        total = _count(reported, "total_tokens")
        cached = _detail(reported, INPUT_DETAILS, "cached_tokens")
        written = _detail(reported, INPUT_DETAILS, "cache_write_tokens", "cache_creation_tokens")
        long_written = _written_for(reported, LONG_WRITES)
        if written is None:
            # Anthropic's own words, as some gateways pass them on: what was written to the cache
            # or read from it is not part of the input there.
            written = _count(reported, "cache_creation_input_tokens")
            read = _count(reported, "cache_read_input_tokens")
            beside = (written or 0) + (0 if cached is not None else read or 0)
            if beside and input_tokens is not None:
                input_tokens += beside
                total = max(total or 0, input_tokens + (output_tokens or 0))
            cached = read if cached is None else cached
        if written is None:
            shares = (_written_for(reported, SHORT_WRITES), long_written)
            known = [share for share in shares if share is not None]
            written = sum(known) if known else None
        reasoning = _detail(reported, OUTPUT_DETAILS, "reasoning_tokens")
        if not total and input_tokens is not None and output_tokens is not None:
            total = input_tokens + output_tokens
        if long_written and (written or 0) < long_written:
            written = long_written
        written = _at_most(written, input_tokens)
        usage = cls(
            input_tokens=input_tokens,
            cached_tokens=_at_most(cached, input_tokens),
            output_tokens=output_tokens,
            reasoning_tokens=_at_most(reasoning, output_tokens),
            total_tokens=total,
            cache_write_tokens=written,
            cache_write_12h_tokens=_at_most(long_written, written),
        )
        # aimock reports zeros for every call: that is "not counted", not "free".
        return usage if any(astuple(usage)) else None


def whole_number(value: object) -> int | None:
    """Return `value`, from JSON, as an int if it is a whole number from 0 to 2**53, else None.

    Gateways also send NaN, "12", true, negative and absurdly large numbers.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= LARGEST else None


def _count(reported: dict, *names: str) -> int | None:
    # new-api serialises both namings of a count, one of them zero.
    """Return the largest count (0 to 2**53) that the JSON object `reported` has under any of
    `names`, None if there is none."""
    known = [count for name in names if (count := whole_number(reported.get(name))) is not None]
    return max(known) if known else None


def _detail(reported: dict, objects: tuple[str, ...], *names: str) -> int | None:
    """Return the largest count under any of `names` in those members of `reported`, a `usage`
    object, whose names are in `objects` and whose values are JSON objects; None if there is
    none."""
    details = [found for name in objects if isinstance(found := reported.get(name), dict)]
    known = [count for each in details if (count := _count(each, *names)) is not None]
    return max(known) if known else None


def _written_for(reported: dict, names: tuple[str, ...]) -> int | None:
    """Return how many tokens `reported`, a `usage` object, says were written to the prompt cache
    for a long or a short time; None if it does not say. `names` is LONG_WRITES or SHORT_WRITES, the
    names of such counts."""
    known = [_detail(reported, INPUT_DETAILS, *names)]
    for details in (reported.get(name) for name in INPUT_DETAILS):
        if isinstance(details, dict):
            known.append(_detail(details, WRITE_DETAILS, *names))
    if isinstance(cut := reported.get("cache_creation"), dict):
        known.append(_count(cut, *names))
    return max((count for count in known if count is not None), default=None)


def _at_most(part: int | None, whole: int | None) -> int | None:
    return part if part is None or whole is None else min(part, whole)
