"""Heads of the access log: a head is the number and hash of its newest row. This module writes
heads to the server's log, and compares those kept elsewhere with the database.

The rows form a chain of hashes, which proves that none in between was changed. Whoever owns the
database can still delete the last rows, or write the whole chain anew. Only heads kept elsewhere
show that: one is written to the server's log each hour, and number and hash of each new row too
(`conversations.review.record_access`).
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
    """Write the present head of the access log to the server's log at level INFO, once an hour for
    all processes and machines together, which share the cache in the database. Call it often;
    further calls within the hour do nothing."""
    key = f"access-log-head-{int(time.time() // HOUR)}"
    if cache.get(key) is None and cache.add(key, True, 2 * HOUR):
        logger.info("access log head %s", AccessLogHead.current())


def read_head(text):
    """Parse `text`, the head (number and hash of the newest row) of the access log such as
    "12:9f86d0…", and return `(number, hash)`. "0:", the head of an empty log, gives `(0, "")`.
    Raise ValueError for anything else."""
    if text.strip() == "0:":
        return 0, ""
    match = HEAD.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    return int(match[1]), match[2]


def heads_in(lines):
    """Yield `(number, hash)` for each head of the access log found in `lines` (an iterable of
    text): lines with nothing but a head, and those that this site writes to the server's log, plain
    or as JSON. Other lines are skipped."""
    for line in lines:
        if match := HEAD.fullmatch(line.strip()):
            yield int(match[1]), match[2]
        elif match := _IN_LOG.search(line):
            yield int(match[1] or match[3]), match[2] or match[4]


def contradicted(heads):
    """Compare `heads`, an iterable of `(number, hash)` of rows kept outside of the database, with
    the access log. Yield `(number, "changed")` for each row that has another hash now, and
    `(number, "missing")` for each that is no longer there; nothing if all agree."""
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
