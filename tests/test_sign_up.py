"""Making an account of one's own, where the site allows it."""

import pytest
from django.contrib.auth import get_user

from conversations.models import Person

pytestmark = pytest.mark.once

ACCOUNT = {
    "username": "nora",
    "email": "nora@example.org",
    "password1": "a long enough phrase",
    "password2": "a long enough phrase",
}


@pytest.fixture
def open_site(settings, alice):
    settings.SIGNUP = "open"


def test_it_is_closed_until_the_operator_opens_it(client, alice):
    assert "Sign-up is closed" in client.get("/accounts/signup/").text
    assert "/accounts/signup/" not in client.get("/accounts/login/").text
    client.post("/accounts/signup/", ACCOUNT)
    assert not Person.objects.filter(username="nora").exists()


def test_an_open_site_lets_people_register(client, open_site):
    assert "/accounts/signup/" in client.get("/accounts/login/").text
    answer = client.post("/accounts/signup/", ACCOUNT)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    person = get_user(client)
    assert person.username == "nora"
    assert not person.is_staff and not person.is_superuser


@pytest.mark.parametrize(
    "more", [{"is_superuser": "on", "is_staff": "on"}, {"groups": "1", "theme": "dark"}]
)
def test_nothing_else_of_the_account_can_be_chosen(client, open_site, more):
    client.post("/accounts/signup/", {**ACCOUNT, **more})
    person = Person.objects.get(username="nora")
    assert (person.is_superuser, person.is_staff, person.theme) == (False, False, "system")
    assert not person.groups.exists()


def test_a_name_is_taken_only_once_whatever_its_case(client, open_site):
    page = client.post("/accounts/signup/", {**ACCOUNT, "username": "ALICE"})
    assert "already exists" in page.text
    assert Person.objects.count() == 1


def test_an_address_belongs_to_one_account(client, open_site):
    page = client.post("/accounts/signup/", {**ACCOUNT, "email": "Alice@example.org"})
    assert "already registered" in page.text
    assert Person.objects.count() == 1


def test_registering_is_limited_for_one_address(client, open_site):
    for number in range(20):
        client.post("/accounts/signup/", {**ACCOUNT, "username": f"nora-{number}", "email": "x"})
    page = client.post("/accounts/signup/", ACCOUNT)
    assert page.status_code == 429
    assert "Too many attempts" in page.text
    assert not Person.objects.filter(username="nora").exists()
