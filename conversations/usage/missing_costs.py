"""Missing costs: priced afterwards, where a Price was entered later than the Response ended."""

from collections import Counter

from django.db import transaction
from django.db.models import Q

from conversations.models import Price, Response
from conversations.usage import calendar, prices, rollup
from conversations.usage.consistency_check import FINAL

BATCH = 200
CHARGED = (Response.UsageSource.REPORTED, Response.UsageSource.ESTIMATED)


def fill_costs(since, size=BATCH):
    """Give each ended Response without a cost, from the date `since` on, the price of its time.

    Written in transactions of `size` Responses. Returns how many got a cost, and a Counter of the
    models of those that still have none.
    """
    offered = list(Price.objects.all())
    unpriced = Counter()
    priced = 0
    for calls in _batches(since, size):
        batch = []
        for call in calls:
            price = prices.choose(offered, call["model"], call["created_at"])
            if price is None:
                unpriced[call["model"]] += 1
            else:
                batch.append((call, prices.cost_fields(price, call)))
        priced += _enter(batch)
    return priced, unpriced


def _batches(since, size):
    """Yield lists of up to `size` Responses without a cost, oldest first, as mappings."""
    missing = Response.objects.filter(
        status__in=FINAL, usage_source__in=CHARGED, cost=None
    ).order_by("created_at", "pk")
    rest = missing.filter(created_at__gte=calendar.start_of(since))
    while calls := list(rest.values("pk", *rollup.COLUMNS)[:size]):
        yield calls
        last = calls[-1]
        rest = missing.filter(
            Q(created_at__gt=last["created_at"])
            | Q(created_at=last["created_at"], pk__gt=last["pk"])
        )


def _enter(batch):
    """Write the costs of a batch to Responses and sums in one transaction. Returns how many
    Responses still had none."""
    changes = []
    with transaction.atomic():
        for call, fields in batch:
            if Response.objects.filter(pk=call["pk"], cost=None).update(**fields):
                changes.append((rollup.key_of(call), _difference(call, fields)))
        rollup.add(changes)
    return len(changes)


def _difference(call, fields):
    before, after = rollup.measure(call), rollup.measure({**call, **fields})
    return {
        name: after.get(name, 0) - before.get(name, 0)
        for name in before.keys() | after.keys()
        if after.get(name, 0) != before.get(name, 0)
    }
