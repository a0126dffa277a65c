"""Calendar of usage accounting: dates, weeks and months in the site's time zone (TIME_ZONE)."""

from datetime import date, datetime, time, timedelta

from django.utils import timezone

DAY, WEEK, MONTH = "day", "week", "month"
ONE_DAY = timedelta(days=1)


def today():
    """Return today's date in the site's time zone (TIME_ZONE)."""
    return day_of(timezone.now())


def day_of(moment):
    """Return the date, in the site's time zone, of `moment` (an aware datetime)."""
    return timezone.localdate(moment, timezone.get_default_timezone())


def start_of(day, zone=None):
    """Return the aware datetime at which the date `day` begins in `zone` (None: the site's time
    zone)."""
    return datetime.combine(day, time.min, zone or timezone.get_default_timezone())


def first_day(period, day):
    """Return the first date of the day, week (from Monday) or month that contains the date `day`;
    `period` is DAY, WEEK or MONTH."""
    if period == WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if period == MONTH else day


def next_first_day(period, day):
    """Return the first date of the day, week or month that follows the one with the date `day` in
    it; `period` is DAY, WEEK or MONTH."""
    start = first_day(period, day)
    if period == MONTH:
        return date(start.year + start.month // 12, start.month % 12 + 1, 1)
    return start + timedelta(days=7 if period == WEEK else 1)
