"""My account: names, instructions, language and theme."""

import pytest

pytestmark = pytest.mark.once


def test_what_is_changed_is_kept_and_shown(client, alice):
    client.force_login(alice)
    fields = {
        "first_name": "Alicia",
        "last_name": "Lindqvist",
        "instructions": "Be brief.\r\nUse metric units.",
        "language": "en",
        "theme": "dark",
    }
    answer = client.post("/account/", fields)
    assert (answer.status_code, answer["Location"]) == (303, "/account/")
    alice.refresh_from_db()
    assert alice.instructions == "Be brief.\nUse metric units."
    page = client.get("/account/").content.decode()
    assert "Saved." in page
    assert 'data-theme="dark"' in page
    assert "Alicia Lindqvist" in page


@pytest.mark.parametrize(
    ("before", "chosen", "note"),
    [("en", "zh-hans", "已保存。"), ("zh-hans", "en", "Saved."), ("en", "", "已保存。")],
)
def test_a_new_language_is_that_of_the_note_too(client, alice, before, chosen, note):
    alice.language = before
    alice.save()
    client.force_login(alice)
    browser = {"Accept-Language": "zh-CN"}
    client.post("/account/", {"theme": "dark", "language": chosen}, headers=browser)
    assert f">{note}<" in client.get("/account/", headers=browser).content.decode()


@pytest.mark.parametrize(
    "wrong", [{"theme": "pink"}, {"theme": "dark", "language": "tlh"}, {"theme": ""}]
)
def test_what_does_not_exist_cannot_be_chosen(client, alice, wrong):
    client.force_login(alice)
    assert client.post("/account/", wrong).status_code == 422
    alice.refresh_from_db()
    assert (alice.theme, alice.language) == ("system", "")


def test_no_field_makes_an_administrator(client, alice):
    client.force_login(alice)
    client.post("/account/", {"theme": "dark", "is_staff": "on", "is_superuser": "on"})
    alice.refresh_from_db()
    assert alice.theme == "dark"
    assert not alice.is_staff
    assert not alice.is_superuser


def test_strangers_are_sent_to_the_login(client, alice):
    assert client.get("/account/")["Location"].startswith("/accounts/login/")
