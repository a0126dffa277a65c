"""Logging filters and a formatter: one line each, with the id of the HTTP request that caused it.

The id is also on the error pages, so that a person can quote it. No message text and no key is ever
logged; what outsiders send is stripped of line breaks and control characters.
"""

import contextvars
import logging
import math
import re
import time

from conversations.database.outage import brief, is_outage, sentence

request_id = contextvars.ContextVar("request_id", default="-")
_TOKENS = re.compile(r"(/(?:password/reset/key|confirm-email|shared|invitation)/)[^\s/?]{2,}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class RequestIdFilter(logging.Filter):
    """Logging filter that sets `request_id` on each record without one: the current request's id.

    A task that goes on after its request, such as one that writes a reply, sets it with `extra`.
    """

    def filter(self, record):
        """Set `request_id` on `record` and return True."""
        if not hasattr(record, "request_id"):
            record.request_id = request_id.get()
        return True


class OutageFilter(logging.Filter):
    """Logging filter that replaces the traceback of an error by one line if the error means that
    the database is unavailable: every request would else log a traceback that says no more."""

    def filter(self, record):
        """Replace the traceback of `record` (a LogRecord) by one line if the database is
        unavailable, and set its attribute `outage` to the sentence for people; return True, so that
        it is logged."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and is_outage(error):
            record.outage = sentence(error)
            record.msg = f"{record.getMessage()} ({record.outage}: {brief(error)})"
            record.args, record.exc_info, record.exc_text = (), None, None
        return True


class LevelFilter(logging.Filter):
    """Logging filter that lowers ERROR to WARNING in Django's log lines about responses with
    status 503, which the site gives on purpose while it is full, shuts down or waits for its
    database. It removes the traceback from those about a request that was refused (400 to 499),
    which anybody may have logged as often as they like."""

    def filter(self, record):
        """Lower the level of `record` (a LogRecord) if it is about a 503, and remove its traceback
        if it is about a 4xx; return True, so that it is logged."""
        status = getattr(record, "status_code", 0)
        if status == 503 and record.levelno == logging.ERROR:
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        if 400 <= status < 500:
            record.exc_info, record.exc_text = None, None
        return True


class TokenFilter(logging.Filter):
    """Logging filter that replaces secret tokens in URLs (password reset, confirmation of an
    address, shared conversation, invitation) by "…", since whoever has such a link needs no
    password.

    It also removes the request from the record, since its URL may contain words that somebody
    searched for.
    """

    def filter(self, record):
        """Remove tokens and the request from `record` (a LogRecord); return True, so that it is
        logged."""
        message = record.getMessage()
        if _TOKENS.search(message):
            record.msg, record.args = _TOKENS.sub(r"\1…", message), ()
        # Django adds the request, whose representation has the whole address; in JSON it would be
        # written.
        record.__dict__.pop("request", None)
        return True


class RepeatFilter(logging.Filter):
    """Logging filter that passes a repeated warning once in PAUSE seconds, with the number of
    those that were left out since.

    It is for warnings that no request caused, and for outages of the database, which every request
    would report; other lines pass always, since a person may quote their request id.
    """

    PAUSE = 60  # seconds
    MOST = 500  # different lines that are remembered

    def __init__(self):
        super().__init__()
        self._last = {}

    def filter(self, record):
        """Return False if `record` (a LogRecord) repeats a line of the last PAUSE seconds and is to
        be left out; else True, with the number of lines left out added to its message."""
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
    """Formats a record as `time LEVEL logger [request id] message`, without control characters."""

    def __init__(self):
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")

    def formatMessage(self, record):
        """Return the line of `record` (a LogRecord), with one blank in place of each run of control
        characters and line breaks."""
        return _CONTROL.sub(" ", super().formatMessage(record))
