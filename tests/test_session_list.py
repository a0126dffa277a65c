"""Sessions: one's own list, and an administrator who ends those of others."""

import pytest
from django.contrib.auth import get_user
from django.test import Client

from conversations.accounts.session_list import device_of
from conversations.models import ReviewAccess

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.0 Mobile/15E148 Safari/604.1"
)


def log_in(name, agent, address="192.0.2.7"):
    client = Client(headers={"User-Agent": agent}, REMOTE_ADDR=address)
    client.post("/accounts/login/", {"login": name, "password": "correct horse"})
    return client


def test_one_sees_where_one_is_signed_in_and_ends_the_others(alice, bob):
    here = log_in("alice", FIREFOX)
    phone = log_in("alice", PHONE, "198.51.100.9")
    others = log_in("bob", FIREFOX)
    page = here.get("/account/sessions/").content.decode()
    assert page.count("<li>") == 2
    assert "Firefox, Linux" in page and "Safari, iPhone" in page and "198.51.100.9" in page
    assert page.count("this one") == 1
    assert here.post("/account/sessions/").status_code == 303
    assert get_user(here) == alice and get_user(others) == bob
    assert not get_user(phone).is_authenticated
    page = here.get("/account/sessions/").content.decode()
    assert page.count("<li>") == 1 and "signed out everywhere else" in page


@pytest.mark.once
def test_a_session_that_no_login_noted_is_in_the_list(client, alice):
    client.force_login(alice)
    assert client.get("/account/sessions/").content.decode().count("<li>") == 1


@pytest.mark.once
def test_an_administrator_ends_the_sessions_of_a_person_on_record(client, administrator, alice):
    phone = log_in("alice", PHONE)
    client.force_login(administrator)
    page = client.get(f"/admin/conversations/person/{alice.pk}/change/").content.decode()
    assert "Safari, iPhone, 192.0.2.7" in page
    form = {"action": "end_sessions", "_selected_action": [alice.pk, administrator.pk]}
    client.post("/admin/conversations/person/", form)
    assert not get_user(phone).is_authenticated
    assert get_user(client) == administrator
    rows = ReviewAccess.objects.filter(action="ended_sessions", reviewer_id=administrator.pk)
    assert set(rows.values_list("owner_id", flat=True)) == {alice.pk, administrator.pk}


@pytest.mark.once
@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (FIREFOX, "Firefox, Linux"),
        (PHONE, "Safari, iPhone"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("", "unknown"),
        ("<script>alert(1)</script>", "scriptalert1/script"),
        ("\u202eevil " * 100, "evil"),
    ],
)
def test_a_device_is_named_from_what_it_says_of_itself(agent, device):
    assert device_of(agent) == device
