"""Token counts of one call, as the gateway reports them."""

from dataclasses import astuple, dataclass

# Beyond this JSON numbers are no longer exact, and no column of ours is wider.
LARGEST = 2**53


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as reported; None is unknown, which is not zero.

    Never negative; cached tokens are at most the input tokens, and part of them; reasoning tokens
    likewise of the output tokens.
    """

    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    total_tokens: int | None = None

    @classmethod
    def read(cls, reported: object) -> "Usage | None":
        """Read a `usage` object of the Responses or of the chat-completions API, field by field.

        Returns None where nothing was reported: no object, or nothing but zeros in it.
        """
        if not isinstance(reported, dict):
            return None
        input_tokens = _count(reported, "input_tokens", "prompt_tokens")
        output_tokens = _count(reported, "output_tokens", "completion_tokens")
        cached = _detail(reported, ("input_tokens_details", "prompt_tokens_details"), "cached")
        reasoning = _detail(
            reported, ("output_tokens_details", "completion_tokens_details"), "reasoning"
        )
        total = _count(reported, "total_tokens")
        if not total and input_tokens is not None and output_tokens is not None:
            total = input_tokens + output_tokens
        usage = cls(
            input_tokens=input_tokens,
            cached_tokens=_at_most(cached, input_tokens),
            output_tokens=output_tokens,
            reasoning_tokens=_at_most(reasoning, output_tokens),
            total_tokens=total,
        )
        # aimock reports zeros for every call: that is "not counted", not "free".
        return usage if any(astuple(usage)) else None


def whole_number(value: object) -> int | None:
    """Return `value` as an int from 0 to 2**53 if it is such a number, else None.

    A gateway also sends NaN, "12", true, negative and absurdly large ones.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= LARGEST else None


def _count(reported: dict, *names: str) -> int | None:
    # new-api serialises both namings of a count, one of them zero.
    known = [count for name in names if (count := whole_number(reported.get(name))) is not None]
    return max(known) if known else None


def _detail(reported: dict, names: tuple[str, str], kind: str) -> int | None:
    details = [found for name in names if isinstance(found := reported.get(name), dict)]
    known = [count for each in details if (count := _count(each, f"{kind}_tokens")) is not None]
    return max(known) if known else None


def _at_most(part: int | None, whole: int | None) -> int | None:
    return part if part is None or whole is None else min(part, whole)
