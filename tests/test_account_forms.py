"""Forms of accounts: what their fields are called, and where their faults stand."""

import re

import pytest
from django.test import Client

from conversations.models import Person

pytestmark = pytest.mark.once


def field(page, name):
    """The `<div class="field">` of one field, and the tag of the field itself."""
    html = page.content.decode()
    tag = re.search(rf'<(?:input|select|textarea)[^>]*name="{name}"[^>]*>', html)[0]
    start = html.rindex('<div class="field">', 0, html.index(tag))
    return html[start : html.index(tag)], tag


def test_the_login_says_what_its_first_field_takes(client, db, alice):
    page = client.get("/accounts/login/")
    label, tag = field(page, "login")
    assert "Username or e-mail</label>" in label
    assert "placeholder" not in tag
    page = client.post("/accounts/login/", {"login": "alice", "password": "wrong"})
    _label, tag = field(page, "password")
    assert "autofocus" in tag
    assert 'aria-describedby="form-errors"' in tag
    assert 'id="form-errors"' in page.content.decode()


@pytest.mark.parametrize(
    ("first", "second", "fault"),
    [("short", "short", "too short"), ("correct horse 7", "correct house 7", "didn’t match")],
)
def test_faults_of_a_password_stand_where_the_focus_goes(client, db, first, second, fault):
    given = {"username": "root", "password1": first, "password2": second}
    page = client.post("/setup/", given)
    assert page.status_code == 422
    before, tag = field(page, "password1")
    assert fault in before
    assert "autofocus" in tag
    assert page.content.decode().count("autofocus") == 1


def test_a_wrong_origin_is_told_as_that_and_keeps_the_text(db, alice):
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    origin = {"Origin": "https://other.example"}
    page = client.post("/", {"text": "Typed for an hour"}, headers=origin)
    assert page.status_code == 403
    text = page.content.decode()
    assert "Typed for an hour" in text
    assert "expired" not in text
    assert "CSRF_TRUSTED_ORIGINS" in text
    # The script tries again only where there is a token to try it with.
    page = client.post("/", {"text": "x"}, headers={**origin, "X-Fragment": "turn"})
    assert "csrfmiddlewaretoken" not in page.content.decode()
    page = client.post("/", {"text": "Typed for an hour"})
    assert "has expired" in page.content.decode()


@pytest.mark.parametrize(
    ("first", "last", "shown", "initials"),
    [
        ("小明", "王", "王小明", "王"),
        ("Alice", "Lindqvist", "Alice Lindqvist", "AL"),
        ("太郎", "", "太郎", "太"),
        ("", "", "someone", "S"),
    ],
)
def test_names_stand_in_their_own_order(first, last, shown, initials):
    person = Person(username="someone", first_name=first, last_name=last)
    assert person.display_name == shown
    assert person.initials == initials


def test_the_account_page_asks_for_the_family_name_first_in_chinese(client, alice):
    client.force_login(alice)
    alice.language = "zh-hans"
    alice.save()
    html = client.get("/account/").content.decode()
    assert html.index('name="last_name"') < html.index('name="first_name"')
