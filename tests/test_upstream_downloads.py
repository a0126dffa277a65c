"""Files of a gateway's containers: what the client fetches, and from where."""

import asyncio
import tempfile

import pytest

from conversations.upstream import build_client
from conversations.upstream.file_download import path_of
from tests.support.gateway import RESET, Script

PATH = "/containers/cntr_1/files/cfile_1/content"
BINARY = {"Content-Type": "application/octet-stream"}
PAGE = "<!doctype html><title>A page</title>"


def download(gateway, script, *, most=1_000_000, **options):
    """The code of the failure, "" for none, and the bytes that came."""
    gateway.files[PATH] = script

    async def fetch(file):
        client = build_client(gateway.url, "sk-key")
        try:
            names = ("cntr_1", "cfile_1")
            return await client.download(*names, file, most=most, seconds=30, **options)
        finally:
            await client.close()

    with tempfile.TemporaryFile() as file:
        failed = asyncio.run(fetch(file))
        file.seek(0)
        return failed.code if failed else "", file.read()


def test_a_file_comes_as_it_is_and_with_the_key(gateway):
    content = bytes(range(256)) * 3_000
    assert download(gateway, Script(body=content, headers=BINARY)) == ("", content)
    [request] = gateway.requests
    assert (request.method, request.path) == ("GET", f"/v1{PATH}")
    assert request.headers["authorization"] == "Bearer sk-key"
    # One that says no length, and one that is empty.
    assert download(gateway, Script(chunks=[content, b"more"])) == ("", content + b"more")
    assert download(gateway, Script(body=b"", headers=BINARY)) == ("", b"")


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (Script(status=404, body={"error": {"message": "expired"}}), "not_found"),
        (Script(status=501, body={"error": {"message": "not implemented"}}), "not_found"),
        (Script(status=401, body={"error": {"message": "no"}}), "unauthorized"),
        (Script(status=503, body=b"busy"), "server"),
        (Script(body=PAGE), "not_api"),
        (Script(chunks=[b"half", RESET]), "lost"),
        (Script(chunks=[b"x" * 400_000] * 5), "too_large"),
    ],
)
def test_what_does_not_come_has_a_code(gateway, script, code):
    assert download(gateway, script)[0] == code


def test_a_redirect_is_not_followed(gateway):
    elsewhere = Script(status=302, headers={"Location": "/v1/models"}, body=b"")
    assert download(gateway, elsewhere)[0]
    assert [request.path for request in gateway.requests] == [f"/v1{PATH}"]


def test_a_web_page_may_be_the_file(gateway):
    assert download(gateway, Script(body=PAGE), is_page=True) == ("", PAGE.encode())


@pytest.mark.parametrize("id", ["", ".", "..", "a\nb"])
def test_an_id_that_is_none_is_refused(id):
    with pytest.raises(ValueError):
        path_of("cntr_1", id)
    with pytest.raises(ValueError):
        path_of(id, "cfile_1")


def test_an_id_cannot_leave_its_place_in_the_path():
    path = path_of("../a?b#c", "d/../e%2f")
    assert path == "/containers/..%2Fa%3Fb%23c/files/d%2F..%2Fe%252f/content"
