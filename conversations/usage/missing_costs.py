"""Missing costs: computes the cost of Responses whose Price was entered after they had ended."""

from collections import Counter

from django.db import transaction
from django.db.models import Q

from conversations.models import Price, Response
from conversations.usage import calendar, prices, rollup
from conversations.usage.consistency_check import FINAL

BATCH = 200
CHARGED = (Response.UsageSource.REPORTED, Response.UsageSource.ESTIMATED)


def fill_costs(since, size=BATCH):
    """Compute and store the cost of each ended Response without one, created from the date `since`
    on, by the Price that was valid when it was created. `size` is the number of Responses per
    transaction.

    Return `(number of Responses that got a cost, Counter of those without a Price by model name)`.
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
    """Yield lists of up to `size` Responses without a cost, oldest first, as dicts of columns."""
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
    """Write costs to Responses and usage sums in one transaction; `batch` has pairs of a Response's
    old columns and its new ones. Return the number of Responses written: those that still had no
    cost."""
    changes = []
    with transaction.atomic():
        for call, fields in batch:
            if Response.objects.filter(pk=call["pk"], cost=None).update(**fields):
                changes.append((rollup.key_of(call), _difference(call, fields)))
        rollup.add(changes)
    return len(changes)


def _difference(call, fields):
    """Return `{measure: number to add to the sums}` for a Response whose columns change by
    `fields`."""
    before, after = rollup.measure(call), rollup.measure({**call, **fields})
    return {
        name: after.get(name, 0) - before.get(name, 0)
        for name in before.keys() | after.keys()
        if after.get(name, 0) != before.get(name, 0)
    }
