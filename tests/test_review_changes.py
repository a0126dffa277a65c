"""Who may review whom is recorded whenever it changes, in whichever way."""

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import DatabaseError

from conversations.models import ReviewAccess, Scope
from tests.support.review_stage import failing_log


@pytest.fixture
def permission(db):
    return Permission.objects.get(codename="review_conversation")


@pytest.fixture
def reviewers(reviewer):
    return Group.objects.get(name="Reviewers")


def rows():
    """`(action, whose, detail)` of each row of the log, oldest first."""
    return list(ReviewAccess.objects.order_by("number").values_list("action", "owner_id", "detail"))


def test_giving_and_taking_a_person_the_permission(bob, permission):
    bob.user_permissions.add(permission)
    bob.user_permissions.remove(permission)
    detail = {"permission": "review_conversation"}
    assert rows() == [
        ("changed_permission", bob.pk, {"change": "added", **detail}),
        ("changed_permission", bob.pk, {"change": "removed", **detail}),
    ]


def test_the_same_from_the_other_side(bob, permission):
    permission.user_set.add(bob)
    permission.user_set.clear()
    assert [(owner, detail["change"]) for _action, owner, detail in rows()] == [
        (bob.pk, "added"),
        (bob.pk, "removed"),
    ]


def test_joining_and_leaving_the_reviewers(bob, reviewers):
    bob.groups.add(reviewers)
    bob.groups.clear()
    reviewers.user_set.add(bob)
    reviewers.user_set.remove(bob)
    detail = {"permission": "review_conversation", "group": reviewers.pk}
    assert rows() == [
        ("changed_permission", bob.pk, {"change": change, **detail})
        for change in ("added", "removed") * 2
    ]


def test_giving_and_taking_a_group_the_permission(permission):
    group = Group.objects.create(name="Auditors")
    group.permissions.add(permission)
    group.permissions.set([])
    detail = {"permission": "review_conversation", "group": group.pk}
    assert rows() == [
        ("changed_permission", None, {"change": "added", **detail}),
        ("changed_permission", None, {"change": "removed", **detail}),
    ]


def test_deleting_the_group_of_reviewers(reviewers):
    group = reviewers.pk
    reviewers.delete()
    detail = {"change": "removed", "permission": "review_conversation", "group": group}
    assert rows() == [("changed_permission", None, detail)]


def test_giving_the_permission_to_read_the_log(bob):
    bob.user_permissions.add(Permission.objects.get(codename="view_reviewaccess"))
    [(_action, owner, detail)] = rows()
    assert (owner, detail["permission"]) == (bob.pk, "view_reviewaccess")


def test_making_and_removing_a_scope_and_its_members(bob, reviewer):
    group = Group.objects.create(name="Team")
    scope = Scope.objects.create(reviewer=reviewer, group=group)
    bob.groups.add(group)
    bob.groups.remove(group)
    Scope.objects.filter(pk=scope.pk).delete()
    assert rows() == [
        ("changed_scope", owner, {"change": change, "group": group.pk, "what": what})
        for owner, change, what in (
            (reviewer.pk, "added", "scope"),
            (bob.pk, "added", "member"),
            (bob.pk, "removed", "member"),
            (reviewer.pk, "removed", "scope"),
        )
    ]


def test_other_groups_and_permissions_are_not_recorded(bob):
    group = Group.objects.create(name="Choir")
    bob.groups.add(group)
    bob.user_permissions.add(Permission.objects.get(codename="add_conversation"))
    group.delete()
    assert rows() == []


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_recorded_is_not_given(bob, permission, reviewers):
    with failing_log():
        for give in (
            lambda: bob.user_permissions.add(permission),
            lambda: bob.groups.add(reviewers),
        ):
            with pytest.raises(DatabaseError):
                give()
    assert not bob.may_review
