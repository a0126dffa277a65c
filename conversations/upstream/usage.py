"""Token counts of one call, as the gateway reports them."""

from dataclasses import astuple, dataclass

# Beyond this JSON numbers are no longer exact, and no column of ours is wider.
LARGEST = 2**53

# The objects of details, in the Responses and in the chat-completions API.
INPUT_DETAILS = ("input_tokens_details", "prompt_tokens_details")
OUTPUT_DETAILS = ("output_tokens_details", "completion_tokens_details")


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of one call as the gateway reported them; None is unknown, which is not zero.

    Never negative. `cached_tokens` and `cache_write_tokens` are parts of `input_tokens`,
    `reasoning_tokens` a part of `output_tokens`; none is larger than the whole.
    """

    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    total_tokens: int | None = None
    # Input that was written to the cache; part of the input, beside what was read from it.
    cache_write_tokens: int | None = None

    @classmethod
    def read(cls, reported: object) -> "Usage | None":
        """Return the Usage in `reported`, a `usage` object of either API (Responses, chat).

        Returns None if `reported` is no object, or has nothing but zeros in it.
        """
        if not isinstance(reported, dict):
            return None
        input_tokens = _count(reported, "input_tokens", "prompt_tokens")
        output_tokens = _count(reported, "output_tokens", "completion_tokens")
        cached = _detail(reported, INPUT_DETAILS, "cached_tokens")
        # The second and third are LiteLLM's, for models of Anthropic.
        written = _detail(reported, INPUT_DETAILS, "cache_write_tokens", "cache_creation_tokens")
        if written is None:
            written = _count(reported, "cache_creation_input_tokens")
        reasoning = _detail(reported, OUTPUT_DETAILS, "reasoning_tokens")
        total = _count(reported, "total_tokens")
        if not total and input_tokens is not None and output_tokens is not None:
            total = input_tokens + output_tokens
        usage = cls(
            input_tokens=input_tokens,
            cached_tokens=_at_most(cached, input_tokens),
            output_tokens=output_tokens,
            reasoning_tokens=_at_most(reasoning, output_tokens),
            total_tokens=total,
            cache_write_tokens=_at_most(written, input_tokens),
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
    """Return the largest valid count in `reported` under any of `names`, None if there is none."""
    known = [count for name in names if (count := whole_number(reported.get(name))) is not None]
    return max(known) if known else None


def _detail(reported: dict, objects: tuple[str, str], *names: str) -> int | None:
    """Return the largest valid count under any of `names` in the objects that `objects` name.

    None if there is none. They are members of `reported`.
    """
    details = [found for name in objects if isinstance(found := reported.get(name), dict)]
    known = [count for each in details if (count := _count(each, *names)) is not None]
    return max(known) if known else None


def _at_most(part: int | None, whole: int | None) -> int | None:
    return part if part is None or whole is None else min(part, whole)
