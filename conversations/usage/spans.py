"""Spans: splits a range of dates into the fewest days, weeks and months that sums are stored
for."""

from collections import deque

from conversations.usage import calendar


def cover(first, last, periods):
    """Return the fewest days, weeks and months that make up the dates from `first` to `last` (both
    included), as two dicts of `{period: [first dates]}`: sums to add, and sums to subtract (January
    without its last day is two sums instead of thirty).

    `periods` are those that sums are stored for, from "day", "week" and "month"; "day" must be one.
    """
    end = calendar.next_first_day(calendar.DAY, last)
    came_from = _walk(first, end, periods)
    added = {period: [] for period in periods}
    subtracted = {period: [] for period in periods}
    at = end
    while at != first:
        before, period = came_from[at]
        if before < at:
            added[period].append(before)
        else:
            subtracted[period].append(at)
        at = before
    return added, subtracted


def _walk(first, end, periods):
    """Search breadth-first from the date `first` to the date `end` in steps of `periods`, forwards
    or back. Return `{date reached: (date from which the step led there, period of the step)}`, with
    None for `first`."""
    least = min(calendar.first_day(period, first) for period in periods)
    most = max(calendar.next_first_day(period, end) for period in periods)
    came_from = {first: None}
    waiting = deque([first])
    while end not in came_from:
        at = waiting.popleft()
        for period in periods:
            if calendar.first_day(period, at) != at:
                continue
            before = calendar.first_day(period, at - calendar.ONE_DAY)
            for there in (calendar.next_first_day(period, at), before):
                if least <= there <= most and there not in came_from:
                    came_from[there] = (at, period)
                    waiting.append(there)
    return came_from
