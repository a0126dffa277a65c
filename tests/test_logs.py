"""The server's log: one line for each thing that was to be expected, with the request's id."""

import json
import logging
import re
import time

import pytest
from django.db import OperationalError

from chatsite.logs import LevelFilter, RepeatFilter
from conversations.database.outage import sentence
from conversations.models import Response
from tests.support.polling import until
from tests.support.server import Server

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
    response.refresh_from_db()
    asked = response.request["request_id"]
    assert re.match(rf"\S+ \S+ INFO \S+ \[{asked}\] reply {response.pk} completed ", line)
    for part in (
        "gen_ai.request.model=test-model",
        f"gen_ai.usage.output_tokens={response.output_tokens}",
        "http.response.status_code=200",
        "attempts=1",
        f"person_id={response.person_id}",
    ):
        assert f" {part}" in line
    assert re.search(r" duration=\d+\.\d+", line)
    assert re.search(r" gen_ai.response.time_to_first_chunk=\d+\.\d+", line)


def test_a_reply_has_the_id_of_the_request_that_asked_for_it(visitor, said):
    answer = visitor.send("Hello")
    conversation = answer.headers["Location"].split("/")[2]
    response = Response.objects.get(conversation_id=conversation)
    visitor.watch(response.pk)
    [line] = until(said, 5)
    assert f"[{answer.headers['X-Request-Id']}] reply {response.pk}" in line


@pytest.mark.parametrize(
    ("script", "end"),
    [
        ({"status": 400, "body": {"error": {"message": "No."}}}, r"failed \(refused\)"),
        ({"fault": "cut"}, "interrupted"),
    ],
)
def test_a_reply_that_fails_is_one_line(stage, visitor, said, script, end):
    stage.gateway.will(script)
    response = visitor.ask("Hello")
    visitor.watch(response.pk)
    [line] = until(said, 5)
    assert re.search(f" WARNING .* reply {response.pk} {end} ", line)
    assert " duration=" in line and " gen_ai.request.model=test-model" in line


def test_tokens_in_addresses_are_not_logged(visitor, said):
    for path in (
        "accounts/password/reset/key/1-s3cret-t0ken",
        "accounts/confirm-email/s3cret:t0ken",
    ):
        visitor.http.put(f"/{path}/")
        visitor.get(f"/{path}/no-such/")
    visitor.get("/nothing/")
    lines = until(lambda: [line for line in said() if "/nothing/" in line], 5)
    assert lines
    assert "s3cret" not in "".join(lines)


def test_what_repeats_is_one_line_and_says_how_often_it_was_left_out():
    repeats = RepeatFilter()
    repeats.PAUSE = 0.2

    def record(message, request_id="-", level=logging.WARNING):
        made = logging.makeLogRecord({"msg": message, "levelno": level, "name": "a"})
        made.request_id = request_id
        return made

    kept = [repeats.filter(record("The database does not answer")) for _ in range(5)]
    assert kept == [True, False, False, False, False]
    assert repeats.filter(record("Something else"))
    assert repeats.filter(record("The database does not answer", request_id="abcdefgh"))
    assert repeats.filter(record("The database does not answer", level=logging.INFO))
    time.sleep(0.25)
    again = record("The database does not answer")
    assert repeats.filter(again)
    assert again.getMessage() == "The database does not answer (4 more like it)"


def test_an_answer_of_503_is_a_warning_and_other_faults_are_errors():
    for status, level in ((503, logging.WARNING), (500, logging.ERROR)):
        record = logging.makeLogRecord({"levelno": logging.ERROR, "status_code": status})
        assert LevelFilter().filter(record)
        assert record.levelno == level


@pytest.mark.parametrize(
    ("kind", "charset", "status"),
    [
        ("multipart/form-data; boundary=b", "zlib_codec", 403),
        ("multipart/form-data; boundary=b", "punycode", 403),
        ("application/x-www-form-urlencoded", "utf-16", 403),
        ("application/x-www-form-urlencoded", "undefined", 403),
        ("multipart/form-data", "utf-8", 400),
    ],
)
def test_no_form_has_a_traceback_logged(stage, here, visitor, kind, charset, status):
    here.new_output()
    head = b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\n'
    body = head + b"text=x\r\n--b--\r\n" if "boundary" in kind else b"text=x"
    for path in ("/", "/accounts/login/"):
        headers = {"Content-Type": f"{kind}; charset={charset}"}
        answer = visitor.http.post(path, content=body, headers=headers)
        assert answer.status_code == status
    # The text is there to be copied, as where a form has expired.
    assert (
        status == 400 or "</textarea>" in visitor.http.post("/", content=body, headers=headers).text
    )
    assert "Traceback" not in here.new_output()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OperationalError("database or disk is full"), "The database's disk is full"),
        (OperationalError("no such table: a"), "Migrations are pending: run manage.py migrate"),
        (OperationalError("database is locked"), "The database is locked"),
        (OperationalError("connection refused"), "The database does not answer"),
    ],
)
def test_an_outage_is_called_what_it_is(error, said):
    assert sentence(error) == said


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
    server.environment["DJANGO_SETTINGS_MODULE"] = "tests.support.settings.failing"
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
