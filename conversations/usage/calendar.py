"""Calendar days, weeks and months of the books, in the site's time zone (TIME_ZONE)."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone

DAY, WEEK, MONTH = "day", "week", "month"
ONE_DAY = timedelta(days=1)


def today():
    """The date in the site's zone."""
    return day_of(timezone.now())


def day_of(moment):
    """The date of an aware `moment` in the site's zone."""
    return timezone.localdate(moment, timezone.get_default_timezone())


def start_of(day, zone=None):
    """The first moment of `day` as an aware datetime; `zone` is the site's unless given."""
    return datetime.combine(day, time.min, zone or timezone.get_default_timezone())


def first_day(period, day):
    """The first date of the `period` ("day", "week" from Monday, "month") that `day` is in."""
    if period == WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if period == MONTH else day


def next_first_day(period, day):
    """The first date of the period after the one that `day` is in."""
    start = first_day(period, day)
    if period == MONTH:
        return date(start.year + start.month // 12, start.month % 12 + 1, 1)
    return start + timedelta(days=7 if period == WEEK else 1)
