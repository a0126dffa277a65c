"""The administration in the look of the site: colours, subjects, units, and what holds without a
script."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from django import forms
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.urls import resolve
from django.utils.html import escape

from chatsite.version import version
from conversations.admin.sections import SECTIONS
from conversations.models import Budget, LanguageModel, Person, Price, Scope, ToolPrice

pytestmark = pytest.mark.once

CSS = Path(__file__).parent.parent / "conversations/static/conversations/css"
ADMIN = "/admin/conversations/"


@pytest.fixture
def office(client, administrator):
    """The administrator, logged in."""
    client.force_login(administrator)
    return client


def raw_values(name):
    """The custom properties of a style sheet that are light-dark() pairs."""
    return dict(re.findall(r"(--[\w-]+): (light-dark\(oklch[^;]+);", (CSS / name).read_text()))


def test_its_colours_are_those_of_the_site():
    ours, site = raw_values("admin.css"), raw_values("app.css")
    assert len(ours) > 10
    assert ours == {name: site[name] for name in ours}


@pytest.mark.parametrize(
    ("theme", "scheme"), [("system", "light dark"), ("light", "light"), ("dark", "dark")]
)
def test_every_page_has_the_name_the_theme_the_version_and_ways_back(
    office, administrator, settings, theme, scheme
):
    settings.SITE_NAME = "Acme & Co"
    Person.objects.filter(pk=administrator.pk).update(theme=theme)
    for path in ("/admin/", f"{ADMIN}price/add/", "/admin/settings/", "/admin/setup/"):
        page = office.get(path).text
        assert f'<meta name="color-scheme" content="{scheme}">' in page
        assert "Acme &amp; Co" in page and f"Version {version()}" in page
        assert 'href="/"' in page and 'href="/account/"' in page
        assert "theme-toggle" not in page


def test_each_model_stands_under_a_subject_with_a_sentence(office):
    placed = [label for section in SECTIONS for label in section.models]
    assert sorted(placed) == sorted(model._meta.label_lower for model in admin.site._registry)
    page = office.get("/admin/").text
    for section in SECTIONS:
        assert f'id="{section.key}"' in page
        for sentence in section.models.values():
            assert str(escape(sentence)) in page
    for path in set(re.findall(r'href="(/[^"#?]*)', page)) - {"/"}:
        if not path.startswith("/static/"):
            assert resolve(path)


def test_staff_see_what_they_may_open_and_no_empty_subject(client, bob):
    Person.objects.filter(pk=bob.pk).update(is_staff=True)
    client.force_login(bob)
    assert "may not see or change anything" in client.get("/admin/").text
    bob.user_permissions.add(Permission.objects.get(codename="view_price"))
    client.force_login(bob)
    page = client.get("/admin/").text
    assert re.findall(r'<section class="subject" id="(\w+)"', page) == ["models"]
    assert f'href="{ADMIN}price/"' in page and f"{ADMIN}price/add/" not in page
    for path in ("/review/", "/review/log/", "/admin/settings/", "/admin/setup/"):
        assert f'href="{path}' not in page


def test_the_page_of_one_app_leads_to_the_first(office):
    for app in ("conversations", "auth"):
        assert office.get(f"/admin/{app}/").headers["Location"] == "/admin/"


@pytest.mark.parametrize("currency", ["USD", "EUR"])
def test_every_number_field_has_its_unit_beside_it(office, settings, currency):
    settings.CURRENCY = currency
    seen = 0
    for model, model_admin in admin.site._registry.items():
        page = office.get(f"/admin/{model._meta.app_label}/{model._meta.model_name}/add/")
        if page.status_code != 200:
            continue
        for bound in page.context["adminform"].form:
            if isinstance(bound.field, forms.IntegerField | forms.DecimalField):
                unit = re.search(
                    rf'<span class="unit" id="{bound.auto_id}_unit">([^<]+)<', page.text
                )
                assert unit, f"{model_admin}: {bound.name}"
                assert f'{bound.auto_id}_unit"' in str(bound)
                seen += 1
    assert seen >= 15
    price = office.get(f"{ADMIN}price/add/").text
    assert f"{currency} per million tokens" in price


def test_lists_and_pages_that_only_show_have_units_too(client, bob):
    Price.objects.create(model="m-1", input=Decimal("2.50"), output=10)
    ToolPrice.objects.create(tool="web_search", per_use=Decimal("0.01"))
    Budget.objects.create(period="day", metric="tokens", limit=20)
    LanguageModel.objects.create(name="m-9", context_window=4096)
    Person.objects.filter(pk=bob.pk).update(is_staff=True)
    bob.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(bob)
    for model, said, value in (
        (Price, "Input (USD per million tokens)", "2.5"),
        (ToolPrice, "Price of one use (USD per use)", "0.01"),
        (Budget, "Limit (USD, tokens or replies)", "20"),
        (LanguageModel, "Context window (tokens)", "4096"),
    ):
        path = f"{ADMIN}{model._meta.model_name}/"
        shown = client.get(f"{path}{model.objects.latest('pk').pk}/change/").text
        assert said in client.get(path).text
        assert said in shown and f">{value}<" in shown
        assert 'name="_save"' not in shown


def test_lists_are_sorted_by_numbers(office):
    for number in (9, 10):
        ToolPrice.objects.create(tool=f"t-{number}", per_use=number)
    for order, first in (("3", "t-9"), ("-3", "t-10")):
        found = office.get(f"{ADMIN}toolprice/?o={order}").context["cl"].result_list
        assert found[0].tool == first


def test_without_a_script_a_person_is_named(office, alice):
    path = f"{ADMIN}budget/add/"
    form = {"period": "day", "metric": "tokens", "limit": 5, "person": ""}
    page = office.get(path).text
    assert re.search(r'<noscript>\s*<input type="text" name="person_username"', page)
    refused = office.post(path, {**form, "person_username": "4711"})
    assert refused.status_code == 200
    assert "Select a valid choice" in refused.text and 'value="4711"' in refused.text
    assert office.post(path, {**form, "person_username": " alice "}).status_code == 302
    budget = Budget.objects.get()
    assert budget.person == alice
    shown = office.get(f"{ADMIN}budget/{budget.pk}/change/").text
    assert 'name="person_username" value="alice"' in shown
    office.post(f"{ADMIN}scope/add/", {"reviewer": "", "reviewer_username": "", "group": ""})
    assert not Scope.objects.exists()
    assert office.post(path, {**form, "person_username": ""}).status_code == 302
    assert Budget.objects.latest("pk").person is None
