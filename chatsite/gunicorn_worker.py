"""gunicorn's ASGI worker, with time limits for clients that send no request or read no answer.

gunicorn ends a connection that is idle between two requests (`keepalive`) and a body that stalls
(`timeout`), but neither one that never sends its first request nor one that never reads its answer.
"""

from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers import gasgi

# Seconds from the start of a connection until the headers of its first request are there.
FIRST_REQUEST = 20
# Seconds that a client may leave what was sent to it unread, once its socket's buffer is full.
UNREAD = 60


class TimedProtocol(ASGIProtocol):
    """The protocol of one HTTP connection, which aborts it without an answer if its first request
    has not come in FIRST_REQUEST seconds, or if the client reads nothing for UNREAD seconds."""

    _first_request_timer = None
    _unread_timer = None

    def connection_made(self, transport):
        """Handle a new connection (`transport` is asyncio's): start the timer for its first
        request."""
        super().connection_made(transport)
        self._first_request_timer = self.worker.loop.call_later(
            FIRST_REQUEST, self._abort_without_request
        )

    def _abort_without_request(self):
        """Abort the connection if its first request has not come yet."""
        if self._awaiting_request and self.req_count == 1:
            self.transport.abort()

    def pause_writing(self):
        """Stop writing, since the client reads too slowly, and start the timer that aborts the
        connection."""
        super().pause_writing()
        if self._unread_timer is None:
            self._unread_timer = self.worker.loop.call_later(UNREAD, self.transport.abort)

    def resume_writing(self):
        """Go on writing, since the client has read, and stop the timer."""
        super().resume_writing()
        self._cancel_unread_timer()

    def connection_lost(self, exc):
        """Stop the timers of a connection that has ended; `exc` is the error, or None."""
        self._first_request_timer.cancel()
        self._cancel_unread_timer()
        super().connection_lost(exc)

    def _cancel_unread_timer(self):
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None


# There is no setting for the class of a connection; the worker looks this name up when it starts.
gasgi.ASGIProtocol = TimedProtocol


class Worker(gasgi.ASGIWorker):
    """gunicorn's ASGI worker with TimedProtocol connections, for the setting `worker_class`."""
