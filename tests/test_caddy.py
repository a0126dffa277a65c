"""container/Caddyfile lets through what the site needs, in a real Caddy."""

import httpx
import pytest

from tests.support.caddy import PROGRAM, caddy
from tests.support.streaming_site import streaming_site

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="Caddy is not installed"),
    pytest.mark.once,
]


def test_it_streams_hides_who_pretends_and_takes_large_bodies(tmp_path):
    pretended = {
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Proto": "http",
        "X-Request-Id": "an-id-of-a-client",
    }
    with (
        streaming_site() as site,
        caddy(tmp_path, site.server_port) as url,
        httpx.Client(base_url=url, verify=False, timeout=20) as client,
    ):
        with client.stream("GET", "/", headers=pretended) as stream:
            events = stream.iter_raw()
            assert next(events) == b"data: first\n\n"
            site.first_arrived.set()
            assert b"".join(events) == b"data: second\n\n"
        # More than MAX_BODY: that is for the site to refuse.
        assert client.post("/", content=b"x" * 5_000_000).text == "5000000"
    [headers] = site.asked
    assert headers.get_all("X-Forwarded-For") == ["127.0.0.1"]
    assert headers.get_all("X-Forwarded-Proto") == ["https"]
    assert headers["Host"] == url.removeprefix("https://")
    [request_id] = headers.get_all("X-Request-Id")
    assert request_id != "an-id-of-a-client" and len(request_id) == 36
    # Addresses hold what was searched for.
    assert '"uri"' not in (tmp_path / "log").read_text()
