"""Histograms: median and percentiles of durations from counts by bucket."""

from conversations.models.usage_day import (
    FIRST_TOKEN,
    FIRST_TOKEN_EDGES,
    TOTAL_TIME,
    TOTAL_TIME_EDGES,
)


def percentile(counts, edges, share):
    """The percentile of a histogram: the value that the share `share` (0 to 1) of what was counted
    does not exceed; None where nothing was counted.

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


# The times that are shown: by their names the counts, their edges, and the share.
TIMES = {
    "first_token_median": (FIRST_TOKEN, FIRST_TOKEN_EDGES, 0.5),
    "first_token_p95": (FIRST_TOKEN, FIRST_TOKEN_EDGES, 0.95),
    "total_time_median": (TOTAL_TIME, TOTAL_TIME_EDGES, 0.5),
    "total_time_p95": (TOTAL_TIME, TOTAL_TIME_EDGES, 0.95),
}


def time_of(sums, name):
    """One of TIMES, such as "first_token_median", in seconds or None; `sums` maps measures."""
    counts, edges, share = TIMES[name]
    return percentile([sums.get(count, 0) for count in counts], edges, share)


def times(sums):
    """All of TIMES in their order, in seconds or None; `sums` maps measures."""
    return tuple(time_of(sums, name) for name in TIMES)
