"""Prices: which dated Price applies to a Response, and what the Response costs by it."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from conversations.models import Price

PLACES = Decimal("0.00000001")
MILLION = 1_000_000
LARGEST = Decimal("9999999999.99999999")  # that the column holds


def price_of(model, at):
    """The Price of the model called `model` at the moment `at`, or None: unpriced.

    The exact name goes before a prefix, a longer prefix before a shorter one, and of one name
    the latest that is valid.
    """
    names = [model, *(model[:length] + "*" for length in range(len(model) + 1))]
    return choose(Price.objects.filter(valid_from__lte=at, model__in=names), model, at)


def choose(prices, model, at):
    """The one of `prices` that applies to `model` at the moment `at`, or None."""
    fitting = [price for price in prices if price.valid_from <= at and price.covers(model)]
    return max(
        fitting,
        key=lambda price: (not price.model.endswith("*"), len(price.model), price.valid_from),
        default=None,
    )


def cost(price, *, input_tokens, cached_tokens, output_tokens):
    """The cost of a Response as a Decimal of 8 places, rounded half to even.

    Tokens that are unknown (None) count nothing, so `cached_tokens` None is all at full price.
    """
    cached = cached_tokens or 0
    cached_price = price.input if price.cached_input is None else price.cached_input
    with localcontext(prec=60):
        exact = (
            ((input_tokens or 0) - cached) * Decimal(price.input)
            + cached * Decimal(cached_price)
            + (output_tokens or 0) * Decimal(price.output)
        ) / MILLION
        return min(exact.quantize(PLACES, ROUND_HALF_EVEN), LARGEST)


def cost_fields(price, call):
    """The columns of price and cost of a Response; `call` maps its columns of usage.

    Tokens that were not reported count as estimated.
    """
    if price is None:
        return {"cost": None}
    return {
        "price_input": price.input,
        "price_cached_input": price.cached_input,
        "price_output": price.output,
        "cost": cost(
            price,
            input_tokens=_either(call, "input_tokens"),
            cached_tokens=call.get("cached_tokens"),
            output_tokens=_either(call, "output_tokens"),
        ),
    }


def _either(call, name):
    reported = call.get(name)
    return call.get(f"estimated_{name}") if reported is None else reported
