"""Every change of what administrators set is a row of the access log, with the values before and
after."""

from datetime import datetime
from decimal import Decimal

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import transaction
from django.test import RequestFactory
from django.utils import timezone

from conversations.models import (
    Budget,
    LanguageModel,
    Person,
    Price,
    RetentionRule,
    ReviewAccess,
    TemporaryPolicy,
    ToolPrice,
    UsageScope,
)
from conversations.review.administration_log import WATCHED
from conversations.review.record_access import acting
from tests.support.review_stage import failing_log

ADMIN = "/admin/conversations/"
# What can be administered and is not recorded by `administration_log`, and why.
NOT_WATCHED = {
    "conversations.budgetchange": "is a record itself, which nobody changes",
    "conversations.erasure": "its order and its end are recorded as acts of their own",
    "conversations.hold": "is recorded as placed and released, by whatever way that happens",
    "conversations.invitation": "gives nothing until it is accepted; then its role is recorded",
    "conversations.job": "is only shown; what it does is recorded where that matters",
    "conversations.outgoingmail": "is only shown, or removed once it was given up",
    "conversations.scope": "is recorded as a change of who may review whom",
    "conversations.serverprocess": "is only shown; server processes write it",
}


def rows():
    """What was recorded, oldest first, as `(who, whose, detail)`."""
    found = ReviewAccess.objects.filter(action="changed_setting").order_by("number")
    return list(found.values_list("reviewer_id", "owner_id", "detail"))


@pytest.fixture
def office(administrator):
    """Within it what happens is the administrator's act, as on every page of the administration."""
    request = RequestFactory().get("/admin/")
    request.user, request.id = administrator, "id-1"
    with acting(request):
        yield administrator


@pytest.fixture
def price(office):
    return Price.objects.create(
        model="m-1",
        input=Decimal("2.50"),
        output=10,
        valid_from=timezone.make_aware(datetime(2026, 1, 1)),
    )


def test_whatever_can_be_administered_is_recorded_or_named_with_a_reason():
    watched = {model._meta.label_lower for model in WATCHED}
    assert not watched & NOT_WATCHED.keys()
    registered = {model._meta.label_lower for model in admin.site._registry}
    assert registered == watched | NOT_WATCHED.keys()
    assert all(NOT_WATCHED.values())


def test_a_price_that_is_made_changed_and_deleted(price):
    price.output = Decimal("12.000000")
    price.save()
    price.save()
    price.delete()
    made, changed, removed = rows()
    assert made[2]["change"] == "added"
    assert made[2]["after"]["input"] == "2.5"
    assert changed[2]["before"] == {"output": "10"}
    assert changed[2]["after"] == {"output": "12"}
    assert removed[2]["before"]["output"] == "12"
    assert removed[2]["after"] == {}


def test_it_is_the_act_of_who_did_it_in_the_administration(client, administrator):
    price = Price.objects.create(model="m-1", input=Decimal("2.50"), output=10)
    assert rows() == []
    client.force_login(administrator)
    given = {"model": "m-1", "input": "3", "output": "10", "cached_input": ""}
    given |= {"valid_from_0": "2026-01-01", "valid_from_1": "00:00:00"}
    answer = client.post(f"{ADMIN}price/{price.pk}/change/", given)
    assert answer.status_code == 302
    who, _whose, detail = rows()[-1]
    assert who == administrator.pk
    assert (detail["before"]["input"], detail["after"]["input"]) == ("2.5", "3")
    page = client.get("/review/log/?action=changed_setting").content.decode()
    assert "changed a setting" in page
    assert "changed_setting" in client.get("/review/log.csv").content.decode()


@pytest.mark.parametrize(
    ("model", "fields", "change"),
    [
        (Budget, {"period": "day", "metric": "tokens", "limit": 5}, {"limit": 9}),
        (LanguageModel, {"name": "m-9"}, {"enabled": False}),
        (RetentionRule, {"days": 30}, {"days": 7}),
        (TemporaryPolicy, {"policy": "allowed"}, {"policy": "forbidden"}),
        (Group, {"name": "Team"}, {"name": "Crew"}),
        (ToolPrice, {"tool": "web_search", "per_use": 1}, {"per_use": 2}),
    ],
)
def test_whatever_is_set_is_recorded(office, model, fields, change):
    row = model.objects.create(**fields)
    for name, value in change.items():
        setattr(row, name, value)
    row.save()
    row.delete()
    assert [detail["change"] for *_who, detail in rows()] == ["added", "changed", "removed"]
    assert set(rows()[1][2]["after"]) == set(change)


@pytest.mark.once
def test_groups_of_a_model_and_of_a_limit_are_recorded(office, alice):
    team, crew = (Group.objects.create(name=name) for name in ("Team", "Crew"))
    for row in (
        LanguageModel.objects.create(name="m-9"),
        UsageScope.objects.create(viewer=alice),
    ):
        row.groups.set([team])
        row.groups.set([crew])
        row.groups.clear()
        name = row._meta.model_name
        told = [
            (detail["before"], detail["after"])
            for *_who, detail in rows()
            if detail["what"] == name and "groups" in detail["after"]
        ]
        numbers = [detail["groups"] for pair in told for detail in pair]
        assert numbers == [[], [team.pk], [team.pk], [], [], [crew.pk], [crew.pk], []]


def test_of_people_powers_are_told_and_personal_fields_only_as_changed(alice, office):
    alice.is_staff = True
    alice.email, alice.last_name = "new@example.org", "Newman"
    alice.set_password("another horse")
    alice.save()
    (row,) = rows()
    assert row[1] == alice.pk
    assert row[2]["before"] == {
        "is_staff": False,
        **dict.fromkeys(("last_name", "email", "password"), "changed"),
    }
    assert row[2]["after"] == {**row[2]["before"], "is_staff": True}
    assert "Newman" not in str(rows())


@pytest.mark.parametrize(
    ("path", "form", "after"),
    [
        (
            "{pk}/password/",
            {"password1": "another horse", "password2": "another horse", "usable_password": "true"},
            {"password": "changed"},
        ),
        (
            "{pk}/password/",
            {"usable_password": "false", "unset-password": ""},
            {"password": "changed"},
        ),
        ("", {"action": "deactivate"}, {"is_active": False}),
    ],
    ids=["new password", "no password", "deactivated"],
)
def test_what_shuts_a_person_out_is_recorded(client, administrator, alice, bob, path, form, after):
    Person.objects.filter(pk=bob.pk).update(is_active=False)
    client.force_login(administrator)
    form = {**form, "_selected_action": [alice.pk, bob.pk]}
    assert client.post(f"{ADMIN}person/" + path.format(pk=alice.pk), form).status_code == 302
    [(who, whose, detail)] = rows()
    assert (who, whose, detail["after"]) == (administrator.pk, alice.pk, after)


def test_logging_in_and_making_an_ordinary_account_are_no_changes(client, alice, office):
    client.login(username="alice", password="correct horse")
    client.get("/")
    alice.last_seen_at = timezone.now()
    alice.save()
    assert rows() == []
    Person.objects.create_user("root", is_superuser=True)
    assert rows()[0][2]["after"] == {"is_superuser": True}


def test_what_cannot_be_recorded_does_not_happen(price):
    price.output = 99
    said = "the disk is full|append-only"  # on SQLite, on PostgreSQL
    with pytest.raises(Exception, match=said), failing_log(), transaction.atomic():
        price.save()
    price.refresh_from_db()
    assert price.output == 10
