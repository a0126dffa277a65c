"""HTTP server behind a reverse proxy under test: streams two events, measures bodies, records
headers."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.loopback_server import serving


class Site(BaseHTTPRequestHandler):
    """HTTP request handler. GET streams one event, and a second once `server.first_arrived` is set;
    POST answers the number of bytes in its body."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(self.headers)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("X-Accel-Buffering", "no")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"data: first\n\n")
        assert self.server.first_arrived.wait(10)
        self.wfile.write(b"data: second\n\n")
        self.close_connection = True

    def do_POST(self):
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            length = sum(self.chunks())
        else:
            length = len(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        answer = str(length).encode()
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def chunks(self):
        """Read a body with Transfer-Encoding chunked; yield the number of bytes of each chunk."""
        while size := int(self.rfile.readline(), 16):
            yield len(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()

    def log_message(self, *args):
        pass


@contextmanager
def streaming_site():
    """Context manager: yield an HTTP server on a free loopback port. `asked` lists the headers of
    each GET; `first_arrived` is a threading.Event on which the second event of a stream waits."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.asked = []
    server.first_arrived = threading.Event()
    with serving(server):
        yield server
