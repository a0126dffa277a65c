"""Retry policy: which failed calls to the gateway are repeated, and after how many seconds."""

import random

from .events import Failed

ATTEMPTS = 3
REPEATED_STATUSES = {429, 502, 503, 504}
# Seconds; if a gateway asks to wait longer, the call is not repeated.
LONGEST_PAUSE = 20.0
FIRST_PAUSE = 0.5


def pause_before_retry(failed: Failed, number: int) -> float | None:
    """Return the seconds to wait before the next attempt, None if the call must not be repeated.

    `failed` is the Failed event of attempt `number` (from 1). Repeated is only a call that did no
    work: no connection, too many requests, or status 502 to 504. The pause is the gateway's
    `retry_after` (above LONGEST_PAUSE the call is not repeated), else FIRST_PAUSE with exponential
    back-off (doubled after each attempt); both with random jitter.
    """
    if failed.http_status is None:
        repeated = not failed.sent and failed.code in ("connect", "timeout_connect")
    elif failed.http_status < 400:
        # Some say 429 in the first event of a stream.
        repeated = failed.code == "rate_limited"
    else:
        repeated = failed.http_status in REPEATED_STATUSES and failed.code != "quota"
    if not repeated:
        return None
    pause = failed.retry_after
    if pause is None:
        pause = FIRST_PAUSE * 2 ** (number - 1) * random.uniform(0.5, 1)  # noqa: S311
    elif pause > LONGEST_PAUSE:
        return None
    # At random, so that calls refused together are not repeated together.
    return pause + random.uniform(0, 0.25)  # noqa: S311
