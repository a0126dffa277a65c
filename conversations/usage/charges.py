"""Charges of a call: made from the use of tools, priced, and stored with the end of the call."""

from decimal import Decimal

from conversations.models import Charge
from conversations.usage import prices


def charges_of(call, uses):
    """Return a list of the Charges (uses of tools that cost money) of a model call, not stored yet,
    with the prices valid when it was made.

    `call` is a mapping with the columns `id`, `model` and `created_at` of the Response; `uses` are
    the uses of tools, a list of `tool_uses.Use`.
    """
    offered = prices.tool_prices([use.kind for use in uses], call["model"], call["created_at"])
    charges = [Charge(response_id=call["id"], **use._asdict()) for use in uses]
    for charge in charges:
        enter_price(charge, offered.get(charge.kind))
    return charges


def enter_price(charge, price):
    """Set the unit price and the amount of the Charge `charge` by `price`, a ToolPrice; with None
    they stay as they are."""
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
    in the transaction that replaces the Response's end."""
    Charge.objects.filter(response_id=response_id).delete()
    store_charges(charges)
