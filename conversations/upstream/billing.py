"""Billing data of one request, as far as the gateway reports any besides token counts: the service
tier, the use of tools, and sometimes an amount of money."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from .gateway_text import one_line
from .usage import whole_number

# More than any call costs: an amount beyond it, negative or not finite is not believed.
LARGEST_COST = 1_000_000
LONGEST_TIER = 50
# Limits of `tool_usage` that is kept as it came: members in all, depth, characters of a string.
MOST_MEMBERS = 200
DEEPEST = 5
LONGEST_STRING = 200
COST_HEADER = "x-litellm-response-cost"


@dataclass(frozen=True, slots=True)
class Billing:
    """Billing data of one request as the gateway stated them; "" or None where it stated nothing.

    `service_tier` is the tier that was billed, such as "flex". `tool_usage` is the JSON object of
    that name, cleaned, with the member `server_tool_use` of `usage` added. `cost` is an amount of
    money in the gateway's currency; `cost_source` says where it was found: "usage" (the `usage`
    object) or "header" (an HTTP header).
    """

    service_tier: str = ""
    tool_usage: dict | None = None
    cost: Decimal | None = None
    cost_source: str = ""

    def updated(self, response: dict) -> "Billing":
        """Return a copy of this Billing in which the values that `response` names replace the
        earlier ones.

        `response` is the JSON of a response object or of a chunk of a chat completion.
        """
        usage = response.get("usage")
        usage = usage if isinstance(usage, dict) else {}
        tier = tier_in(response) or one_line(usage.get("service_tier"), LONGEST_TIER)
        tools = _tool_usage(response, usage)
        cost = _cost(usage)
        return Billing(
            tier or self.service_tier,
            self.tool_usage if tools is None else tools,
            self.cost if cost is None else cost,
            self.cost_source if cost is None else "usage",
        )

    def with_header(self, headers: Mapping[str, str]) -> "Billing":
        """Return a copy of this Billing with the cost in the HTTP `headers` (LiteLLM's
        COST_HEADER); this Billing itself if they name no cost or `cost` is known already. Only for
        a response that was not streamed: the headers of a stream leave before its cost is known."""
        cost = money(headers.get(COST_HEADER))
        if self.cost is not None or cost is None:
            return self
        return replace(self, cost=cost, cost_source="header")


def tier_in(response: dict) -> str:
    """Return the name of the service tier, such as "flex", in `response`, the JSON of a response
    object or of a chunk of a chat completion; "" for none."""
    return one_line(response.get("service_tier"), LONGEST_TIER)


def money(value: object) -> Decimal | None:
    """Return `value`, from JSON, as a Decimal from 0 to LARGEST_COST, rounded to 8 decimal places;
    None if it is neither a number nor a text such as "0.0012", or is outside of that range."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > LONGEST_STRING:
        return None
    try:
        amount = Decimal(str(value).strip())
        known = amount.is_finite() and 0 <= amount <= LARGEST_COST
        return amount.quantize(Decimal("0.00000001")) if known else None
    except (InvalidOperation, ValueError):
        return None


def _cost(usage: dict) -> Decimal | None:
    """Return the amount of money that `usage`, a `usage` object, names: the number `cost` of
    OpenRouter and LiteLLM, or `total_cost` in Perplexity's object `cost`; None for none."""
    cost = usage.get("cost")
    return money(cost.get("total_cost") if isinstance(cost, dict) else cost)


def _tool_usage(response: dict, usage: dict) -> dict | None:
    """Return how often tools were used, as `response` and its `usage` object say it, in one dict,
    cleaned so that any database stores it; None if they say nothing."""
    found = response.get("tool_usage")
    if not isinstance(found, dict):
        found = usage.get("tool_usage")
    tools = dict(found) if isinstance(found, dict) else {}
    # Anthropic's and OpenRouter's; LiteLLM has the number of searches among the details.
    if isinstance(server := usage.get("server_tool_use"), dict):
        tools.setdefault("server_tool_use", server)
    details = usage.get("prompt_tokens_details") or usage.get("input_tokens_details")
    searches = details.get("web_search_requests") if isinstance(details, dict) else None
    if whole_number(searches):
        tools.setdefault("server_tool_use", {"web_search_requests": searches})
    return _Cleaner().clean(tools) or None


class _Cleaner:
    """Cleaner of one JSON value: what no database stores is left out, and what is beyond the limits
    on members, depth and length."""

    def __init__(self) -> None:
        self._left = MOST_MEMBERS

    def clean(self, value: dict) -> dict:
        """Return a copy of the JSON object `value` without members that cannot be stored or exceed
        the limits."""
        return self._object(value, DEEPEST)

    def _object(self, value: dict, depth: int) -> dict:
        kept = {}
        for key, member in value.items():
            if self._left <= 0:
                break
            self._left -= 1
            if (name := one_line(key)) and (made := self._value(member, depth - 1)) is not _NOTHING:
                kept[name] = made
        return kept

    def _value(self, value: object, depth: int) -> object:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return one_line(value, LONGEST_STRING)
        if isinstance(value, int):
            return value if whole_number(abs(value)) is not None else _NOTHING
        if isinstance(value, float):
            return value if math.isfinite(value) else _NOTHING
        if depth <= 0:
            return _NOTHING
        if isinstance(value, dict):
            return self._object(value, depth)
        if isinstance(value, list):
            self._left -= len(value)
            made = [self._value(each, depth - 1) for each in value] if self._left > 0 else []
            return [each for each in made if each is not _NOTHING]
        return _NOTHING


_NOTHING = object()
