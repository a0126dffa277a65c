"""gunicorn's ASGI worker, with limits for connections: of their number, and of the time in which a
client sends its request and reads its answer.

gunicorn ends a connection that is idle between two requests (`keepalive`) and a body that stalls
(`timeout`), but neither one that never sends its first request nor one that never reads its answer,
and it accepts as many connections as there are file descriptors.
"""

import contextlib
import ctypes
import fcntl
import resource
import socket
import struct
import termios

from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers import gasgi

from chatsite.client_network import network_of
from chatsite.connection_limit import SPARE, ConnectionLimit

# Bytes of an answer that the system may hold for a client that reads slowly, besides those on their
# way; by default some megabytes for each connection.
UNSENT = 131_072
M_ARENA_MAX = -8  # of malloc.h
FILES = 1_000  # that a worker has open besides its connections: of the database, replies, uploads


class TimedProtocol(ASGIProtocol):
    """Protocol of one HTTP connection, which aborts it without an answer if its first request has
    not come in FIRST_REQUEST seconds, or if the client reads nothing at all for UNREAD seconds.

    A connection beyond the worker's limit (`is_spare`, see ConnectionLimit) has SPARE_REQUEST
    seconds for its request, and is closed after the answer.
    """

    # Seconds from the start of a connection until the headers of its first request are there.
    FIRST_REQUEST = 20
    SPARE_REQUEST = 3
    # Seconds in which a client has to read something of what was sent to it, once its socket's
    # buffer is full; a slow one that reads on is not ended.
    UNREAD = 60

    is_spare = False
    address = "unknown"
    _first_request_timer = None
    _unread_timer = None
    _unread = None

    @property
    def is_idle(self):
        """True while the connection waits for a request, and its client has read all answers."""
        return not (
            self._request_ready.is_set()
            or self._finishing_calls
            or self.transport.get_write_buffer_size()
        )

    def connection_made(self, transport):
        """Handle a new connection (`transport` is asyncio's): count it, and start the timer for its
        first request."""
        peer = transport.get_extra_info("peername")
        if isinstance(peer, tuple):
            self.address = network_of(peer[0])
        super().connection_made(transport)
        self.worker.connections.add(self)
        seconds = self.SPARE_REQUEST if self.is_spare else self.FIRST_REQUEST
        self._first_request_timer = self.worker.loop.call_later(
            seconds, self._abort_without_request
        )

    def abort(self):
        """End the connection at once, without an answer."""
        self.transport.abort()

    def _abort_without_request(self):
        """Abort the connection if its first request has not come yet."""
        if self.req_count <= 1 and not self._request_ready.is_set():
            self.abort()

    def pause_writing(self):
        """Pause writing to the connection (asyncio calls it when the write buffer is full), and
        start the timer that aborts the connection if the client reads nothing."""
        super().pause_writing()
        self._watch_reading()

    def resume_writing(self):
        """Resume writing to the connection (asyncio calls it when the client has read most of the
        write buffer)."""
        super().resume_writing()
        if not self._closed:
            self._cancel_unread_timer()

    def connection_lost(self, exc):
        """Stop the timers of a connection that has ended, and count it no longer; `exc` is the
        error, or None."""
        self._first_request_timer.cancel()
        self._cancel_unread_timer()
        self.worker.connections.remove(self)
        super().connection_lost(exc)

    def _close_transport(self):
        """Close the connection after the client has read what was sent to it; abort it if the
        client stops reading."""
        super()._close_transport()
        if self.transport is not None and self.transport.get_write_buffer_size():
            self._watch_reading()

    def _will_close(self, request, response_requires_close):
        """Return True if the connection is to be closed after the answer to `request`: always for a
        spare one. `response_requires_close` is as in gunicorn's method."""
        return self.is_spare or super()._will_close(request, response_requires_close)

    def _build_http_scope(self, request, sockname, peername):
        """Return the ASGI scope that gunicorn's method makes of the same arguments; if the
        connection is beyond the worker's limit, with a key that says so, for which the request is
        answered with 503."""
        scope = super()._build_http_scope(request, sockname, peername)
        if self.is_spare:
            scope["chatsite.too_many_connections"] = True
        return scope

    def _watch_reading(self):
        """Start a timer, unless one runs, that aborts the connection if the client has read nothing
        UNREAD seconds from now."""
        if self._unread_timer is None:
            self._unread = self._bytes_unread()
            self._unread_timer = self.worker.loop.call_later(self.UNREAD, self._look)

    def _look(self):
        """Abort the connection if the client has read nothing since the timer was started; else
        start the timer again. Called when it has run out."""
        self._unread_timer = None
        if self._bytes_unread() < self._unread:
            self._watch_reading()
        else:
            self.abort()

    def _bytes_unread(self):
        """Return how many bytes were sent that the client's machine has not accepted yet: those of
        the transport and, on Linux, of the socket's buffer. While writing is paused none are
        added."""
        queued = 0
        with contextlib.suppress(OSError, AttributeError):
            answer = fcntl.ioctl(
                self.transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4)
            )
            [queued] = struct.unpack("i", answer)
        return self.transport.get_write_buffer_size() + queued

    def _cancel_unread_timer(self):
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None


# There is no setting for the class of a connection; the worker looks this name up when it starts.
gasgi.ASGIProtocol = TimedProtocol


class Worker(gasgi.ASGIWorker):
    """gunicorn's ASGI worker with TimedProtocol connections, for the setting `worker_class`.

    `connections`, a ConnectionLimit, counts them: at most gunicorn's `worker_connections`, without
    a limit per address; gunicorn.conf.py replaces it by one that has such a limit.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.connections = ConnectionLimit(self.cfg.worker_connections)

    def init_process(self):
        """Set limits of the process: raise that of open files (RLIMIT_NOFILE) for all connections
        and FILES more, if the hard limit allows it; limit the unsent bytes of each TCP connection
        to UNSENT (TCP_NOTSENT_LOWAT), and malloc to one arena for all threads. Then serve."""
        with contextlib.suppress(OSError, AttributeError):
            # Of glibc; by default each thread keeps what it freed for itself.
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)
        needed = self.cfg.worker_connections + SPARE + FILES
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY and soft < needed:
            most = needed if hard == resource.RLIM_INFINITY else min(hard, needed)
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            for each in self.sockets:
                if each.FAMILY != socket.AF_UNIX:
                    # Of the listening socket: those of its connections inherit it.
                    each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
        super().init_process()
