"""Settlement: computes tokens, charges for tools, prices and cost of a Response (a call of the
model gateway) when it ends."""

from dataclasses import dataclass, field
from decimal import Decimal

from conversations.models import Response
from conversations.models.response import REPORTED_TOKENS
from conversations.usage import prices
from conversations.usage.charges import charges_of
from conversations.usage.rollup import COLUMNS
from conversations.usage.token_estimate import Gauge
from conversations.usage.tool_uses import number_of, uses_of

Source = Response.UsageSource

# Columns of the Response, as they are before it ends, that `settle` needs.
BEFORE = ("id", *COLUMNS, "reserved_input_tokens")
# Status of a Response that was ended before the gateway could report all that it had done.
BROKE_OFF = (Response.Status.CANCELLED, Response.Status.INTERRUPTED)
# More tokens than any call has: a gateway that reports them is not believed.
LARGEST = 1_000_000_000


@dataclass(frozen=True)
class Settlement:
    """Result of `settle`: `columns` is a dict of the columns to write to the Response's row,
    `charges` the list of its Charges (uses of tools that cost money), not stored yet."""

    columns: dict
    charges: list = field(default_factory=list)


def settle(call, ending, *written, items=None):
    """Compute what an ending Response (a call of the model gateway) has used and cost; return it as
    a Settlement. Nothing is stored.

    `call` maps the names in BEFORE to the stored values of the Response. `ending` is a dict of the
    columns that its end sets, with `usage_source` and, as far as the gateway reported them, tokens.
    `written` are the texts received, by which unreported tokens of output are estimated. `items`
    are the items of the answer (dicts as in the API; None for plain text), in which the uses of
    tools are counted that the gateway did not report.
    """
    fields = {**ending, "output_characters": sum(map(len, written))}
    if any((fields.get(name) or 0) > LARGEST for name in REPORTED_TOKENS):
        fields.update(dict.fromkeys(REPORTED_TOKENS), usage_source=Source.ESTIMATED)
    if fields["usage_source"] == Source.NONE:
        return Settlement({**fields, "cost": Decimal(0)})
    missing = [name for name in ("input_tokens", "output_tokens") if fields.get(name) is None]
    gauge = Gauge(call["model"]) if missing else None
    if "input_tokens" in missing:
        fields["estimated_input_tokens"] = gauge.input_tokens_of(
            call["input_characters"] or 0, otherwise=call["reserved_input_tokens"] or 0
        )
    if "output_tokens" in missing:
        fields["estimated_output_tokens"] = gauge.output_tokens(*written)
    broke_off = fields.get("status") in BROKE_OFF
    uses = uses_of(fields.get("tool_usage"), items, broke_off=broke_off)
    fields["tool_uses"] = number_of(uses, items, broke_off=broke_off)
    charges = charges_of(call, uses)
    tier = fields.get("service_tier") or ""
    price = prices.price_of(call["model"], call["created_at"], tier)
    return Settlement({**fields, **prices.cost_fields(price, fields, charges)}, charges)
