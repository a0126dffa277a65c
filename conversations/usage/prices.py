"""Prices: finds the dated Price that applies to a Response, and computes the cost of the
Response."""

from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from conversations.models import Price

PLACES = Decimal("0.00000001")
MILLION = 1_000_000
LARGEST = Decimal("9999999999.99999999")  # that the column holds


def price_of(model, at):
    """Return the Price of the model named `model` at `at` (an aware datetime), or None where it has
    none.

    A Price for the exact name goes before one for a prefix ("name*"), a longer prefix before a
    shorter one, and of the same name the one that became valid last.
    """
    names = [model, *(model[:length] + "*" for length in range(len(model) + 1))]
    return choose(Price.objects.filter(valid_from__lte=at, model__in=names), model, at)


def choose(prices, model, at):
    """Return the one of `prices` (an iterable of Price) that applies to the model named `model` at
    `at` (an aware datetime) by the rules of `price_of`, or None."""
    fitting = [price for price in prices if price.valid_from <= at and price.covers(model)]
    return max(
        fitting,
        key=lambda price: (not price.model.endswith("*"), len(price.model), price.valid_from),
        default=None,
    )


def cost(price, *, input_tokens, cached_tokens, output_tokens):
    """Return the cost of a Response by `price` (a Price, per million tokens) as a Decimal of 8
    places, rounded half to even, in the site's currency. `cached_tokens` are those of the input
    that are billed at the cached price. Unknown numbers (None) count as 0."""
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
    """Return a dict of the columns of a Response for prices and cost; `price` is a Price or None
    (cost unknown), `call` a mapping with the Response's columns of tokens. Where the gateway
    reported no tokens the estimated ones count."""
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
    """Return the reported number of tokens in the column `name`, or else the estimated one."""
    reported = call.get(name)
    return call.get(f"estimated_{name}") if reported is None else reported
