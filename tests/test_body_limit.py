"""A request larger than MAX_BODY: refused before it is kept anywhere, whoever sends it."""

import asyncio
import re
from functools import partial

import httpx
import pytest

from chatsite.sending_rate import SendingRate
from tests.support.raw_browser import Browser

pytestmark = pytest.mark.once

MEGABYTE = 1_000_000  # the limit of the servers of the stage
BLOCK = b"text=" + b"x" * 65_531


def parts(size):
    """A body of `size` bytes without a Content-Length."""
    for start in range(0, size, len(BLOCK)):
        yield BLOCK[: size - start]


@pytest.fixture(params=["logged in", "anonymous"])
def sender(request, stage, here, alice):
    return stage.visit(here, alice if request.param == "logged in" else None)


@pytest.mark.parametrize("length", ["with length", "without length"])
def test_a_body_over_the_limit_gets_the_page_that_says_so(sender, length):
    size = 5 * MEGABYTE
    body = b"".join(parts(size)) if length == "with length" else parts(size)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = sender.http.post("/", content=body, headers=headers)
    assert answer.status_code == 413
    assert "at most 1,000,000 bytes" in answer.text
    assert "Press Back in your browser: your text is still in the field." in answer.text


def test_a_file_over_the_limit_gets_a_page_that_says_what_to_do(sender):
    export = {"file": ("conversations.json", b"".join(parts(5 * MEGABYTE)))}
    sender.http.cookies.clear()
    answer = sender.http.post("/data/", files=export)
    assert answer.status_code == 413
    assert "only taken from somebody who is logged in" in answer.text
    assert "Press Back" not in answer.text


def test_a_file_over_its_own_limit_is_told_that_limit(stage, make_stage_server, alice):
    server = make_stage_server(MAX_BODY=100_000, MAX_IMPORT=200_000)
    visitor = stage.visit(server, alice)
    token = {"csrfmiddlewaretoken": visitor.token()}
    over = {"file": ("conversations.json", b"x" * 400_000)}
    answer = visitor.http.post("/data/", data=token, files=over)
    assert answer.status_code == 413
    assert "files of at most 200,000 bytes, so nothing of it came in." in answer.text
    assert "manage.py import_conversations" in answer.text
    by_one = {"file": ("conversations.json", b"x" * 200_001)}
    answer = visitor.http.post("/data/", data=token, files=by_one)
    assert answer.status_code == 422
    assert "This file has 200,001 bytes; at most 200,000 can be imported." in answer.text
    assert not alice.jobs.exists()
    exact = {"file": ("conversations.json", b"x" * 200_000)}
    answer = visitor.http.post("/data/", data=token, files=exact)
    assert "There is no conversation in this file." in answer.text


@pytest.mark.parametrize("length", ["with length", "without length"])
def test_what_is_refused_is_not_kept(here, sender, length):
    size = 14 * MEGABYTE
    body = b"".join(parts(size)) if length == "with length" else parts(size)
    before = here.inside()["kilobytes"]
    peaks(here, reset=True)
    assert sender.http.post("/", content=body).status_code == 413
    assert peaks(here) - before < 6_000


def test_a_sender_who_goes_on_and_on_is_answered(here, sender):
    before = here.inside()["kilobytes"]
    peaks(here, reset=True)
    try:
        answer = sender.http.post("/", content=parts(80 * MEGABYTE))
    except httpx.TransportError:
        pass  # still sending when the server had hung up
    else:
        assert answer.status_code == 413
    assert peaks(here) - before < 6_000
    assert sender.get("/healthz").status_code == 200


@pytest.mark.parametrize("length", ["with length", "without length"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_no_method_carries_a_body_over_the_limit(here, sender, method, length):
    size = 14 * MEGABYTE
    body = b"".join(parts(size)) if length == "with length" else parts(size)
    before = here.inside()["kilobytes"]
    peaks(here, reset=True)
    assert sender.http.request(method, "/", content=body).status_code == 413
    assert peaks(here) - before < 6_000


def test_a_small_body_of_a_get_is_read_and_ignored(visitor):
    assert visitor.http.request("GET", "/", content=b"x" * 1000).status_code == 200
    assert visitor.http.request("GET", "/", content=b"").status_code == 200


@pytest.mark.parametrize("digits", ["1" * 5_000, "9" * 25, "-1", "1e3", "٣", "1, 1", "0x10"])
def test_a_length_that_is_none_is_refused_and_nothing_is_logged_as_an_error(here, digits):
    here.new_output()
    browser = Browser(here).connect()
    browser.send_head("POST", "/accounts/login/", Content_Length=digits)
    answer = browser.rest()
    assert re.match(rb"HTTP/1.1 (400|413) ", answer), answer[:200]
    assert "Traceback" not in here.new_output()


@pytest.mark.parametrize("key", ["dGhlIHNhbXBsZSBub25jZQ==", "short"])
@pytest.mark.parametrize("version", ["13", "8", "x"])
def test_an_upgrade_to_websockets_is_refused(here, key, version):
    here.new_output()
    browser = Browser(here).connect()
    browser.send_head(
        "GET",
        "/",
        Upgrade="websocket",
        Connection="Upgrade",
        Sec_WebSocket_Version=version,
        Sec_WebSocket_Key=key,
    )
    assert re.match(rb"HTTP/1.1 (400|403|426) ", browser.rest())
    assert "Traceback" not in here.new_output()


def test_a_body_of_just_the_limit_is_read(visitor):
    form = {"csrfmiddlewaretoken": visitor.token(), "text": ""}
    token_and_names = len(httpx.Request("POST", "http://a/", data=form).content)
    form["text"] = "x" * (MEGABYTE - token_and_names)
    answer = visitor.http.post("/", data=form)
    assert answer.status_code == 422
    assert "at most 200,000 can be sent" in answer.text
    assert visitor.http.post("/", data={**form, "text": form["text"] + "x"}).status_code == 413


def test_the_longest_message_in_chinese_is_within_the_limit_of_a_new_site(server, visit, alice):
    visitor = visit(server, alice)
    assert visitor.send("语" * 200_000).status_code == 303
    too_long = visitor.send("语" * 200_001)
    assert too_long.status_code == 422
    assert re.search("语{200001}", too_long.text)


def peaks(server, reset=False):
    """The most memory the worker has held, in kB, since the last reset."""
    [worker] = server.workers()
    if reset:
        with open(f"/proc/{worker}/clear_refs", "w") as file:
            file.write("5")
    with open(f"/proc/{worker}/status") as file:
        return int(re.search(r"VmHWM:\s+(\d+)", file.read())[1])


def test_a_body_has_to_come_at_a_least_rate():
    now = 0

    async def send(*parts):
        nonlocal now
        rate = SendingRate(clock=lambda: now)
        for seconds, size in parts:
            now += seconds
            await rate.receive(partial(part, size))

    async def part(size):
        return {"type": "http.request", "body": b"x" * size, "more_body": True}

    # Slowly at first, and 500 bytes a second then.
    asyncio.run(send((29, 1), *[(1, 500)] * 90))
    with pytest.raises(TimeoutError):
        asyncio.run(send(*[(1, 1)] * 31))
    with pytest.raises(TimeoutError):
        asyncio.run(send((1, 4_000), (38, 1), (1, 1)))
