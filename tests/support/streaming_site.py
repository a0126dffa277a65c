"""A site for proxies: streams two events, counts what is sent to it, keeps the headers it got."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Site(BaseHTTPRequestHandler):
    """Streams an event, and the next when the reader has the first; keeps what it was asked."""

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
        """Read the chunks of a body; yield their lengths."""
        while size := int(self.rfile.readline(), 16):
            yield len(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()

    def log_message(self, *args):
        pass


@contextmanager
def streaming_site():
    """Yield such a server on a free loopback port: `asked`, the headers of requests that read;
    `first_arrived`, an event by which the test lets the second part of an answer go."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.asked = []
    server.first_arrived = threading.Event()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
