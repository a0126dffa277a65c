"""Median and percentiles from the counts of buckets."""

from conversations.models.usage_day import (
    FIRST_TOKEN,
    FIRST_TOKEN_EDGES,
    TOTAL_TIME,
    TOTAL_TIME_EDGES,
)


def percentile(counts, edges, share):
    """The value that `share` (0 to 1) of what was counted does not exceed; None for nothing.

    `counts` has one number for each of `edges` (upper ends) and one for what lies above them;
    within a bucket values count as evenly spread, above the last edge as being there.
    """
    total = sum(counts)
    if not total:
        return None
    rest = share * total
    lower = 0
    for count, upper in zip(counts, edges, strict=False):
        if count and rest <= count:
            return lower + (upper - lower) * rest / count
        rest -= count
        lower = upper
    return edges[-1]


def times(sums):
    """`(first token median, its p95, total median, its p95)` in seconds from a mapping of sums."""
    first = [sums.get(name, 0) for name in FIRST_TOKEN]
    total = [sums.get(name, 0) for name in TOTAL_TIME]
    return (
        percentile(first, FIRST_TOKEN_EDGES, 0.5),
        percentile(first, FIRST_TOKEN_EDGES, 0.95),
        percentile(total, TOTAL_TIME_EDGES, 0.5),
        percentile(total, TOTAL_TIME_EDGES, 0.95),
    )
