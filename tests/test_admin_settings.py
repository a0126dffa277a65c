"""The page of settings: all of them, what they are and where from, and no secret."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from chatsite.settings import env
from conversations.installation.masking import masked
from conversations.installation.settings_catalog import GROUPS
from conversations.models import Person, Price

pytestmark = pytest.mark.once

EXAMPLE = Path(__file__).parent.parent / ".env.example"
SETTINGS = [setting for group in GROUPS for setting in group.settings]
SECRET = "hunter2-0123456789-0123456789-0123456789"
WITH_PASSWORD = {
    "DATABASE_URL": f"postgres://name:{SECRET}@db.example.org:5432/chat?sslmode=require",
    "EMAIL_URL": f"smtp+tls://name:{SECRET}@mail.example.org:587",
    "FILES_URL": f"s3://bucket/files?endpoint_url=https%3A%2F%2Fkey%3A{SECRET}%40s3.example.org",
    "OPENAI_BASE_URL": f"https://name:{SECRET}@gateway.example.org/v1?key={SECRET}",
}


@pytest.fixture
def office(client, administrator):
    """The administrator, logged in."""
    client.force_login(administrator)
    return client


def in_the_example():
    """What `.env.example` says: `{name: (group, default, meaning)}`."""
    found, group, said = {}, "", []
    for line in EXAMPLE.read_text().splitlines():
        name, equals, default = line.partition("=")
        if line.startswith("# --- "):
            group, said = line.removeprefix("# --- "), []
        elif line.startswith("#"):
            said.append(line.removeprefix("#").strip())
        elif equals:
            found[name] = (group, default, " ".join(said))
            said = []
        else:
            said = []
    return found


def row_of(page, name):
    """The texts of the cells of a setting: value, source, meaning."""
    row = re.search(rf'<tr id="{name}".*?</tr>', page, re.DOTALL)[0]
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in cells]


def test_the_catalogue_says_what_the_example_says():
    """Whoever adds a setting to `.env.example` adds it to the catalogue, in the same words."""
    catalogue = {
        setting.name: (str(group.name), setting.default, str(setting.meaning))
        for group in GROUPS
        for setting in group.settings
    }
    assert catalogue == in_the_example()


def test_each_setting_is_on_the_page_with_value_source_and_meaning(office):
    page = office.get("/admin/settings/").text
    for setting in SETTINGS:
        value, source, meaning = row_of(page, setting.name)
        assert value and source and meaning, setting.name
    assert row_of(page, "CURRENCY")[:2] == ["USD", "default"]
    assert row_of(page, "INSECURE_HTTP")[:2] == ["true", "environment"]
    assert row_of(page, "SECRET_KEY")[:2] == ["set", "environment"]
    assert row_of(page, "OIDC_CLIENT_SECRET")[:2] == ["not set", "default"]
    assert row_of(page, "OIDC_SIGNUP")[:2] == ["closed", "default"]


def test_what_the_administration_sets_is_there_with_its_number(office):
    Price.objects.create(model="m", input=1, output=1)
    page = office.get("/admin/settings/").text
    assert re.search(r'href="/admin/conversations/price/">Prices</a></th><td>1</td>', page)


def test_sources_are_told_apart(office, monkeypatch, tmp_path):
    file = tmp_path / "secret"
    file.write_text(SECRET)
    given = {"PORT": "8123", "TITLE_MODEL": "", "WEB_CONCURRENCY": "3"}
    monkeypatch.setattr(type(env), "ENVIRON", {**given, "OPENAI_API_KEY_FILE": str(file)})
    monkeypatch.setattr(type(env), "GIVEN", frozenset({"PORT", "TITLE_MODEL"}))
    page = office.get("/admin/settings/").text
    assert row_of(page, "PORT")[:2] == ["8123", "environment"]
    assert row_of(page, "WEB_CONCURRENCY")[:2] == ["3", ".env"]
    assert row_of(page, "TITLE_MODEL")[1] == "default"
    assert row_of(page, "OPENAI_API_KEY")[:2] == ["set", "the file that OPENAI_API_KEY_FILE names"]


@pytest.mark.parametrize("as_file", [False, True])
def test_no_secret_of_any_setting_is_on_the_page(office, settings, monkeypatch, tmp_path, as_file):
    """Every setting has the secret in its value; what may be shown of an address is."""
    given = {each.name: WITH_PASSWORD.get(each.name, SECRET) for each in SETTINGS if each.is_secret}
    given |= WITH_PASSWORD | {"FILE_SCANNER": f"scan --token {SECRET}"}
    for name, value in given.items():
        if hasattr(settings, name):
            setattr(settings, name, [value] if name == "SECRET_KEY_FALLBACKS" else value)
    if as_file:
        for name in given:
            (tmp_path / name).write_text(given[name])
        given = {f"{name}_FILE": str(tmp_path / name) for name in given}
    monkeypatch.setattr(type(env), "ENVIRON", given)
    office.cookies.clear()
    office.force_login(Person.objects.get(username="administrator"))
    page = office.get("/admin/settings/").text
    assert "hunter2" not in page
    for name, seen in {
        "SECRET_KEY": "set",
        "DATABASE_URL": "postgres://…@db.example.org:5432/chat?sslmode=require",
        "EMAIL_URL": "smtp+tls://…@mail.example.org:587",
        "FILES_URL": "s3://bucket/files?endpoint_url=https://…@s3.example.org",
        "OPENAI_BASE_URL": "https://…@gateway.example.org/v1?key=…",
        "FILE_SCANNER": "scan …",
    }.items():
        assert row_of(page, name)[0] == seen


@examples(max_examples=50)
@given(
    user=st.text(min_size=1, max_size=10),
    password=st.text(st.characters(exclude_characters="…"), min_size=1, max_size=10),
)
def test_no_password_gets_past_the_mask(user, password):
    """Also one that should have been percent-encoded."""
    shown = masked(f"postgres://{user}:<<{password}>>@host/name?option={password}@")
    assert "<<" not in shown and ">>" not in shown
    for address in (
        f"smtp://host?password=<<{password}>>&x",
        f"smtp://{user}@host?a=<<{password}>>",
    ):
        shown = masked(address)
        assert shown.startswith("smtp://") and "<<" not in shown and ">>" not in shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("smtp://host?timeout=5&password=a", "smtp://host?timeout=5&password=…"),
        ("smtp://host?password=a&timeout=5", "smtp://host?password=…&…"),
        ("smtp://host?password=half&timeout=other-half", "smtp://host?password=…&…"),
        ("smtp://host?a&&b=c", "smtp://host?…&…"),
        ("smtp://host?", "smtp://host?"),
        ("smtp://host?password=a@b", "smtp://…"),
        ("smtp://me:what?@host", "smtp://…"),
        ("smtp://me:p@ss/word@host?timeout=5", "smtp://…@host?timeout=5"),
    ],
)
def test_what_follows_a_hidden_value_may_belong_to_it(address, shown):
    assert masked(address) == shown


def test_text_without_an_address_is_left_alone():
    assert masked("a@b.example, c?d=e") == "a@b.example, c?d=e"
    assert masked("https://host/path") == "https://host/path"


def test_who_may_not_see_settings_gets_403(client, bob):
    Person.objects.filter(pk=bob.pk).update(is_staff=True)
    client.force_login(bob)
    for path in ("/admin/settings/", "/admin/setup/"):
        assert client.get(path).status_code == 403
    assert client.post("/admin/setup/mail/", {"act": "dismiss"}).status_code == 403
    bob.user_permissions.add(Permission.objects.get(codename="view_settings"))
    client.force_login(bob)
    for path in ("/admin/settings/", "/admin/setup/"):
        assert client.get(path).status_code == 200
