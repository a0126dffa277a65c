"""What a login and a sign-up give away of others, and what a stranger can do to them."""

from contextlib import contextmanager

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.hashers import MD5PasswordHasher

from conversations.accounts.look_alikes import skeletons
from conversations.models import Person

pytestmark = pytest.mark.once

PASSWORD = "correct horse"
TOO_MANY = "Too many failed login attempts"


class CountingHasher(MD5PasswordHasher):
    """A hasher that counts, since each hash is what takes the time of a login."""

    count = 0

    def encode(self, *args, **kwargs):
        type(self).count += 1
        return super().encode(*args, **kwargs)


def log_in(client, name, password=PASSWORD, **extra):
    return client.post("/accounts/login/", {"login": name, "password": password}, **extra)


@contextmanager
def hashes(settings):
    settings.PASSWORD_HASHERS = ["tests.test_login_secrecy.CountingHasher"]
    before = CountingHasher.count
    counted = []
    yield counted
    counted.append(CountingHasher.count - before)


@pytest.mark.parametrize("state", ["active", "inactive", "without password"])
def test_the_time_of_a_login_does_not_tell_who_has_an_account(client, alice, settings, state):
    if state == "inactive":
        Person.objects.filter(pk=alice.pk).update(is_active=False)
    elif state == "without password":
        alice.set_unusable_password()
        alice.save()
    counts = {}
    for number, name in enumerate(
        ("alice", "nobody", "alice@example.org", "Alice@Example.org", "nobody@example.org")
    ):
        with hashes(settings) as counted:
            log_in(client, name, "wrong", REMOTE_ADDR=f"192.0.2.{number}")
        counts[name] = counted[0]
    assert len(set(counts.values())) == 1, counts


def test_five_failures_elsewhere_do_not_keep_the_person_out(client, alice):
    for _time in range(6):
        refused = log_in(client, "alice", "wrong", REMOTE_ADDR="192.0.2.1")
    assert TOO_MANY in refused.text
    assert log_in(client, "alice", REMOTE_ADDR="192.0.2.2").status_code == 302
    assert get_user(client) == alice


def test_failures_from_everywhere_are_limited_too(client, alice, settings):
    settings.FAILURES_OF_AN_ACCOUNT = "8/h/key"
    for number in range(8):
        name = ("alice", "alice@example.org")[number % 2]
        page = log_in(client, name, "wrong", REMOTE_ADDR=f"192.0.2.{number}")
        assert TOO_MANY not in page.text
    assert TOO_MANY in log_in(client, "alice", REMOTE_ADDR="192.0.2.99").text


def test_logins_that_succeed_use_up_nothing(client, alice, settings):
    settings.FAILURES_OF_AN_ACCOUNT = "3/h/key"
    for number in range(5):
        assert log_in(client, "alice", REMOTE_ADDR=f"192.0.2.{number}").status_code == 302
        client.logout()


@pytest.mark.parametrize(
    "name",
    [
        "аlice",
        "alicе",
        "a1ice",
        "aIice",
        "ALICE",
        "álice",
        "a.lice",
        "alice_",
        "ａlice",
        "alıce",
    ],
)
def test_no_stranger_takes_a_name_that_looks_like_another(client, alice, settings, name):
    settings.SIGNUP = "open"
    form = {
        "username": name,
        "email": "stranger@example.org",
        "password1": "a long enough phrase",
        "password2": "a long enough phrase",
    }
    page = client.post("/accounts/signup/", form)
    assert page.status_code == 200 and "already exists" in page.text
    assert name in page.text, "what was typed comes back"
    assert Person.objects.count() == 1


@pytest.mark.parametrize("name", ["alicia", "alice2", "Алиса", "爱丽丝", "أليس", "bob"])
def test_a_name_that_looks_like_nobodys_is_free(client, alice, settings, name):
    settings.SIGNUP = "open"
    form = {
        "username": name,
        "email": "stranger@example.org",
        "password1": "a long enough phrase",
        "password2": "a long enough phrase",
    }
    assert client.post("/accounts/signup/", form).status_code == 302
    assert Person.objects.filter(username=name).exists()


def test_names_that_do_not_look_alike_have_other_skeletons():
    names = [
        "Lia",
        "Ila",
        "anna",
        "hanna",
        "bob",
        "rob",
        "爱丽丝",
        "爱丽",
        "Иван",
        "Ирина",
        "user1",
        "user2",
    ]
    for name in names:
        assert [other for other in names if skeletons(other) & skeletons(name)] == [name]
    assert skeletons("modern") & skeletons("modem")
    assert skeletons("АLICE") & skeletons("alice")
