"""What is sent to the gateway, and where."""

import asyncio
import gzip
import socket
import ssl
import subprocess
import threading
import time
import tracemalloc
import zlib

import brotli
import pytest
from aiohttp.client_proto import ResponseHandler

from conversations.upstream import Failed, Finished, Headers, UpstreamError, build_client
from conversations.upstream.request_json import encoded
from tests.support.event_folding import ASKED, ECHO, ask, folded, models
from tests.support.gateway import Script
from tests.support.sse_frames import completed, created, delta, message, stream


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("", "/v1/responses"),
        ("/", "/v1/responses"),
        ("/v1", "/v1/responses"),
        ("/v1/", "/v1/responses"),
        ("/v1/responses", "/v1/responses"),
        ("/responses", "/v1/responses"),
        ("/api/openai", "/api/openai/responses"),
        ("/v1?api-version=1", "/v1/responses"),
        (" ", "/v1/responses"),
    ],
)
def test_the_address_may_be_given_in_any_of_its_forms(gateway, base, path):
    root = gateway.url.removesuffix("/v1")
    assert folded(ask(root + base)).text == ECHO
    assert gateway.responses[0].path == path


@pytest.mark.parametrize(
    "address",
    [
        "",
        "gateway",
        "ftp://gateway/v1",
        "http://",
        "http://user:pass@gateway/v1",
        "http://a b/",
        "http://a..b",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_at_once(address):
    with pytest.raises(ValueError, match="address"):
        build_client(address)


@pytest.mark.parametrize("key", ["clé", "two\nlines", "sk-…"])
def test_a_key_that_cannot_be_sent_is_refused_at_once(key):
    with pytest.raises(ValueError, match="ASCII"):
        build_client("http://gateway", key)


def test_the_body_is_sent_as_it_is_and_a_stream_asked_for(gateway):
    ask(gateway.url, {**ASKED, "instructions": "Sei höflich 🦄", "store": False})
    [request] = gateway.responses
    assert request.body == {
        **ASKED,
        "instructions": "Sei höflich 🦄",
        "store": False,
        "stream": True,
    }
    assert request.headers["authorization"] == "Bearer sk-the-secret-key"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept"] == "text/event-stream"
    assert request.headers["accept-encoding"] == "identity"
    assert "cookie" not in request.headers


def test_a_long_body_is_written_as_a_short_one(gateway):
    text = 'quoted "é" \n\\ 🦄\x01' * 50_000
    parts = [{"type": "input_text", "text": text}, {"image_url": "data:" + "A" * 900_000}]
    body = {**ASKED, "input": [{"content": parts}, {}, {"content": text}], "tools": [], "n": None}
    ask(gateway.url, body)
    assert gateway.requests[0].body == {"stream": True, **body}


@pytest.mark.measures
def test_a_long_body_does_not_hold_the_event_loop():
    body = {"input": [{"content": [{"image_url": "A" * 6_000_000}] * 8}]}

    async def longest_step():
        writing, longest = asyncio.create_task(encoded(body)), 0
        while not writing.done():
            began = time.process_time()
            await asyncio.sleep(0.001)
            longest = max(longest, time.process_time() - began)
        return longest

    # It was 0.4 s.
    assert asyncio.run(longest_step()) < 0.1


def test_who_pauses_after_each_list_of_events_keeps_up_with_a_fast_model(gateway):
    body = stream(created(), *[delta("word ")] * 8_000, completed(message("word " * 8_000)))
    gateway.will(body=body.encode(), headers={"Content-Type": "text/event-stream"})
    lists = []

    async def call():
        upstream = build_client(gateway.url)
        async for events in upstream.respond(ASKED):
            lists.append(events)
            await asyncio.sleep(0.1)
        await upstream.close()

    asyncio.run(call())
    assert folded(event for events in lists for event in events).text == "word " * 8_000
    # One of each 16 kB took a fast model's reader minutes.
    assert len(body) > 800_000 and len(lists) < 25


def test_what_comes_while_the_caller_pauses_is_read_at_once_afterwards(gateway, monkeypatch):
    """Each read wakes the process and takes a system call, which fifty replies would feel."""
    reads = []
    received = ResponseHandler.data_received

    def counted(self, data):
        if data:
            reads.append(data)
        received(self, data)

    monkeypatch.setattr(ResponseHandler, "data_received", counted)
    gateway.will(text="word " * 100, pace=0.005)

    async def call():
        upstream = build_client(gateway.url)
        async for _events in upstream.respond(ASKED):
            await asyncio.sleep(0.1)
        await upstream.close()

    asyncio.run(call())
    assert b"".join(reads).count(b"response.output_text.delta") >= 100
    assert len(reads) < 30


def test_a_whole_answer_may_be_asked_for(gateway):
    assert folded(ask(gateway.url, {**ASKED, "stream": False})).text == ECHO
    [request] = gateway.responses
    assert request.headers["accept"] == "application/json"
    assert request.body["stream"] is False


def test_half_a_character_in_the_request_breaks_nothing(gateway):
    assert (
        folded(ask(gateway.url, {"model": "m", "input": "half \ud83d"})).end.status == "completed"
    )


def test_configured_headers_go_along_and_no_key_no_header(gateway):
    async def call():
        upstream = build_client(gateway.url, headers={"OpenAI-Project": "p1", "user-agent": "Team"})
        async for _ in upstream.respond(ASKED):
            pass
        await upstream.close()

    asyncio.run(call())
    [request] = gateway.responses
    assert request.headers["openai-project"] == "p1"
    assert request.headers["user-agent"] == "Team"
    assert "authorization" not in request.headers


def test_cookies_are_not_kept_and_connections_are(gateway):
    async def calls():
        upstream = build_client(gateway.url)
        for _ in range(3):
            async for _ in upstream.respond(ASKED):
                pass
        await upstream.close()

    gateway.will(*[Script(headers={"Set-Cookie": "person=alice; Path=/"})] * 3)
    asyncio.run(calls())
    assert [request.headers.get("cookie") for request in gateway.responses] == [None] * 3
    assert len({request.connection for request in gateway.responses}) == 1


def test_redirects_are_not_followed(gateway):
    gateway.will(status=307, headers={"Location": gateway.url + "/elsewhere"}, body=b"")
    end = folded(ask(gateway.url)).end
    assert (end.code, end.message) == ("not_api", "status 307, empty")
    assert [request.path for request in gateway.requests] == ["/v1/responses"]


def test_a_web_page_with_status_200_is_not_an_answer(gateway):
    gateway.will(body=b"<!doctype html><title>Relay</title>", headers={"X-Request-Id": "req-1"})
    events = ask(gateway.url)
    assert Headers(200, "req-1") in events
    assert folded(events).end == Failed("not_api", "status 200, text/html", 200, "req-1")


def test_an_answer_that_is_compressed_all_the_same_is_read(gateway):
    body = gzip.compress(b'{"output_text": "Hello"}')
    gateway.will(body=body, headers={"Content-Encoding": "gzip"})
    assert folded(ask(gateway.url)).text == "Hello"


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP", "deflate", "bare deflate"])
def test_both_encodings_that_are_asked_for_are_read(gateway, encoding):
    body = stream(created(), delta("Hello"), completed(message("Hello"))).encode()
    packed = {
        "deflate": zlib.compress(body),
        "bare deflate": zlib.compress(body)[2:-4],
    }.get(encoding, gzip.compress(body[:50]) + gzip.compress(body[50:]))
    gateway.will(body=packed, headers={"Content-Encoding": encoding.removeprefix("bare ")})
    assert folded(ask(gateway.url)).text == "Hello"


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, br", "gzip, gzip", "x"])
def test_an_encoding_that_was_not_asked_for_is_refused(gateway, encoding):
    # Whatever it is: this one is brotli and becomes 10 MB.
    body = brotli.compress(b"\0" * 10_000_000, quality=1)
    gateway.will(body=body, headers={"Content-Encoding": encoding})
    assert folded(ask(gateway.url)).end == Failed("not_api", "status 200, application/json", 200)


@pytest.mark.parametrize("start", [b"{", b": a comment\n\n"], ids=["body", "stream"])
def test_what_is_unpacked_is_bounded(gateway, start):
    squeeze = zlib.compressobj(1, wbits=31)
    comments = (b": " + b"x" * 998 + b"\n") * 1000
    body = squeeze.compress(start) + b"".join(squeeze.compress(comments) for _ in range(80))
    body += squeeze.flush()
    assert len(body) < 1_000_000  # of 80 MB
    packed = {"body": body, "headers": {"Content-Encoding": "gzip"}}
    gateway.will(Script(**packed), Script(status=400, **packed))
    tracemalloc.start()
    try:
        ends = [folded(ask(gateway.url)).end.code for _ in range(2)]
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert ends == ["line_too_long", "refused"]
    assert most < 64_000_000


def test_broken_compression_is_a_failed_call(gateway):
    gateway.will(body=b"no gzip at all", headers={"Content-Encoding": "gzip"})
    assert folded(ask(gateway.url)).end == Failed("not_api", "status 200, application/json", 200)


def test_what_is_not_http_is_no_answer():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            peer, _ = server.accept()
            peer.recv(65536)
            peer.sendall(b"220 mail.example.org ESMTP\r\n")
            peer.close()

        thread = threading.Thread(target=answer)
        thread.start()
        end = folded(ask(f"http://127.0.0.1:{server.getsockname()[1]}")).end
        thread.join()
    assert (end.code, end.sent) == ("not_api", True)


def test_an_unknown_host_is_no_connection():
    end = folded(ask("http://gateway.invalid")).end
    assert (end.code, end.sent) == ("connect", False)
    assert "gateway.invalid" not in end.message


def test_a_host_that_does_not_answer_times_out_and_is_tried_three_times():
    # A full queue of connections makes the kernel drop further ones.
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        address = server.getsockname()
        waiting = []
        for _ in range(4):
            peer = socket.socket()
            peer.setblocking(False)
            peer.connect_ex(address)
            waiting.append(peer)
        events = ask(f"http://127.0.0.1:{address[1]}", connect_timeout=0.3)
        for peer in waiting:
            peer.close()
    assert folded(events).end == Failed("timeout_connect", sent=False)


def test_a_certificate_nobody_vouches_for_is_not_accepted(tmp_path):
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-subj", "/CN=localhost"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer():
            peer, _ = server.accept()
            try:
                context.wrap_socket(peer, server_side=True).close()
            except (ssl.SSLError, OSError):
                peer.close()

        thread = threading.Thread(target=answer)
        thread.start()
        end = folded(ask(f"https://localhost:{server.getsockname()[1]}")).end
        thread.join()
    assert (end.code, end.sent) == ("tls", False)
    assert "certificate" in end.message


def test_one_client_serves_one_event_loop_after_another(gateway):
    upstream = build_client(gateway.url)

    async def call():
        return [event async for events in upstream.respond(ASKED) for event in events]

    for _ in range(3):
        assert isinstance(asyncio.run(call())[-1], Finished)
    asyncio.run(upstream.close())


def test_a_client_that_was_closed_opens_again(gateway):
    async def calls():
        upstream = build_client(gateway.url)
        for _ in range(2):
            assert await upstream.models() == ["gateway-large", "gateway-small"]
            await upstream.close()

    asyncio.run(calls())


def test_models_are_listed_once_each_and_in_order(gateway):
    gateway.models = ["b", "a", "b", ""]
    assert models(gateway.url) == ["a", "b"]
    assert gateway.requests[0].headers["authorization"] == "Bearer sk-the-secret-key"


def test_a_list_of_models_is_capped(gateway):
    gateway.models = [f"model-{number}" for number in range(3000)]
    assert len(models(gateway.url)) == 1000


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, b"<html>", "not_api"),
        (200, {"data": "none"}, "not_api"),
        (200, b"[" * 100_000, "not_api"),
        (401, {"error": {"message": "No such key."}}, "unauthorized"),
        (404, {"detail": "Not Found"}, "not_found"),
    ],
)
def test_a_list_that_cannot_be_had_says_why(gateway, status, body, code):
    gateway.models_script = Script(status=status, body=body)
    with pytest.raises(UpstreamError) as failure:
        models(gateway.url)
    assert (failure.value.code, failure.value.http_status) == (code, status)


def test_no_list_without_a_connection(gateway):
    gateway.refuse_connections()
    with pytest.raises(UpstreamError) as failure:
        models(gateway.url)
    assert failure.value.code == "connect"
