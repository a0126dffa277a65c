"""Settlement: computes usage, price and cost of a Response when it ends."""

from decimal import Decimal

from conversations.models import Response
from conversations.models.response import REPORTED_TOKENS
from conversations.usage import prices
from conversations.usage.rollup import COLUMNS
from conversations.usage.token_estimate import Gauge

Source = Response.UsageSource

# What `settle` wants to know of the Response before it ends.
BEFORE = (*COLUMNS, "reserved_input_tokens")
# More tokens than any call has: a gateway that reports them is not believed.
LARGEST = 1_000_000_000


def settle(call, ending, *written):
    """Return a dict of the columns to write when a Response ends: those of `ending` together with
    its usage, price and cost.

    `call` maps the names in BEFORE to the values of the still open Response; `ending` has the
    columns known so far, `usage_source` among them; `written` are the texts received, used to
    estimate tokens that the gateway did not report. The reservation needs no release: only those of
    open Responses count.
    """
    fields = {**ending, "output_characters": sum(map(len, written))}
    if any((fields.get(name) or 0) > LARGEST for name in REPORTED_TOKENS):
        fields.update(dict.fromkeys(REPORTED_TOKENS), usage_source=Source.ESTIMATED)
    if fields["usage_source"] == Source.NONE:
        return {**fields, "cost": Decimal(0)}
    missing = [name for name in ("input_tokens", "output_tokens") if fields.get(name) is None]
    gauge = Gauge(call["model"]) if missing else None
    if "input_tokens" in missing:
        fields["estimated_input_tokens"] = gauge.input_tokens_of(
            call["input_characters"] or 0, otherwise=call["reserved_input_tokens"] or 0
        )
    if "output_tokens" in missing:
        fields["estimated_output_tokens"] = gauge.output_tokens(*written)
    price = prices.price_of(call["model"], call["created_at"])
    return {**fields, **prices.cost_fields(price, fields)}
