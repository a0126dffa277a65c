"""Charges of a call: made from the use of tools, priced, and stored with the end of the call."""

from decimal import Decimal

from conversations.models import Charge
from conversations.usage import prices
from conversations.usage.tool_uses import uses_of


def charges_of(call, tool_usage, items):
    """Return the Charges of a call, not stored yet, with the prices of their time.

    `call` is a mapping with the Response's `id`, `model` and `created_at`, `tool_usage` its column
    of that name, `items` are the answer's items as dicts of the API.
    """
    uses = uses_of(tool_usage, items)
    offered = prices.tool_prices([use.kind for use in uses], call["model"], call["created_at"])
    charges = [Charge(response_id=call["id"], **use._asdict()) for use in uses]
    for charge in charges:
        enter_price(charge, offered.get(charge.kind))
    return charges


def enter_price(charge, price):
    """Set unit price and amount of the Charge by `price`, a ToolPrice; None leaves them as they
    are."""
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
