"""docs/nginx.conf lets through what the site needs, in Debian's nginx."""

import re
import time
import uuid

import httpx
import pytest

from conversations.models import Response
from tests.support.nginx import CONFIG, PROGRAM, nginx
from tests.support.polling import until
from tests.support.server import free_port
from tests.support.stream_reader import Reader, words
from tests.support.streaming_site import streaming_site
from tests.support.visitor import EventStream, session_of

pytestmark = [
    pytest.mark.skipif(PROGRAM is None, reason="nginx is not installed"),
    pytest.mark.once,
]


@pytest.fixture
def site():
    """A site on loopback behind nobody yet."""
    with streaming_site() as server:
        yield server


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


def test_a_machine_that_is_down_is_left_out(site, tmp_path):
    with (
        nginx(tmp_path, site.server_port, other_port=free_port()) as urls,
        httpx.Client(base_url=urls.https, verify=False, timeout=10) as client,
    ):
        assert [client.post("/", content=b"x" * 10).text for _ in range(6)] == ["10"] * 6


def test_plain_http_leads_to_https(proxy):
    answer = httpx.get(f"{proxy.http}/usage/?a=1", headers={"Host": "chat.example.org"})
    assert answer.status_code == 301
    assert answer.headers["Location"] == "https://chat.example.org/usage/?a=1"


@pytest.fixture
def alice_behind(make_server, alice, tmp_path):
    """Alice at the site itself behind nginx, over TLS. nginx waits three seconds for the site,
    which speaks every half second (tests/support/settings/quick.py)."""
    server = make_server(
        DJANGO_SETTINGS_MODULE="tests.support.settings.quick",
        INSECURE_HTTP="false",
        TRUSTED_PROXIES=1,
        ALLOWED_HOSTS="chat.example.org",
    )
    headers = {"Host": "chat.example.org", "Origin": "https://chat.example.org"}
    cookies = {"__Host-session": session_of(alice)}
    with (
        nginx(tmp_path, server.port, read_timeout=3) as urls,
        httpx.Client(base_url=urls.https, headers=headers, cookies=cookies, verify=False) as client,
    ):
        yield client


def test_a_reply_streams_through_it_word_by_word_and_through_silence(alice_behind, gateway):
    gateway.will(pieces=4, first=5.5, pace=0.4)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', alice_behind.get("/").text)[1]
    form = {"csrfmiddlewaretoken": token, "text": "Hello", "submission": str(uuid.uuid4())}
    assert alice_behind.post("/", data=form).status_code == 303
    reader, at = Reader(), []
    with EventStream(alice_behind, f"/responses/{Response.objects.get().pk}/events/") as stream:
        for event in stream:
            reader.take(event)
            at.append(time.monotonic())
    assert (reader.names[0], reader.names[-1]) == ("reply", "done")
    assert reader.text == words(4)
    # The beginning came at once, and the words one after another.
    assert at[1] - at[0] > 2
    assert at[-1] - at[1] > 1
    assert stream.comments >= 4


def test_its_patience_is_much_longer_than_a_stream_is_silent(settings):
    seconds = int(re.search(r"proxy_read_timeout (\d+)s;", CONFIG.read_text())[1])
    assert seconds > 4 * settings.STREAM_COMMENT


SECRET = "quincemarkerword"


def test_no_log_of_the_site_or_of_nginx_holds_what_people_write_or_look_for(
    make_server, alice, tmp_path, gateway
):
    server = make_server(
        INSECURE_HTTP="false",
        TRUSTED_PROXIES=1,
        ALLOWED_HOSTS="chat.example.org",
        LOG_JSON="true",
        LOG_LEVEL="DEBUG",
    )
    headers = {
        "Host": "chat.example.org",
        "Origin": "https://chat.example.org",
        "Referer": f"https://chat.example.org/search/?q={SECRET}",
        "User-Agent": f"Browser {SECRET}",
    }
    session = session_of(alice)
    folder = tmp_path / "nginx"
    folder.mkdir()
    with (
        nginx(folder, server.port) as urls,
        httpx.Client(base_url=urls.https, headers=headers, verify=False, timeout=60) as client,
    ):
        nobody = {"login": SECRET, "password": SECRET, "email": f"{SECRET}@example.org"}
        for path in ("/accounts/login/", "/accounts/password/reset/", "/setup/"):
            token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)', client.get(path).text)
            nobody["csrfmiddlewaretoken"] = token[1] if token else ""
            client.post(path, data=nobody)
        client.cookies.set("__Host-session", session)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)', client.get("/").text)[1]
        gateway.will({"status": 400, "body": {"error": {"message": f"No {SECRET}."}}})
        form = {"csrfmiddlewaretoken": token, "text": SECRET, "submission": str(uuid.uuid4())}
        answer = client.post("/", data=form)
        conversation = answer.headers["Location"]
        until(lambda: Response.objects.get().finished_at, 30)
        client.get(conversation)
        for path in (
            f"/search/?q={SECRET}",
            f"/usage/people.csv?from={SECRET}",
            f"/no/such/page/?q={SECRET}",
            f"/accounts/password/reset/key/1-{SECRET}/",
            f"/accounts/password/reset/key/1-{SECRET}/more/",
            f"/accounts/confirm-email/{SECRET}/",
            f"/accounts/invitation/{SECRET}/",
            f"/shared/{SECRET}/",
        ):
            assert client.get(path).status_code < 500
            client.put(path)
        id_of_nginx = client.get("/robots.txt").headers["X-Request-Id"]
        httpx.get(f"{urls.http}/search/?q={SECRET}")
    server.stop()
    logs = {path.name: path.read_text() for path in folder.glob("*.log")}
    logs["site"] = server.output()
    assert "/search/" in logs["chatsite.log"] and '"GET /search/" 200' in logs["chatsite.log"]
    assert id_of_nginx in logs["chatsite.log"]
    assert f"reply {Response.objects.get().pk} failed" in logs["site"]
    for name, log in logs.items():
        lines = [line for line in log.splitlines() if SECRET in line or session in line]
        assert lines == [], name
