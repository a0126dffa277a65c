"""Heads of the access log outside of the database, and the comparison with them.

A chain of hashes proves that nothing was changed in between. Whoever owns the database can still
cut off the last rows and set the head back, or write the whole chain anew. That shows only against
heads that were written elsewhere before: each hour one goes to the server's log, and each act's
number and hash too (`conversations.review.record_access`).
"""

import logging
import re
import time

from django.core.cache import cache

from conversations.models import AccessLogHead, ReviewAccess

logger = logging.getLogger("conversations.review")

HOUR = 3_600  # seconds
HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})")
# Lines of the server's log: the hourly head, and the copy of an act.
_IN_LOG = re.compile(
    r"access log head (\d{1,18}):([0-9a-f]{64})"
    r"|access (\d{1,18}): [^\n]*?hash ([0-9a-f]{64})"
)
# Heads that are looked up by one query.
_AT_ONCE = 500


def log_each_hour():
    """Write the present head to the log at level INFO, once an hour, by the first process that
    asks: the cache, which lies in the database, is what processes and machines share."""
    key = f"access-log-head-{int(time.time() // HOUR)}"
    if cache.get(key) is None and cache.add(key, True, 2 * HOUR):
        logger.info("access log head %s", AccessLogHead.current())


def read_head(text):
    """`(number, hash)` of a head as `--head` prints it, like `12:9f86d0…`; (0, "") of an empty
    log's. Raises ValueError for anything else."""
    if text.strip() == "0:":
        return 0, ""
    match = HEAD.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    return int(match[1]), match[2]


def heads_in(lines):
    """Each head in `lines`, as `(number, hash)`: lines that are nothing but a head, and those of a
    server's log, plain or JSON. Other lines are passed over."""
    for line in lines:
        if match := HEAD.fullmatch(line.strip()):
            yield int(match[1]), match[2]
        elif match := _IN_LOG.search(line):
            yield int(match[1] or match[3]), match[2] or match[4]


def contradicted(heads):
    """`(number, "changed" or "missing")` for each of `heads`, an iterable of `(number, hash)`,
    that the log no longer bears out: the row has another hash now, or is not there."""
    heads = [head for head in heads if head[0]]
    for first in range(0, len(heads), _AT_ONCE):
        some = heads[first : first + _AT_ONCE]
        rows = ReviewAccess.objects.filter(number__in={number for number, _hash in some})
        hashes = dict(rows.values_list("number", "hash"))
        for number, hash in some:
            if number not in hashes:
                yield number, "missing"
            elif hashes[number] != hash:
                yield number, "changed"
