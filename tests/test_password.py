"""Changing a password, and getting a new one by mail."""

import re

import pytest
from django.contrib.auth import get_user

from tests.support.visitor import session_of

pytestmark = pytest.mark.once

NEW = {"password1": "another long phrase", "password2": "another long phrase"}


def link_in(mail):
    return re.search(r"https?://testserver(/\S+)", mail.body)[1]


def test_a_reset_by_mail_lets_one_in_with_the_new_password_once(client, alice, mailoutbox):
    assert "reset" in client.get("/accounts/login/").text
    client.post("/accounts/password/reset/", {"email": "Alice@example.org"})
    [mail] = mailoutbox
    assert mail.to == ["alice@example.org"]
    link = link_in(mail)
    form = client.get(link, follow=True)
    client.post(form.request["PATH_INFO"], NEW)
    alice.refresh_from_db()
    assert alice.check_password(NEW["password1"])
    client.post("/accounts/login/", {"login": "alice", "password": NEW["password1"]})
    assert get_user(client) == alice
    client.logout()
    again = client.get(link, follow=True)
    assert "password1" not in again.text


def test_a_reset_does_not_tell_whether_an_address_is_known(client, alice, mailoutbox):
    known = client.post("/accounts/password/reset/", {"email": "alice@example.org"}, follow=True)
    unknown = client.post("/accounts/password/reset/", {"email": "eve@example.org"}, follow=True)
    assert known.redirect_chain == unknown.redirect_chain
    bodies = [page.text.replace(page.wsgi_request.id, "") for page in (known, unknown)]
    assert bodies[0] == bodies[1]
    assert [mail.to for mail in mailoutbox] == [["alice@example.org"], ["eve@example.org"]]
    assert "/accounts/password/reset/key/" not in mailoutbox[1].body


def test_reset_mails_to_one_address_are_limited(client, alice, mailoutbox):
    for _ in range(7):
        client.post("/accounts/password/reset/", {"email": "alice@example.org"})
    assert len(mailoutbox) == 5


def test_the_mail_never_names_a_host_that_is_not_ours(client, alice, mailoutbox):
    form = {"email": "alice@example.org"}
    answer = client.post("/accounts/password/reset/", form, HTTP_HOST="evil.example.net")
    assert answer.status_code == 400
    assert not mailoutbox


def test_changing_it_ends_the_other_sessions(client, alice):
    elsewhere = type(client)()
    elsewhere.cookies["session"] = session_of(alice)
    assert elsewhere.get("/").status_code == 200
    client.cookies["session"] = session_of(alice)
    form = {"oldpassword": "correct horse", **NEW}
    assert client.post("/accounts/password/change/", form).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(NEW["password1"])
    assert client.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302


def test_changing_it_asks_for_the_old_one(client, alice):
    client.cookies["session"] = session_of(alice)
    client.post("/accounts/password/change/", {"oldpassword": "wrong", **NEW})
    alice.refresh_from_db()
    assert alice.check_password("correct horse")
