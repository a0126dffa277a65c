"""Spans: a range of dates as the fewest days, weeks and months that sums are kept for."""

from collections import deque

from conversations.usage import calendar


def cover(first, last, periods):
    """The fewest spans that make up the dates from `first` to `last`, both included.

    `periods` are those that sums are kept for, "day" among them. Returns two mappings of a period
    to the first dates of its spans: those to add, and those to subtract (January without its last
    day is two sums instead of thirty).
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
    """A breadth-first search from `first` to `end` along spans, forwards or back: for each date
    that is reached the date it was reached from and the period between."""
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
