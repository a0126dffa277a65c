"""Logs: one line each, with the id of the request that caused it.

The id is also on the error pages, so that a person can quote it. No message text and no key is
ever logged; what outsiders send is stripped of line breaks and control characters.
"""

import contextvars
import logging
import re

from conversations.database.outage import brief, is_outage

request_id = contextvars.ContextVar("request_id", default="-")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class RequestIdFilter(logging.Filter):
    """Puts the id of the current request on every record."""

    def filter(self, record):
        record.request_id = request_id.get()
        return True


class OutageFilter(logging.Filter):
    """Makes one line of what an outage of the database makes fail: each request would else leave
    a traceback that says no more."""

    def filter(self, record):
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and is_outage(error):
            record.msg = f"{record.getMessage()} ({type(error).__name__}: {brief(error)})"
            record.args, record.exc_info, record.exc_text = (), None, None
        return True


class LineFormatter(logging.Formatter):
    """`time LEVEL logger request message`, a traceback only for what we did not expect."""

    def __init__(self):
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")

    def formatMessage(self, record):
        return _CONTROL.sub(" ", super().formatMessage(record))
