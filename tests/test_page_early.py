"""The headers of a conversation's page leave before it is drawn."""

import contextlib
import socket
import time

import httpx
import pytest

from tests.support.nginx import PROGRAM, nginx

pytestmark = pytest.mark.once


@pytest.fixture
def failing(make_server):
    """A server with the addresses of failing_urls.py."""
    return make_server(DJANGO_SETTINGS_MODULE="tests.support.settings.failing")


def test_the_page_of_a_conversation_is_not_awaited(server, visit, alice):
    visitor = visit(server, alice)
    page = visitor.get(visitor.ask("Hello").conversation.get_absolute_url())
    assert "rel=preload; as=style" in page.headers["Link"]
    # Its length was not known when its headers left.
    assert "Content-Length" not in page.headers
    assert page.headers["Content-Encoding"] == "gzip"
    assert page.text.count("</html>") == 1


def test_a_page_that_is_fetched_ahead_is_drawn_at_once(server, visit, alice):
    visitor = visit(server, alice)
    page = visitor.get("/", headers={"Sec-Purpose": "prefetch"})
    assert "Content-Length" in page.headers
    assert page.text.rstrip().endswith("</html>")


@pytest.mark.parametrize(
    "through",
    [
        None,
        pytest.param(
            nginx, marks=pytest.mark.skipif(PROGRAM is None, reason="nginx is not installed")
        ),
    ],
)
def test_headers_arrive_before_a_page_is_drawn(failing, tmp_path, through):
    drawing = tmp_path / "drawing"
    with contextlib.ExitStack() as stack:
        url = failing.url
        if through is not None:
            url = stack.enter_context(through(tmp_path, failing.port)).https
        client = stack.enter_context(httpx.Client(base_url=url, verify=False, timeout=20))
        with client.stream("GET", "/waits/", params={"for": str(drawing)}) as answer:
            assert answer.status_code == 200
            assert "Content-Security-Policy" in answer.headers
            drawing.touch()
            assert answer.read().startswith(b"<p>Drawn.")


def test_its_length_does_not_tell_what_is_in_it(failing, visit):
    visitor = visit(failing)
    pages = [visitor.get("/waits/", params={"for": "/"}).text for _ in range(8)]
    assert all(page.startswith("<p>Drawn.<!-- ") for page in pages)
    assert len({len(page) for page in pages}) > 1


def test_a_thread_is_busy_as_long_as_it_draws_and_not_as_its_reader_waits(failing, tmp_path, visit):
    drawing = tmp_path / "drawing"
    with socket.create_connection(("127.0.0.1", failing.port), timeout=20) as reader:
        reader.sendall(
            f"GET /waits/?for={drawing} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            "Accept-Encoding: gzip\r\n\r\n".encode()
        )
        assert reader.recv(12) == b"HTTP/1.1 200"
    try:
        # gunicorn asks twice for what it cancels, three seconds apart.
        time.sleep(4)
        assert visit(failing).get("/accounts/login/", timeout=5).status_code == 200
    finally:
        drawing.touch()


def test_a_note_is_shown_once(server, visit, alice):
    visitor = visit(server, alice)
    form = {"instructions": "Be brief.", "theme": "dark", "language": "en"}
    assert visitor.post("/account/", form).status_code in (302, 303)
    shown = [visitor.get("/").text.count("Saved.") for _ in range(2)]
    assert shown == [1, 0]


def test_what_fails_after_the_headers_says_so_in_a_sentence(failing, visit):
    visitor = visit(failing)
    for status in (500, 503):
        # Of outages only the first is a line of the log, so it is asked for first.
        early = visitor.get(f"/fails/after-headers/{status}/")
        at_once = visitor.get(f"/fails/{status}/")
        assert (at_once.status_code, early.status_code) == (status, 200)
        assert sentences(early).startswith(sentences(at_once))
        assert "secret" not in early.text
        assert early.headers["X-Request-Id"] in failing.output()


def sentences(answer):
    return answer.text.replace(answer.headers["X-Request-Id"], "")
