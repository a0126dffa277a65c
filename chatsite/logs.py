"""Logs: one line each, with the id of the request that caused it.

The id is also on the error pages, so that a person can quote it. No message text and no key is
ever logged; what outsiders send is stripped of line breaks and control characters.
"""

import contextvars
import logging
import re

request_id = contextvars.ContextVar("request_id", default="-")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class RequestIdFilter(logging.Filter):
    """Puts the id of the current request on every record."""

    def filter(self, record):
        record.request_id = request_id.get()
        return True


class LineFormatter(logging.Formatter):
    """`time LEVEL logger request message`, a traceback only for what we did not expect."""

    def __init__(self):
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")

    def formatMessage(self, record):
        return _CONTROL.sub(" ", super().formatMessage(record))
