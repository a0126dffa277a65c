"""Histograms: median and percentiles of durations, estimated from the counts of buckets."""

from operator import itemgetter

from conversations.models.usage_day import (
    FIRST_TOKEN,
    FIRST_TOKEN_EDGES,
    TOTAL_TIME,
    TOTAL_TIME_EDGES,
)


def percentile(counts, edges, share):
    """Return the estimated value that the share `share` (0 to 1; 0.5 is the median) of all values
    does not exceed; None where nothing was counted.

    `edges` are the upper ends of the buckets, in ascending order (the first bucket begins at 0),
    `counts` the number of values in each bucket, and one more above the last edge. Within a bucket
    values count as evenly spread; those above the last edge count as equal to it.
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


# Percentiles that reports show: by name the measures with the counts, their edges, the share.
TIMES = {
    "first_token_median": (FIRST_TOKEN, FIRST_TOKEN_EDGES, 0.5),
    "first_token_p95": (FIRST_TOKEN, FIRST_TOKEN_EDGES, 0.95),
    "total_time_median": (TOTAL_TIME, TOTAL_TIME_EDGES, 0.5),
    "total_time_p95": (TOTAL_TIME, TOTAL_TIME_EDGES, 0.95),
}

# Quicker than a look-up of each count: a CSV file has these figures for each person.
_COUNTS_OF = {name: itemgetter(*counts) for name, (counts, _edges, _share) in TIMES.items()}


def time_of(sums, name):
    """Return one percentile in seconds, or None where nothing was counted: `name` is a key of TIMES
    such as "first_token_median", `sums` a mapping of measures to numbers (reports.Sums)."""
    _counts, edges, share = TIMES[name]
    return percentile(_COUNTS_OF[name](sums), edges, share)


def times(sums):
    """Return a tuple of all percentiles of TIMES in order, each in seconds or None; `sums` is a
    mapping of measures to numbers (reports.Sums)."""
    return tuple(time_of(sums, name) for name in TIMES)
