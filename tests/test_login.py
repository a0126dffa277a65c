"""Logging in and out: by name or e-mail, and slowly for whoever guesses."""

import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth import get_user
from django.core.cache import cache

from conversations.models import Person

PASSWORD = "correct horse"
TOO_MANY = "Too many failed login attempts"
WRONG = "password you specified are not correct"


def log_in(client, name, password=PASSWORD, **extra):
    return client.post("/accounts/login/", {"login": name, "password": password}, **extra)


@pytest.mark.parametrize("name", ["alice", "ALICE@example.org", "alice@example.org"])
def test_a_person_made_by_hand_logs_in_by_name_or_mail(client, alice, name):
    answer = log_in(client, name)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert get_user(client) == alice


@pytest.mark.once
def test_login_leads_to_where_one_wanted_to_go(client, alice):
    asked = client.get("/account/")
    assert asked.headers["Location"] == "/accounts/login/?next=/account/"
    form = {"login": "alice", "password": PASSWORD, "next": "/account/"}
    assert client.post("/accounts/login/", form).headers["Location"] == "/account/"


@pytest.mark.once
def test_login_leads_to_no_other_site(client, alice):
    form = {"login": "alice", "password": PASSWORD, "next": "https://example.net/"}
    assert client.post("/accounts/login/", form).headers["Location"] == "/"


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(client, alice):
    wrong = log_in(client, "alice", "wrong")
    unknown = log_in(client, "nobody", "wrong")
    assert wrong.status_code == unknown.status_code == 200
    assert wrong.context["form"].non_field_errors() == unknown.context["form"].non_field_errors()
    assert wrong.context["form"].non_field_errors()


@pytest.mark.once
def test_a_deactivated_person_stays_out(client, alice):
    Person.objects.filter(pk=alice.pk).update(is_active=False)
    log_in(client, "alice")
    assert not get_user(client).is_authenticated


@pytest.mark.once
def test_logging_out_clears_what_the_browser_kept(client, alice):
    client.force_login(alice)
    answer = client.post("/accounts/logout/")
    assert answer.headers["Location"] == "/accounts/login/"
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert client.get("/").status_code == 302


@pytest.mark.once
def test_the_admin_has_no_login_of_its_own(client, alice):
    answer = client.get("/admin/", follow=True)
    assert answer.request["PATH_INFO"] == "/accounts/login/"
    assert (
        client.post("/admin/login/", {"username": "alice", "password": PASSWORD}).status_code != 200
    )
    assert not get_user(client).is_authenticated


def test_five_failures_close_the_account_for_a_while_by_whatever_name(client, alice):
    for name in ("alice", "Alice", "alice@example.org", "ALICE@EXAMPLE.ORG", "alice"):
        assert TOO_MANY not in log_in(client, name, "wrong").text
    for name in ("alice", "alice@example.org"):
        refused = log_in(client, name)
        assert TOO_MANY in refused.text
        assert PASSWORD not in refused.text
    assert not get_user(client).is_authenticated


@pytest.mark.once
def test_the_name_of_the_site_makes_no_second_count(client, alice, settings):
    settings.ALLOWED_HOSTS = ["a.example.org", "b.example.org"]
    for number in range(5):
        log_in(client, "alice", "wrong", HTTP_HOST="ab"[number % 2] + ".example.org")
    assert TOO_MANY in log_in(client, "alice", HTTP_HOST="b.example.org").text


def test_a_flood_of_other_names_does_not_make_it_forget(client, alice):
    for _ in range(5):
        log_in(client, "alice", "wrong")
    for number in range(700):
        cache.set(f"of-another-{number}", [1.0], 300)
    assert TOO_MANY in log_in(client, "alice").text


@pytest.mark.parametrize(
    ("addresses", "refused"),
    [
        (["192.0.2.1"], True),
        ([f"2001:db8::{n:x}" for n in range(11)], True),
        ([f"2001:db8:0:{n:x}::1" for n in range(11)], False),
    ],
)
def test_ten_failures_close_the_address_or_its_network(client, alice, addresses, refused):
    for number in range(10):
        where = {"REMOTE_ADDR": addresses[number % len(addresses)]}
        log_in(client, f"name-{number}", "wrong", **where)
    answer = log_in(client, "alice", REMOTE_ADDR=addresses[-1])
    assert (TOO_MANY in answer.text) == refused


@pytest.mark.once
def test_an_address_is_believed_only_from_our_own_proxy(client, alice, settings):
    for number in range(10):
        log_in(client, f"name-{number}", "wrong", HTTP_X_FORWARDED_FOR=f"192.0.2.{number}")
    assert TOO_MANY in log_in(client, "alice", HTTP_X_FORWARDED_FOR="192.0.2.99").text
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert TOO_MANY not in log_in(client, "alice", HTTP_X_FORWARDED_FOR="192.0.2.99").text


def test_failures_are_counted_across_processes(make_server, visit, alice):
    server = make_server(workers=3, DJANGO_SETTINGS_MODULE="tests.support.settings.bare")
    visitors = [visit(server) for _ in range(12)]
    tokens = [visitor.token() for visitor in visitors]

    def guess(visitor, token):
        form = {"login": "alice", "password": "wrong", "csrfmiddlewaretoken": token}
        return visitor.http.post("/accounts/login/", data=form).text

    with ThreadPoolExecutor(len(visitors)) as threads:
        answers = list(threads.map(guess, visitors, tokens))
    assert 1 <= sum(WRONG in answer for answer in answers) <= 5


@pytest.mark.parametrize("stored", ["NFC", "NFD"])
@pytest.mark.parametrize("typed", ["NFC", "NFD"])
def test_a_name_is_found_in_either_unicode_form(client, administrator, stored, typed):
    name, mail = "josé", "josé@example.org"
    person = Person(
        username=unicodedata.normalize(stored, name), email=unicodedata.normalize(stored, mail)
    )
    person.set_password(PASSWORD)
    person.save()
    for each in (name, mail):
        log_in(client, unicodedata.normalize(typed, each))
        assert get_user(client) == person
        client.logout()
    client.force_login(administrator)
    shown = unicodedata.normalize(typed, name)
    assert name in client.get("/admin/conversations/person/", {"q": shown[1:]}).content.decode()
    assert client.get(f"/usage/people/{shown}/").status_code == 200
