"""Roles in the administration, in place of lists of permissions."""

import re

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import transaction
from django.db.models import ProtectedError

from conversations.models import LanguageModel, Person, ReviewAccess, Scope, UsageScope

PEOPLE = "/admin/conversations/person/"


@pytest.fixture
def office(client, administrator):
    client.force_login(administrator)
    return client


def save(office, person, **fields):
    form = {"username": person.username, "theme": "system", "is_active": "on", **fields}
    answer = office.post(f"{PEOPLE}{person.pk}/change/", form)
    assert answer.status_code == 302, answer.context["errors"]
    return Person.objects.get(pk=person.pk)


def grants(person):
    rows = ReviewAccess.objects.filter(owner_id=person.pk, action="changed_permission")
    rows = rows.order_by("number")
    return [(row.detail["change"], row.detail["permission"], row.reviewer_id) for row in rows]


@pytest.mark.parametrize(
    ("role", "codename"),
    [
        ("reviewer", "review_conversation"),
        ("reads_access_log", "view_reviewaccess"),
        ("sees_usage", "view_usage"),
        ("is_superuser", "is_superuser"),
    ],
)
def test_a_role_is_given_and_taken_on_record(office, administrator, alice, role, codename):
    alice = save(office, alice, **{role: "on"})
    assert alice.is_superuser if role == "is_superuser" else codename in alice.assigned
    if role == "is_superuser":
        # Without it the administration would stay closed.
        assert alice.is_staff
    alice = save(office, alice)
    assert not alice.is_superuser and not alice.assigned
    changes = [("added", codename, administrator.pk), ("removed", codename, administrator.pk)]
    assert grants(alice) == changes


@pytest.mark.once
def test_whatever_the_administration_grants_is_recorded(office, administrator, alice):
    price = Permission.objects.get(codename="change_price")
    groups = {name: Group.objects.create(name=name) for name in ("Team", "Prices")}
    page = f"/admin/auth/group/{groups['Prices'].pk}/change/"
    office.post(page, {"name": "Prices", "permissions": [price.pk]})
    save(office, alice, is_staff="on", user_permissions=[price.pk])
    save(office, alice, is_staff="on", groups=[group.pk for group in groups.values()])
    rows = ReviewAccess.objects.filter(action="changed_permission").order_by("number")
    team, prices = groups["Team"].pk, groups["Prices"].pk
    given = {"change": "added", "permission": "change_price"}
    told = [(row.reviewer_id, row.owner_id, row.detail) for row in rows]
    expected = [
        (None, {**given, "group": prices}),
        (alice.pk, given),
        (alice.pk, {"change": "added", "what": "member", "group": team}),
        (alice.pk, {**given, "group": prices}),
        (alice.pk, {**given, "change": "removed"}),
    ]
    assert told[:2] == [(administrator.pk, *each) for each in expected[:2]]
    assert len(told) == len(expected)
    assert all((administrator.pk, *each) in told for each in expected)


@pytest.mark.once
def test_a_page_says_what_somebody_may_do_where_it_comes_from_and_how_far(
    office, alice, reviewer, administrator
):
    group = Group.objects.create(name="Sales")
    alice.user_permissions.add(Permission.objects.get(codename="view_usage"))
    UsageScope.objects.create(viewer=alice).groups.add(group)
    page = text(office, alice)
    assert "Sees usage (own): members of Sales only." in page
    assert "Reviewer (by group Reviewers): everyone." in text(office, reviewer)
    Scope.objects.create(reviewer=reviewer, group=group)
    assert "Reviewer (by group Reviewers): members of Sales only." in text(office, reviewer)
    assert "Administrator: changes accounts" in text(office, administrator)
    # Permissions that a role stands for are in no list.
    assert "Can review" not in page


def text(office, person):
    page = office.get(f"{PEOPLE}{person.pk}/change/").content.decode()
    return re.sub(r"<[^>]+>", "", page)


@pytest.mark.once
def test_staff_see_roles_and_give_none(client, bob, alice):
    Person.objects.filter(pk=bob.pk).update(is_staff=True)
    bob.user_permissions.set(Permission.objects.filter(content_type__model="person"))
    client.force_login(bob)
    page = client.get(f"{PEOPLE}{alice.pk}/change/").content.decode()
    assert "Only chats." in page and 'name="reviewer"' not in page
    save(client, alice, reviewer="on", sees_usage="on", is_superuser="on")
    alice = Person.objects.get(pk=alice.pk)
    assert not alice.assigned and not alice.is_superuser


@pytest.mark.once
def test_a_group_has_roles_too(office):
    office.post("/admin/auth/group/add/", {"name": "Auditors", "reads_access_log": "on"})
    group = Group.objects.get(name="Auditors")
    assert [each.codename for each in group.permissions.all()] == ["view_reviewaccess"]
    row = ReviewAccess.objects.get(action="changed_permission")
    assert row.detail == {
        "change": "added",
        "permission": "view_reviewaccess",
        "group": group.pk,
    }


@pytest.mark.once
def test_permissions_of_staff_stay_beside_roles(office, alice):
    price = Permission.objects.get(codename="add_price")
    alice = save(office, alice, is_staff="on", user_permissions=[price.pk], reviewer="on")
    held = set(alice.user_permissions.values_list("codename", flat=True))
    assert held == {"add_price", "review_conversation"}


def test_an_administrator_who_is_made_by_a_command_is_in_the_access_log(db):
    for name in ("ada", "grace"):
        call_command("createsuperuser", "--noinput", username=name, email=f"{name}@example.org")
    grace = Person.objects.get(username="grace")
    [row] = ReviewAccess.objects.all()
    assert (row.action, row.reviewer_id, row.owner_id) == ("changed_permission", None, grace.pk)
    assert row.detail == {"change": "added", "permission": "is_superuser"}


@pytest.mark.once
def test_a_group_to_which_a_model_is_limited_is_not_deleted(office):
    group = Group.objects.create(name="Laboratory")
    model = LanguageModel.objects.create(name="dear-model")
    model.groups.add(group)
    for path, form in (
        (f"/admin/auth/group/{group.pk}/delete/", {}),
        ("/admin/auth/group/", {"action": "delete_selected", "_selected_action": group.pk}),
    ):
        page = office.post(path, {**form, "post": "yes"})
        assert "dear-model" in page.content.decode()
    with pytest.raises(ProtectedError), transaction.atomic():
        group.delete()
    assert list(model.groups.all()) == [group]
    assert not ReviewAccess.objects.exists()
    model.groups.clear()
    assert office.post(f"/admin/auth/group/{group.pk}/delete/", {"post": "yes"}).status_code == 302


@pytest.mark.once
def test_whose_limit_has_no_group_any_more_is_said_to_see_nobody(office, alice):
    alice.user_permissions.add(Permission.objects.get(codename="view_usage"))
    group = Group.objects.create(name="Sales")
    UsageScope.objects.create(viewer=alice).groups.add(group)
    group.delete()
    assert "Sees usage (own): nobody." in text(office, alice)
