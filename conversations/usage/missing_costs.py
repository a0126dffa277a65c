"""Costs that were missing, because the price came later than the call."""

from collections import Counter

from django.db import transaction
from django.db.models import Q

from conversations.models import Price, Response
from conversations.usage import calendar, prices, rollup
from conversations.usage.consistency_check import FINAL

BATCH = 200
CHARGED = (Response.UsageSource.REPORTED, Response.UsageSource.ESTIMATED)


def fill_costs(since, size=BATCH):
    """Give each ended call from the date `since` on that has no cost the price of its time.

    Entered `size` at a time. Returns how many got one, and a Counter of the models of those
    that still have none.
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
    """The calls without a cost, oldest first, as lists of mappings."""
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
    """Write costs to Responses and sums, in one transaction. How many had none till then."""
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
