"""Prices: finds the dated Price and ToolPrices that apply to a Response, and computes its cost.

What has no price makes the cost unknown: no other rate takes the place of a missing one.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from django.db.models import Q

from conversations.models import Price, ToolPrice
from conversations.models.price import normal_tier
from conversations.models.response import RATES

PLACES = Decimal("0.00000001")
MILLION = 1_000_000
LARGEST = Decimal("9999999999.99999999")  # that the column holds
# The rates of a Price for calls with a long input, by the rate that each takes the place of.
LONG = {name: f"long_{name}" for name in RATES}
# In Response.missing_prices: the model has no price at all. For a service tier other than the
# standard one it is "tier " and its name instead.
NO_PRICE = "model"


def price_of(model, at, tier=""):
    """Return the Price of the language model named `model` in the service tier `tier` ("":
    standard) that is valid at `at` (an aware datetime); None if it has none. A model may have its
    price under several names (see `_names`).

    A Price for the exact name goes before one for a prefix ("name*"), a longer prefix before a
    shorter one, and of the same name the one that became valid last.
    """
    found = Price.objects.filter(
        valid_from__lte=at, model__in=_names(model), tier=normal_tier(tier)
    )
    return choose(found, model, at)


def choose(prices, model, at, tier=None):
    """Return the one of `prices` (an iterable of Price or ToolPrice) that applies to the model
    named `model` at `at` (an aware datetime) by the rules of `price_of`, or None. `tier` is the
    service tier (None: of any)."""
    fitting = [
        price
        for price in prices
        if price.valid_from <= at
        and price.covers(model)
        and (tier is None or price.tier == normal_tier(tier))
    ]
    return max(
        fitting,
        key=lambda price: (
            bool(price.model) and not price.model.endswith("*"),
            len(price.model),
            price.valid_from,
        ),
        default=None,
    )


def tool_prices(tools, model, at):
    """Return `{tool: ToolPrice}` for those of `tools` (names of tools such as "web_search") that
    have a price for the language model named `model` at `at` (an aware datetime)."""
    if not tools:
        return {}
    found = ToolPrice.objects.filter(
        Q(model__in=_names(model)) | Q(model=""), valid_from__lte=at, tool__in=tools
    )
    return choose_tools(found, model, at)


def choose_tools(prices, model, at):
    """Return `{tool: ToolPrice}` with the one of `prices` (an iterable of ToolPrice) that applies
    to each tool, for the language model named `model` at `at` (an aware datetime), by the rules of
    `price_of`. A price for all models is used for a tool only if none is for this model."""
    by_tool = {}
    for price in prices:
        by_tool.setdefault(price.tool, []).append(price)
    chosen = {tool: choose(of_tool, model, at) for tool, of_tool in by_tool.items()}
    return {tool: price for tool, price in chosen.items() if price is not None}


def _names(model):
    """Return the list of names and prefixes ("name*") under which `model` may have a price."""
    return [model, *(model[:length] + "*" for length in range(len(model) + 1))]


@dataclass(frozen=True, slots=True)
class Tokens:
    """Numbers of tokens of a call by the rate at which they are charged. Each token is counted
    once: as `input` (neither read from the cache nor written to it), `cached_input` (read from it),
    `cache_write` (written to it), `cache_write_12h` (written to it for 12 hours) or `output`.
    `whole_input` is the number of all input tokens."""

    input: int = 0
    cached_input: int = 0
    cache_write: int = 0
    cache_write_12h: int = 0
    output: int = 0
    whole_input: int = 0

    @classmethod
    def of(cls, call):
        """Return the Tokens of `call`, a mapping with a Response's columns of tokens. Where the
        gateway reported none the estimated ones count; unknown numbers count as 0.

        Some providers count the same tokens as read from the cache and as written to it; where both
        together exceed the whole input, `input` is 0, as in LiteLLM's records.
        """
        whole = _either(call, "input_tokens")
        cached = call.get("cached_tokens") or 0
        written = call.get("cache_write_tokens") or 0
        for_12h = min(call.get("cache_write_12h_tokens") or 0, written)
        return cls(
            input=max(whole - cached - written, 0),
            cached_input=cached,
            cache_write=written - for_12h,
            cache_write_12h=for_12h,
            output=_either(call, "output_tokens"),
            whole_input=whole,
        )


def _either(call, name):
    """Return the reported number of tokens in the column `name` of `call` (a mapping with a
    Response's columns) or, if that is None, the estimated one; 0 if neither is known."""
    reported = call.get(name)
    return (call.get(f"estimated_{name}") if reported is None else reported) or 0


def rates(price, whole_input):
    """Return `{name: money per million tokens, or None}` for each name of RATES: the rates of
    `price` (a Price) for a call with `whole_input` tokens of input. Where the Price has no rate for
    cached input, that of other input is taken; all other missing rates are None."""
    is_long = price.long_context_over is not None and whole_input > price.long_context_over
    found = {name: getattr(price, LONG[name] if is_long else name) for name in RATES}
    if found["cached_input"] is None:
        found["cached_input"] = found["input"]
    return found


def missing_rates(price, tokens):
    """Return a list of the names of those fields of `price` (a Price) that are empty although a
    call with these `tokens` (Tokens) needs them."""
    is_long = price.long_context_over is not None and tokens.whole_input > price.long_context_over
    return [
        LONG[name] if is_long else name
        for name, rate in rates(price, tokens.whole_input).items()
        if rate is None and getattr(tokens, name)
    ]


def cost(price, tokens):
    """Return the cost of `tokens` (Tokens) by `price` (a Price, per million tokens) as a Decimal of
    8 places, rounded half to even, in the site's currency. A rate that is missing counts as 0: ask
    `missing_rates` first."""
    with localcontext(prec=60):
        exact = sum(
            getattr(tokens, name) * Decimal(rate)
            for name, rate in rates(price, tokens.whole_input).items()
            if rate is not None
        )
        return rounded(Decimal(exact) / MILLION)


def rounded(amount):
    """Return `amount`, a Decimal, with 8 places, a half rounded to the even one; at most
    LARGEST."""
    with localcontext(prec=60):
        return min(amount.quantize(PLACES, ROUND_HALF_EVEN), LARGEST)


def cost_fields(price, call, charges=()):
    """Return a dict of the columns of a Response for prices and cost, to be stored by the caller.

    `price` is its Price (None: it has none), `call` a mapping with its columns of tokens and its
    `service_tier`, `charges` are its Charges, whose amount is None where a tool has no price. If
    anything has no price, `cost` and `tool_cost` are None and `missing_prices` names what is
    missing.
    """
    tokens = Tokens.of(call)
    if price is None:
        tier = normal_tier(call.get("service_tier") or "")
        missing = [f"tier {tier}" if tier else NO_PRICE]
    else:
        missing = missing_rates(price, tokens)
    missing += [charge.kind for charge in charges if charge.amount is None]
    if missing:
        return {"cost": None, "tool_cost": None, "missing_prices": ", ".join(missing)[:200]}
    tools = sum((charge.amount for charge in charges), Decimal(0))
    applied = rates(price, tokens.whole_input)
    return {
        **{column: applied[name] for name, column in RATES.items()},
        "cost": min(cost(price, tokens) + tools, LARGEST),
        "tool_cost": min(tools, LARGEST) if charges else None,
        "missing_prices": "",
    }
