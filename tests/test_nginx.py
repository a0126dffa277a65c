"""docs/nginx.conf lets through what the site needs, in Debian's nginx."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from tests.nginx import PROGRAM, nginx

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="nginx is not installed")


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
        length = len(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        answer = str(length).encode()
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


@pytest.fixture
def site():
    """A site on loopback behind nobody yet."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.asked = []
    server.first_arrived = threading.Event()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def proxy(site, tmp_path):
    """nginx in front of the site."""
    with nginx(tmp_path, site.server_port) as urls:
        yield urls


@pytest.fixture
def browser_behind(proxy):
    """A client of the proxy that takes its certificate."""
    with httpx.Client(base_url=proxy.https, verify=False, timeout=10) as client:
        yield client


def test_events_arrive_one_by_one(site, browser_behind):
    with browser_behind.stream("GET", "/") as stream:
        events = stream.iter_raw()
        assert next(events) == b"data: first\n\n"
        site.first_arrived.set()
        assert b"".join(events) == b"data: second\n\n"


def test_a_client_cannot_pretend_where_it_comes_from(site, browser_behind):
    site.first_arrived.set()
    browser_behind.get(
        "/",
        headers={
            "Host": "chat.example.org",
            "X-Forwarded-For": "192.0.2.1",
            "X-Forwarded-Proto": "http",
        },
    )
    [headers] = site.asked
    assert headers.get_all("X-Forwarded-For") == ["127.0.0.1"]
    assert headers.get_all("X-Forwarded-Proto") == ["https"]
    assert headers.get_all("Host") == ["chat.example.org"]


def test_a_body_over_max_body_reaches_the_site(browser_behind):
    assert browser_behind.post("/", content=b"x" * 5_000_000).text == "5000000"


def test_plain_http_leads_to_https(proxy):
    answer = httpx.get(f"{proxy.http}/usage/?a=1", headers={"Host": "chat.example.org"})
    assert answer.status_code == 301
    assert answer.headers["Location"] == "https://chat.example.org/usage/?a=1"
