"""The first visit: who opens the site first makes the administrator, once."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth import get_user

from conversations.models import Person
from conversations.views.first_visit import setup_code
from tests.support.raw_browser import Browser

ACCOUNT = {
    "username": "ada",
    "email": "ada@example.org",
    "password1": "a long enough phrase",
    "password2": "a long enough phrase",
}
AFAR = {"REMOTE_ADDR": "192.0.2.7"}


@pytest.mark.django_db
def test_the_start_page_leads_to_the_setup_and_then_to_the_chat(client):
    assert client.get("/").headers["Location"] == "/setup/"
    page = client.get("/setup/")
    assert 'name="code"' not in page.text
    made = client.post("/setup/", ACCOUNT)
    assert (made.status_code, made.headers["Location"]) == (302, "/")
    person = Person.objects.get()
    assert person.is_superuser and person.is_staff
    assert get_user(client) == person
    assert client.get("/").status_code == 200


@pytest.mark.django_db
def test_it_works_once(client):
    client.post("/setup/", ACCOUNT)
    assert client.get("/setup/").status_code == 404
    assert client.post("/setup/", {**ACCOUNT, "username": "eve"}).status_code == 404
    assert [person.username for person in Person.objects.all()] == ["ada"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "where",
    [
        AFAR,
        {"REMOTE_ADDR": "2001:db8::1"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.7"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=192.0.2.7"},
    ],
)
def test_from_afar_it_asks_for_the_code(client, where):
    assert 'name="code"' in client.get("/setup/", **where).text
    refused = client.post("/setup/", {**ACCOUNT, "code": "0000-0000-0000"}, **where)
    assert refused.status_code == 422
    assert "not the code" in refused.text
    assert 'value="ada"' in refused.text
    assert client.post("/setup/", ACCOUNT, **where).status_code == 422
    assert not Person.objects.exists()
    made = client.post("/setup/", {**ACCOUNT, "code": f" {setup_code().lower()} "}, **where)
    assert made.status_code == 302
    assert Person.objects.get().is_superuser


@pytest.mark.django_db
def test_behind_a_proxy_it_always_asks_for_the_code(client, settings):
    settings.TRUSTED_PROXIES = 1
    assert 'name="code"' in client.get("/setup/").text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALLOWED_HOSTS", ["chat.example.org", "localhost"]),
        ("ALLOWED_HOSTS", ["*"]),
        ("CSRF_TRUSTED_ORIGINS", ["https://chat.example.org"]),
    ],
)
def test_behind_a_proxy_that_adds_no_header_it_asks_for_the_code(client, settings, name, value):
    setattr(settings, name, value)
    for host in ("localhost", "chat.example.org", "127.0.0.1:8000"):
        page = client.get("/setup/", HTTP_HOST=host)
        assert page.status_code == 400 or 'name="code"' in page.text
    assert client.post("/setup/", ACCOUNT, HTTP_HOST="localhost").status_code in (400, 422)
    assert not Person.objects.exists()


@pytest.mark.once
@pytest.mark.parametrize(("version", "asked"), [("1.0", True), ("1.1", False)])
def test_it_asks_for_the_code_where_nginx_stands_in_between(make_server, version, asked):
    server = make_server(DJANGO_SETTINGS_MODULE="tests.support.settings.bare")
    browser = Browser(server).connect()
    browser.socket.sendall(
        f"GET /setup/ HTTP/{version}\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    )
    assert (b'name="code"' in browser.rest()) == asked


@pytest.mark.django_db
def test_a_weak_password_is_refused(client):
    weak = {**ACCOUNT, "password1": "12345678", "password2": "12345678"}
    refused = client.post("/setup/", weak)
    assert refused.status_code == 422
    assert "too common" in refused.text
    assert not Person.objects.exists()


def test_two_browsers_racing_make_one_administrator(make_server, visit):
    server = make_server(workers=2, DJANGO_SETTINGS_MODULE="tests.support.settings.bare")
    visitors = [visit(server) for _ in range(6)]
    forms = []
    for number, visitor in enumerate(visitors):
        page = visitor.get("/setup/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        forms.append({**ACCOUNT, "username": f"ada{number}", "csrfmiddlewaretoken": token})
    gate = threading.Barrier(len(visitors))

    def post(visitor, form):
        gate.wait()
        return visitor.http.post("/setup/", data=form).status_code

    with ThreadPoolExecutor(len(visitors)) as threads:
        answers = list(threads.map(post, visitors, forms))
    assert sorted(answers) == [302] + [404] * (len(visitors) - 1)
    assert Person.objects.get().username == f"ada{answers.index(302)}"


@pytest.mark.once
def test_the_server_prints_the_code_until_there_is_an_account(make_server):
    server = make_server(workers=2, DJANGO_SETTINGS_MODULE="tests.support.settings.bare")
    assert setup_code() in server.output()
    Person.objects.create_user("ada", password="a long enough phrase")
    server.stop()
    before = len(server.output())
    server.start()
    assert setup_code() not in server.output()[before:]
