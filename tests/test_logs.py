"""The server's log: one line for each thing that was to be expected, with the request's id."""

import json
import re

import pytest

from tests.support.server import Server
from tests.support.waiting import until

pytestmark = pytest.mark.once


@pytest.fixture
def said(here, visitor):
    """The lines the server has written since the test began."""
    # After those about replies of the test before, which are written once they are stored.
    visitor.get("/the-test-begins/")
    until(lambda: "/the-test-begins/" in here.output(), 5)
    here.new_output()
    return lambda: here.new_output().splitlines()


def test_a_reply_is_one_line(visitor, said):
    response = visitor.ask("Hello")
    visitor.watch(response.pk)
    [line] = until(said, 5)
    assert re.fullmatch(rf"\S+ \S+ INFO \S+ \[-\] reply {response.pk} completed", line)


@pytest.mark.parametrize(
    ("script", "end"),
    [
        ({"status": 400, "body": {"error": {"message": "No."}}}, r"failed \(refused\)"),
        ({"fault": "cut"}, "interrupted"),
        ({"fault": "reset_before_headers"}, r"failed \(lost\)"),
    ],
)
def test_a_reply_that_fails_is_one_line(stage, visitor, said, script, end):
    stage.gateway.will(script)
    response = visitor.ask("Hello")
    visitor.watch(response.pk)
    [line] = until(said, 5)
    assert re.search(f"reply {response.pk} {end}", line)


def test_a_refused_request_is_one_line_with_the_id_that_the_page_shows(visitor, said):
    page = visitor.get("/conversations/no-such/")
    [line] = until(said, 5)
    assert f"[{page.headers['X-Request-Id']}] Not Found: /conversations/no-such/" in line
    assert page.headers["X-Request-Id"] in page.text


def test_a_line_cannot_be_forged(visitor, said):
    visitor.get("/nothing%0A2026-01-01 00:00:00 INFO site [-] all is well%1b[31m/")
    [line] = until(said, 5)
    assert "Not Found" in line
    assert "\x1b" not in line


def test_what_works_is_not_worth_a_line(visitor, said):
    for path in ("/", "/account/", "/healthz", "/readyz", "/robots.txt"):
        visitor.get(path)
    visitor.get("/nothing/")
    [line] = until(said, 5)
    assert "/nothing/" in line


def test_as_json_each_line_is_one_object(transactional_db, gateway, tmp_path, visit):
    server = Server(gateway.url, tmp_path / "log", warm=False, LOG_JSON="true")
    server.environment["DJANGO_SETTINGS_MODULE"] = "tests.support.failing"
    server.start()
    try:
        page = visit(server).get("/fails/500/")
        assert page.status_code == 500
    finally:
        server.stop()
    lines = [json.loads(line) for line in server.output().splitlines()]
    assert {"gunicorn.error", "django.request"} <= {line["name"] for line in lines}
    assert "gunicorn.access" not in {line["name"] for line in lines}
    [failure] = [line for line in lines if line.get("exc_info")]
    assert failure["request_id"] == page.headers["X-Request-Id"]
    assert failure["request_id"] in page.text
    assert "RuntimeError: a secret of the code" in failure["exc_info"]
