"""Logs: one line each, with the id of the request that caused it.

The id is also on the error pages, so that a person can quote it. No message text and no key is
ever logged; what outsiders send is stripped of line breaks and control characters.
"""

import contextvars
import logging
import math
import re
import time

from conversations.database.outage import brief, is_outage, sentence

request_id = contextvars.ContextVar("request_id", default="-")
_TOKENS = re.compile(r"(/(?:password/reset/key|confirm-email|shared)/)[^\s/?]{2,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class RequestIdFilter(logging.Filter):
    """Puts the id of the current request on every record that has none yet.

    A task that goes on after its request, as a reply does, gives it with `extra`.
    """

    def filter(self, record):
        if not hasattr(record, "request_id"):
            record.request_id = request_id.get()
        return True


class OutageFilter(logging.Filter):
    """Makes one line of what an outage of the database makes fail: each request would else leave
    a traceback that says no more."""

    def filter(self, record):
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and is_outage(error):
            record.outage = sentence(error)
            record.msg = f"{record.getMessage()} ({record.outage}: {brief(error)})"
            record.args, record.exc_info, record.exc_text = (), None, None
        return True


class LevelFilter(logging.Filter):
    """Lowers to WARNING what Django logs as ERROR and we answered on purpose: 503 while the site is
    full, drains or waits for its database, with a sentence and Retry-After."""

    def filter(self, record):
        if getattr(record, "status_code", None) == 503 and record.levelno == logging.ERROR:
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


class TokenFilter(logging.Filter):
    """Takes tokens out of addresses, since who has one of those links needs no password, and the
    query with the words that were searched for."""

    def filter(self, record):
        message = record.getMessage()
        if _TOKENS.search(message):
            record.msg, record.args = _TOKENS.sub(r"\1…", message), ()
        # Django adds the request, whose representation has the whole address; in JSON it would be
        # written.
        record.__dict__.pop("request", None)
        return True


class RepeatFilter(logging.Filter):
    """Lets a warning that repeats itself through once in PAUSE seconds, with the number of those
    that were left out.

    Only what no request caused, and outages of the database, which every request would report: a
    person may quote the id of any other line.
    """

    PAUSE = 60  # seconds
    MOST = 500  # different lines that are remembered

    def __init__(self):
        super().__init__()
        self._last = {}

    def filter(self, record):
        outage = getattr(record, "outage", None)
        if record.levelno < logging.WARNING or (record.request_id != "-" and not outage):
            return True
        key = (record.name, record.levelno, outage or record.getMessage())
        at, left_out = self._last.get(key, (-math.inf, 0))
        now = time.monotonic()
        if now - at < self.PAUSE:
            self._last[key] = (at, left_out + 1)
            return False
        if len(self._last) >= self.MOST:
            self._last.clear()
        self._last[key] = (now, 0)
        if left_out:
            record.msg, record.args = f"{record.getMessage()} ({left_out} more like it)", ()
        return True


class LineFormatter(logging.Formatter):
    """`time LEVEL logger request message`, a traceback only for what we did not expect."""

    def __init__(self):
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")

    def formatMessage(self, record):
        return _CONTROL.sub(" ", super().formatMessage(record))
