"""Filters in the address of an administration list: only those that the list itself offers."""

import pytest
from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path

from conversations.models import Conversation, Person

pytestmark = pytest.mark.once

PEOPLE = "/admin/conversations/person/"


@pytest.fixture
def office(client, administrator):
    client.force_login(administrator)
    return client


@pytest.fixture
def secret(alice):
    Person.objects.filter(pk=alice.pk).update(instructions="secret plan", language="en")
    Conversation.objects.create(owner=alice, title="Secret title", instructions="hidden")
    return alice


@pytest.mark.parametrize(
    "query",
    [
        "instructions__startswith=s",
        "instructions__regex=^s",
        "instructions=secret plan",
        "password__startswith=md5",
        "theme=system",
        "language__in=en",
        "pk__gt=0",
        "id__in=1,2",
        "last_login__gte=2020-01-01",
        "conversations__title__startswith=S",
        "conversations__instructions__isnull=False",
        "conversations__messages__text__contains=a",
        "groups__permissions__codename=review_conversation",
        "groups__name__startswith=R",
        "user_permissions__codename=view_usage",
        "scopes__group__id__exact=1",
        "emailaddress__email__startswith=a",
        "logentry__change_message__contains=a",
        "is_active__exact__startswith=1",
        "is_active__in=1",
    ],
)
def test_a_look_up_that_no_link_makes_is_refused(office, secret, query):
    assert office.get(f"{PEOPLE}?{query}").status_code == 400
    # Nor with an action, nor in a window that chooses a row for another page.
    action = {"action": "deactivate", "_selected_action": secret.pk, "select_across": "1"}
    assert office.post(f"{PEOPLE}?{query}", action).status_code == 400
    assert office.get(f"{PEOPLE}?{query}&_popup=1").status_code == 400
    assert Person.objects.get(pk=secret.pk).is_active


@pytest.mark.parametrize("field", ["username", "email", "password", "instructions"])
def test_no_field_but_the_id_chooses_a_row(office, secret, field):
    assert office.get(f"{PEOPLE}?_popup=1&_to_field={field}").status_code == 400
    path = f"{PEOPLE}{secret.pk}/change/?_to_field={field}"
    assert office.get(path).status_code == 400


def test_facets_and_orders_show_nothing_of_hidden_fields(office, secret):
    page = office.get(f"{PEOPLE}?_facets=True").content.decode()
    assert "Show counts" not in page and "Hide counts" not in page
    columns = len(admin.site._registry[Person].list_display)
    for order in (str(columns + 1), "99", "-99", "instructions", "password"):
        assert office.get(f"{PEOPLE}?o={order}").status_code == 200
    assert "alice" not in office.get(f"{PEOPLE}?q=secret").content.decode().split("<tbody>")[-1]


def test_every_filter_and_link_of_every_list_works(office, secret):
    lookups = 0
    for model, each in admin.site._registry.items():
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        request = office.get(path).wsgi_request
        for spec in each.get_changelist_instance(request).filter_specs:
            for name in spec.expected_parameters():
                assert each.lookup_allowed(name, "1", request), (model, name)
                lookups += 1
        if each.date_hierarchy:
            assert office.get(f"{path}?{each.date_hierarchy}__year=2026").status_code == 200
    assert lookups > 10
    assert (
        office.get(f"/admin/conversations/budget/?person__id__exact={secret.pk}").status_code == 200
    )


def test_lists_are_searched_by_what_they_show():
    """A search for a field that is not shown would tell it letter by letter, as a look-up does."""
    shown = {
        "conversations.scope": {"reviewer__username", "group__name"},
        "conversations.usagescope": {"viewer__username", "groups__name"},
        "conversations.budget": {"person__username", "group__name"},
        "conversations.budgetchange": {"holder", "by"},
        "conversations.directorygroup": {"value", "group__name"},
        "conversations.person": {"username", "email", "first_name", "last_name"},
    }
    for model, each in admin.site._registry.items():
        allowed = shown.get(model._meta.label_lower, set(each.list_display))
        for path in each.search_fields:
            assert path in allowed or path == "name", (model, path)
            get_fields_from_path(model, path)
