"""Groups of people who come by single sign-on follow the directory, by a table."""

import logging

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.models import Group
from django.test import Client

from conversations.models import DirectoryGroup, Person, ReviewAccess, Scope
from tests.conftest import make_person
from tests.support.identity_provider import log_in


@pytest.fixture
def sales(db):
    """A group that the directory manages, for the value "chat-sales"."""
    group = Group.objects.create(name="Sales")
    DirectoryGroup.objects.create(value="chat-sales", group=group)
    return group


def groups_of(client):
    return sorted(get_user(client).groups.values_list("name", flat=True))


@pytest.mark.parametrize(
    ("claim", "place"),
    [
        ("groups", {"claims": {"groups": ["chat-sales", "other"]}}),
        ("groups", {"userinfo": {"groups": ["chat-sales"]}}),
        ("groups", {"userinfo": {"groups": "chat-sales"}}),
        ("realm_access.roles", {"claims": {"realm_access": {"roles": ["chat-sales"]}}}),
        ("https://x.example/roles", {"claims": {"https://x.example/roles": ["chat-sales"]}}),
        ("roles", {"claims": {"roles": {"chat-sales": {"1": "x"}}}}),
    ],
)
def test_the_claim_may_be_anywhere(client, directory, settings, sales, claim, place):
    settings.OIDC_GROUPS_CLAIM = claim
    for name, value in place.items():
        setattr(directory, name, value)
    log_in(client, directory)
    assert groups_of(client) == ["Sales"]


def test_an_empty_claim_takes_away_and_a_missing_one_nothing(client, directory, sales, caplog):
    directory.claims = {"groups": ["chat-sales"]}
    log_in(client, directory)
    for missing in ({}, {"groups": None}, {"groups": 7}):
        directory.claims = missing
        with caplog.at_level(logging.WARNING):
            log_in(client, directory)
        assert groups_of(client) == ["Sales"]
        assert "is missing or no list" in caplog.text
        caplog.clear()
    directory.claims = {"groups": []}
    log_in(client, directory)
    assert groups_of(client) == []


