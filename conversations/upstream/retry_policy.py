"""When a call to the gateway is made again, and after how long."""

import random

from .events import Failed

ATTEMPTS = 3
REPEATED_STATUSES = {429, 502, 503, 504}
# A gateway that wants us to wait longer is not waited for.
LONGEST_PAUSE = 20.0
FIRST_PAUSE = 0.5


def pause_before_retry(failed: Failed, number: int) -> float | None:
    """Return the seconds to wait after attempt `number` failed; None if there must be no other.

    Only a call that certainly did no work is made again: no connection, an overloaded gateway, too
    many requests. The pause is the gateway's own `retry_after`, or doubles from half a second.
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
    # So that those refused together do not come back together.
    return pause + random.uniform(0, 0.25)  # noqa: S311
