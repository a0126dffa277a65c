"""The policy and the headers that every response carries, whatever it is."""

import re
import uuid

import pytest
from django.urls import get_resolver
from django.urls.resolvers import RegexPattern, URLResolver

from tests.support.visitor import session_of

pytestmark = pytest.mark.once

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
TRUSTED_TYPES = "; require-trusted-types-for 'script'; trusted-types chat"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "X-Frame-Options": "DENY",
}
ABSENT = ("X-Powered-By", "Access-Control-Allow-Origin")
# The same for everybody, or of nobody any more.
PUBLIC = {"/robots.txt", "/accounts/logout/"}


def faults(answer, path):
    """What is wrong with the headers of `answer`, in words."""
    policy = POLICY if path.startswith("/admin/") else POLICY + TRUSTED_TYPES
    expected = {**HEADERS, "Content-Security-Policy": policy}
    found = [
        f"{path} {answer.status_code} {name}: {answer.headers.get(name)}"
        for name, value in expected.items()
        if answer.headers.get(name) != value
    ]
    found += [f"{path} {name}" for name in ABSENT if name in answer.headers]
    if not re.fullmatch(r"[\w.-]{8,64}", answer.headers.get("X-Request-Id", "")):
        found.append(f"{path} has no request id")
    return found


def every_path(resolver=None, prefix=""):
    """Each address of the site, with something made up where an id belongs."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = str(pattern.pattern)
        if isinstance(pattern.pattern, RegexPattern):
            route = re.sub(r"\(\?P<\w+>[^)]*\)", "1", route).strip("^$")
        else:
            route = re.sub(r"<uuid:\w+>", str(uuid.uuid4()), route)
            route = re.sub(r"<(\w+:)?\w+>", "1", route)
        if isinstance(pattern, URLResolver):
            yield from every_path(pattern, prefix + route)
        else:
            yield f"/{prefix}{route}"


def test_the_walk_finds_the_addresses_of_the_site():
    paths = set(every_path())
    assert {"/", "/account/", "/review/log/", "/accounts/login/", "/admin/settings/"} <= paths
    assert {re.sub(r"[0-9a-f-]{36}", "*", path) for path in paths} >= {
        "/conversations/*/",
        "/responses/*/events/",
        "/messages/*/edit/",
    }
    assert not [path for path in paths if "<" in path or "(" in path]


def test_every_address_has_them_for_a_stranger(transactional_db, client, alice):
    wrong = []
    for path in every_path():
        for answer in (client.get(path), client.post(path)):
            wrong += faults(answer, path)
    assert wrong == []


def test_every_address_has_them_for_a_person_and_no_cache_keeps_it(
    transactional_db, client, administrator
):
    client.raise_request_exception = False
    wrong, kept = [], []
    for path in every_path():
        for ask in (client.get, client.post):
            client.cookies["session"] = session_of(administrator)
            answer = ask(path)
            wrong += faults(answer, path)
            if "no-store" not in answer.headers.get("Cache-Control", "") and path not in PUBLIC:
                kept.append((path, answer.status_code))
    assert wrong == []
    assert kept == []


@pytest.mark.parametrize("status", [400, 403, 500, 503])
def test_pages_for_errors_have_them_and_give_nothing_away(client, alice, settings, status):
    settings.ROOT_URLCONF = "tests.support.failing_urls"
    client.raise_request_exception = False
    answer = client.get(f"/fails/{status}/")
    assert answer.status_code == status
    assert faults(answer, "/") == []
    assert answer.headers["X-Request-Id"] in answer.text
    for secret in ("secret", "stranger", "10.0.0.5", "Traceback", "RuntimeError"):
        assert secret not in answer.text


def test_an_unknown_host_is_refused_with_them(client, alice):
    answer = client.get("/", HTTP_HOST="evil.example.net")
    assert answer.status_code == 400
    assert faults(answer, "/") == []


@pytest.mark.parametrize("path", ["/no/such/page/", "/conversations/1/", "/accounts/nowhere/"])
def test_what_is_not_there_has_them(client, alice, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert faults(answer, path) == []
    assert answer.headers["X-Request-Id"] in answer.text


def test_what_the_server_itself_sends_has_them(server, visit, alice, gateway):
    visitor = visit(server, alice)
    static = re.search(r'href="(/static/[^"]+\.css)"', visitor.get("/").text)[1]
    gateway.will(pieces=3)
    reply = visitor.ask("Hello").pk
    stream = f"/responses/{reply}/events/"
    stranger = visit(server)
    answers = {
        "static": visitor.get(static),
        "no static": visitor.get("/static/nothing.css"),
        "stream": visitor.get(stream),
        "finished stream": visitor.get(stream),
        "no session": stranger.get(stream),
        "too large": stranger.http.post("/", content=b"x" * 4_000_001),
        "health": stranger.get("/healthz"),
        "ready": stranger.get("/readyz"),
        "wrong method": visitor.post(stream),
    }
    assert {name: answer.status_code for name, answer in answers.items()} == {
        "static": 200,
        "no static": 404,
        "stream": 200,
        "finished stream": 200,
        "no session": 401,
        "too large": 413,
        "health": 200,
        "ready": 200,
        "wrong method": 405,
    }
    for name, answer in answers.items():
        assert faults(answer, f"/{name}") == []
        assert not re.search(r"\d", answer.headers.get("Server", "")), answer.headers["Server"]
    for name in ("stream", "finished stream"):
        headers = answers[name].headers
        assert headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert headers["Cache-Control"] == "no-store, no-transform"
        assert headers["X-Accel-Buffering"] == "no"
        assert "Content-Encoding" not in headers


@pytest.fixture
def behind_tls(make_server):
    """A server as in production: https only, behind one proxy of ours."""
    return make_server(
        INSECURE_HTTP="false", TRUSTED_PROXIES=1, ALLOWED_HOSTS="chat.example.org", workers=1
    )


def test_behind_tls_all_is_secure(behind_tls, visit, alice, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    alice.set_password("correct horse")
    alice.save()
    secure = {
        "Host": "chat.example.org",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-For": "192.0.2.1",
        "Origin": "https://chat.example.org",
    }
    visitor = visit(behind_tls)
    plain = visitor.get("/account/?a=1", headers={**secure, "X-Forwarded-Proto": "http"})
    assert plain.status_code == 301
    assert plain.headers["Location"] == "https://chat.example.org/account/?a=1"
    page = visitor.get("/accounts/login/", headers=secure)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]
    csrf = page.headers["Set-Cookie"]
    form = {"login": "alice", "password": "correct horse", "csrfmiddlewaretoken": token}
    cookie = {"Cookie": csrf.partition(";")[0]}
    logged_in = visitor.http.post("/accounts/login/", data=form, headers={**secure, **cookie})
    assert logged_in.status_code == 302
    cookies = [csrf, *logged_in.headers.get_list("Set-Cookie")]
    assert {cookie.partition("=")[0] for cookie in cookies} == {"__Host-csrf", "__Host-session"}
    for cookie in cookies:
        flags = {part.strip().partition("=")[0].lower(): part for part in cookie.split(";")[1:]}
        assert {"secure", "httponly", "samesite", "path"} <= set(flags)
        assert "domain" not in flags
        assert flags["samesite"].strip() == "SameSite=Lax"
        assert flags["path"].strip() == "Path=/"
    for answer in (plain, page, logged_in, visitor.get("/nowhere", headers=secure)):
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    for path in ("/healthz", "/readyz"):
        anywhere = visitor.get(path, headers={"Host": "10.1.2.3:8000"})
        assert (anywhere.status_code, anywhere.text) == (200, "ok\n")
    assert visitor.get("/", headers={**secure, "Host": "10.1.2.3"}).status_code == 400


@pytest.mark.parametrize(
    ("proxies", "given", "taken"),
    [
        (1, "7f3a9c5e1b0d4a6f7f3a9c5e1b0d4a6f", True),
        (1, "5f1c2f0e-5a0e-4f57-9a55-0a8a3f7b9c11", True),
        (0, "7f3a9c5e1b0d4a6f7f3a9c5e1b0d4a6f", False),
        (1, "short", False),
        (1, "x" * 65, False),
        (1, "0123456789abcdef\n", False),
        (1, "<script>alert(1)</script>", False),
        (1, "the administrator did it", False),
        (1, "edge-12345678", True),
    ],
)
def test_the_id_of_a_request_is_taken_from_a_proxy_of_ours_alone(
    client, settings, proxies, given, taken
):
    settings.TRUSTED_PROXIES = proxies
    answer = client.get("/robots.txt", HTTP_X_REQUEST_ID=given)
    assert (answer.headers["X-Request-Id"] == given) == taken
    assert re.fullmatch(r"[A-Za-z0-9._-]{8,64}", answer.headers["X-Request-Id"])