@pytest.mark.once
@pytest.mark.parametrize(
    "overage",
    [
        {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://x"}}},
        {"hasgroups": True},
    ],
)
def test_a_list_that_was_left_out_lets_nobody_in(client, directory, sales, overage):
    directory.claims = {"groups": ["chat-sales"]}
    log_in(client, directory)
    client.logout()
    directory.claims = overage
    answer = log_in(client, directory)
    assert "in so many groups" in answer.content.decode()
    assert not get_user(client).is_authenticated


def test_groups_are_never_made_and_those_by_hand_stay(client, directory, sales):
    by_hand = Group.objects.create(name="chat-chess")
    before = Group.objects.count()
    directory.claims = {"groups": ["chat-sales", "chat-chess", "new", "Reviewers"]}
    log_in(client, directory)
    assert groups_of(client) == ["Sales"] and Group.objects.count() == before
    get_user(client).groups.add(by_hand)
    directory.claims = {"groups": []}
    log_in(client, directory)
    assert groups_of(client) == ["chat-chess"]


@pytest.mark.once
def test_several_values_may_lead_to_one_group(client, directory, sales):
    DirectoryGroup.objects.create(value="chat-sales-emea", group=sales)
    directory.claims = {"groups": ["chat-sales-emea"]}
    log_in(client, directory)
    assert groups_of(client) == ["Sales"]


def test_what_the_directory_grants_is_in_the_access_log(client, directory):
    reviewers = Group.objects.get(name="Reviewers")
    DirectoryGroup.objects.create(value="chat-reviewers", group=reviewers)
    for groups in (["chat-reviewers"], []):
        directory.claims = {"groups": groups}
        log_in(client, directory)
    person = get_user(client)
    rows = ReviewAccess.objects.order_by("number").values_list("owner_id", "reviewer_id", "detail")
    detail = {"permission": "review_conversation", "group": reviewers.pk, "by": "directory"}
    assert list(rows) == [
        (person.pk, None, {"change": "added", **detail}),
        (person.pk, None, {"change": "removed", **detail}),
    ]


def test_the_directory_makes_administrators_and_unmakes_all_but_the_last(client, directory):
    DirectoryGroup.objects.create(value="chat-admins", administrator=True)
    directory.claims = {"groups": ["chat-admins"]}
    log_in(client, directory)
    person = get_user(client)
    assert person.is_superuser and person.is_staff
    directory.claims = {"groups": []}
    log_in(client, directory)
    assert Person.objects.get(pk=person.pk).is_superuser
    # An administrator who cannot log in is no other one.
    other = make_person("other", is_superuser=True, is_active=False)
    log_in(client, directory)
    assert Person.objects.get(pk=person.pk).is_superuser
    Person.objects.filter(pk=other.pk).update(is_active=True)
    log_in(client, directory)
    person.refresh_from_db()
    assert not person.is_superuser and not person.is_staff
    changes = ReviewAccess.objects.order_by("number").values_list("detail", flat=True)
    assert [(row["change"], row["permission"]) for row in changes] == [
        ("added", "is_superuser"),
        ("removed", "is_superuser"),
    ]


@pytest.mark.once
def test_a_table_without_administrators_leaves_them_alone(client, directory, sales):
    log_in(client, directory)
    Person.objects.update(is_superuser=True)
    make_person("other", is_superuser=True)
    directory.claims = {"groups": []}
    log_in(client, directory)
    assert get_user(client).is_superuser


@pytest.mark.once
def test_losing_a_right_ends_the_other_sessions(client, directory, sales):
    directory.claims = {"groups": ["chat-sales"]}
    log_in(client, directory)
    directory.claims = {"groups": []}
    elsewhere = Client()
    log_in(elsewhere, directory)
    assert get_user(elsewhere).is_authenticated and not get_user(client).is_authenticated


# --- The table in the administration --------------------------------------------------------

TABLE = "/admin/conversations/directorygroup/"


@pytest.fixture
def office(client, administrator):
    client.force_login(administrator)
    return client


@pytest.mark.once
def test_the_table_is_kept_in_the_administration(office):
    group = Group.objects.create(name="Sales")
    assert (
        office.post(f"{TABLE}add/", {"value": "chat-sales", "group": group.pk}).status_code == 302
    )
    assert "chat-sales" in office.get(TABLE).content.decode()
    assert "from the directory" in office.get("/admin/auth/group/").content.decode()
    for nonsense in ({"value": "x"}, {"value": "x", "group": group.pk, "administrator": "on"}):
        page = office.post(f"{TABLE}add/", nonsense)
        assert "Choose either a group or" in page.content.decode()
    assert DirectoryGroup.objects.count() == 1


@pytest.mark.once
def test_a_group_with_members_by_hand_is_not_handed_over(office, alice):
    group = Group.objects.create(name="Sales")
    alice.groups.add(group)
    page = office.post(f"{TABLE}add/", {"value": "chat-sales", "group": group.pk})
    assert "never both" in page.content.decode() and "alice" in page.content.decode()
    assert not DirectoryGroup.objects.exists()


@pytest.mark.once
def test_nobody_joins_or_leaves_a_managed_group_by_hand(office, alice, bob, sales):
    alice.groups.add(sales)
    by_hand = Group.objects.create(name="Chess")
    for person in (alice, bob):
        path = f"/admin/conversations/person/{person.pk}/change/"
        form = {"username": person.username, "theme": "system", "is_active": "on"}
        office.post(path, {**form, "groups": [sales.pk]})
        assert office.post(path, {**form, "groups": [by_hand.pk]}).status_code == 302
    names = {person: set(person.groups.values_list("name", flat=True)) for person in (alice, bob)}
    assert names == {alice: {"Sales", "Chess"}, bob: {"Chess"}}


@pytest.mark.once
def test_a_scope_may_be_of_a_managed_group(office, reviewer, sales):
    office.post("/admin/conversations/scope/add/", {"reviewer": reviewer.pk, "group": sales.pk})
    assert Scope.objects.get().group == sales
