"""Missing costs: computes the cost of Responses whose prices were entered after they had ended."""

from collections import Counter, defaultdict

from django.db import transaction
from django.db.models import Q

from conversations.database.statements import moment, rows
from conversations.models import Charge, Price, Response, ToolPrice
from conversations.usage import calendar, prices, rollup
from conversations.usage.charges import enter_price
from conversations.usage.consistency_check import FINAL

BATCH = 200
RECENT = 50
CHARGED = (Response.UsageSource.REPORTED, Response.UsageSource.ESTIMATED)


def fill_costs(since, size=BATCH):
    """Compute and store the cost of each ended Response without one, created from the date `since`
    on, by the prices that were valid when it was created. `size` is the number of Responses per
    transaction.

    A Response gets its cost if every part of it has a price: tokens of each kind, in its service
    tier, and each charge. Else it stays without one, and `missing_prices` says what is missing now.
    Return `(number of Responses that got a cost, Counter of the others by (model name,
    missing_prices))`.
    """
    offered = list(Price.objects.all())
    tools = list(ToolPrice.objects.all())
    unpriced = Counter()
    priced = 0
    for calls in _batches(since, size):
        charges = _charges_of(calls)
        batch = []
        for call in calls:
            own = charges[call["pk"]]
            price = prices.choose(
                offered, call["model"], call["created_at"], tier=call["service_tier"]
            )
            _enter_tool_prices(call, own, tools)
            fields = prices.cost_fields(price, call, own)
            if fields["cost"] is None:
                unpriced[call["model"], fields["missing_prices"]] += 1
                own = []
            batch.append((call, fields, own))
        priced += _enter(batch)
    return priced, unpriced


def missing_prices(model, since, until):
    """Return a sorted list of what has no price (such as a kind of tokens or a tool, as in
    Response.missing_prices) in calls of the language model named `model` from the date `since` to
    the date `until`. Only the newest RECENT of such calls are looked at, so that it is fast."""
    first, end = map(calendar.start_of, (since, until + calendar.ONE_DAY))
    found = rows(_RECENT_MISSING, model, moment(first), moment(end), RECENT)
    return sorted({name for (missing,) in found for name in missing.split(", ")})


# As in the condition of the index: SQLite does not use one for parameters.
_RECENT_MISSING = """
SELECT missing_prices FROM conversations_response
WHERE NOT (missing_prices = '') AND model = %s AND created_at >= %s AND created_at < %s
ORDER BY created_at DESC LIMIT %s
"""


def _batches(since, size):
    """Yield lists of at most `size` Responses without a cost that were created from the date
    `since` on, oldest first, each as a dict of columns."""
    missing = Response.objects.filter(
        status__in=FINAL, usage_source__in=CHARGED, cost=None
    ).order_by("created_at", "pk")
    rest = missing.filter(created_at__gte=calendar.start_of(since))
    columns = ("pk", "service_tier", "missing_prices", *rollup.COLUMNS)
    while calls := list(rest.values(*columns)[:size]):
        yield calls
        last = calls[-1]
        rest = missing.filter(
            Q(created_at__gt=last["created_at"])
            | Q(created_at=last["created_at"], pk__gt=last["pk"])
        )


def _charges_of(calls):
    """Return `{id of a Response: [its Charges]}` for `calls` (dicts of columns of Responses)."""
    found = defaultdict(list)
    for charge in Charge.objects.filter(response__in=[call["pk"] for call in calls]):
        found[charge.response_id].append(charge)
    return found


def _enter_tool_prices(call, charges, offered):
    """Set unit price and amount of those of `charges` (of the Response with the columns `call`, a
    dict) that have none and that a ToolPrice of `offered` (all there are) applies to. Nothing is
    saved."""
    without = [charge for charge in charges if charge.amount is None]
    if without:
        known = prices.choose_tools(offered, call["model"], call["created_at"])
        for charge in without:
            enter_price(charge, known.get(charge.kind))


def _enter(batch):
    """Write costs to Responses, Charges and usage sums in one transaction. `batch` is a list of
    `(columns before, columns to write, Charges to save)`, one for each Response; if the cost to
    write is None, only `missing_prices` is written.

    Return the number of Responses that got a cost; one that has got a cost meanwhile is left as it
    is.
    """
    changes = []
    priced = []
    with transaction.atomic():
        for call, fields, charges in batch:
            still_missing = Response.objects.filter(pk=call["pk"], cost=None)
            if fields["cost"] is None:
                if fields["missing_prices"] != call["missing_prices"]:
                    still_missing.update(missing_prices=fields["missing_prices"])
            elif still_missing.update(**fields):
                changes.append((rollup.key_of(call), _difference(call, fields)))
                priced += charges
        Charge.objects.bulk_update(priced, ["unit_price", "amount"])
        rollup.add(changes)
    return len(changes)


def _difference(call, fields):
    """Return `{measure: number to add to the usage sums}` for a Response with the columns `call` (a
    dict), of which those in the dict `fields` get new values."""
    before, after = rollup.measure(call), rollup.measure({**call, **fields})
    return {
        name: after.get(name, 0) - before.get(name, 0)
        for name in before.keys() | after.keys()
        if after.get(name, 0) != before.get(name, 0)
    }
