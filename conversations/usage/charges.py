"""Charges of a model call: made from its uses of tools, priced, and stored when the call ends."""

from decimal import Decimal

from conversations.models import Charge
from conversations.usage import prices


def charges_of(call, uses):
    """Return a list of Charges of a model call, not stored yet: one for each of `uses`, a list of
    `tool_uses.Use`, with the price valid when the call was made, or without unit price and amount
    if the tool had none.

    `call` is a mapping with the columns `id`, `model` and `created_at` of the Response.
    """
    offered = prices.tool_prices([use.kind for use in uses], call["model"], call["created_at"])
    charges = [Charge(response_id=call["id"], **use._asdict()) for use in uses]
    for charge in charges:
        enter_price(charge, offered.get(charge.kind))
    return charges


def enter_price(charge, price):
    """Set `unit_price` and `amount` (quantity times price) of the Charge `charge` by `price`, a
    ToolPrice; do nothing if `price` is None. Nothing is saved."""
    if price is not None:
        charge.unit_price = price.per_use
        charge.amount = prices.rounded(charge.quantity * Decimal(price.per_use))


def store_charges(charges):
    """Insert `charges`, a list of new Charges. Call it in the transaction that ends the
    Response."""
    if charges:
        Charge.objects.bulk_create(charges)


def replace_charges(response_id, charges):
    """Delete all Charges of the Response with this id and insert `charges` in their place. Call it
    in the transaction that ends the Response once more, after an earlier end."""
    Charge.objects.filter(response_id=response_id).delete()
    store_charges(charges)
