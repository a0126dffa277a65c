"""Opening other people's conversations: with the permission, a reason and a row in the log."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import Group, Permission
from django.db.models import ProtectedError
from django.utils import timezone

from conversations.models import (
    Conversation,
    Response,
    ReviewAccess,
    ReviewMark,
    ReviewNote,
    ReviewSitting,
    Scope,
)
from tests.support.review_stage import OTHER, QUESTION, TITLE, converse, failing_log, opened

REASON = {"reason": "complaint", "explanation": "She asked us to."}


def actions():
    return list(ReviewAccess.objects.order_by("number").values_list("action", flat=True))


def test_it_asks_for_a_reason_and_shows_nothing(desk, conversation):
    page = desk.get(f"/review/{conversation.pk}/")
    assert page.status_code == 200
    text = page.content.decode()
    assert '<select name="reason"' in text
    assert '<input type="text" name="explanation"' in text
    assert TITLE not in text and QUESTION not in text
    assert actions() == []


def test_with_a_reason_it_shows_what_the_owner_sees_read_only(desk, conversation, reviewer):
    page = desk.post(f"/review/{conversation.pk}/", REASON, follow=True)
    text = page.content.decode()
    assert page.redirect_chain[0][1] == 303
    assert TITLE in text and QUESTION in text and OTHER in text
    [access] = ReviewAccess.objects.all()
    assert access.action == "opened"
    assert (access.reviewer_id, access.owner_id) == (reviewer.pk, conversation.owner_id)
    assert access.conversation_id == conversation.pk
    assert (access.reason, access.explanation) == ("complaint", "She asked us to.")
    assert access.address == "127.0.0.1"
    assert (access.request_id == page.redirect_chain and False) or len(access.request_id) == 16
    forms = re.findall(r'<form[^>]*action="([^"?]*)', text)
    assert forms
    mine = (f"/review/{conversation.pk}/", "/accounts/logout/", "/search/", "/sidebar/")
    assert [form for form in forms if not form.startswith(mine)] == []
    assert "<textarea" not in text.replace('<textarea name="text" cols="40" rows="10"', "")
    assert "/messages/" not in text and "/responses/" not in text.replace(mine[0], "")


@pytest.mark.parametrize(
    "given",
    [{}, {"reason": "complaint"}, {"explanation": "x"}, {"reason": "curious", "explanation": "x"}],
)
def test_without_a_whole_reason_it_stays_shut(desk, conversation, given):
    page = desk.post(f"/review/{conversation.pk}/", given)
    assert page.status_code == 422
    assert QUESTION not in page.content.decode()
    assert actions() == []


def test_all_branches_can_be_reached_and_each_showing_is_recorded(desk, conversation):
    page = desk.post(f"/review/{conversation.pk}/", REASON, follow=True)
    text = page.content.decode()
    assert "<strong>answer</strong>" not in text
    [link] = re.findall(r'href="([^"]*)" aria-label="Previous version"', text)
    other = desk.get(link.replace("&amp;", "&").partition("#")[0])
    assert "<strong>answer</strong>" in other.content.decode()
    assert actions() == ["opened", "reopened"]


def test_a_reason_that_is_not_remembered_counts_only_there(desk, conversation, bob):
    page = desk.post(f"/review/{conversation.pk}/", REASON, follow=True)
    sitting = page.request["QUERY_STRING"]
    assert QUESTION in desk.get(f"/review/{conversation.pk}/?{sitting}").content.decode()
    assert QUESTION not in desk.get(f"/review/{conversation.pk}/").content.decode()
    assert QUESTION not in desk.get(f"/review/{converse(bob).pk}/?{sitting}").content.decode()


def test_a_remembered_reason_counts_for_all_that_is_opened(desk, conversation, bob):
    desk.post(f"/review/{conversation.pk}/", {**REASON, "remember": "on"}, follow=True)
    other = converse(bob)
    assert QUESTION in desk.get(f"/review/{other.pk}/").content.decode()
    assert QUESTION in desk.get(f"/review/{other.pk}/").content.decode()
    rows = ReviewAccess.objects.order_by("number").values_list("action", "conversation_id")
    assert list(rows) == [
        ("opened", conversation.pk),
        ("opened", other.pk),
        ("reopened", other.pk),
    ]
    assert {row.explanation for row in ReviewAccess.objects.all()} == {"She asked us to."}


def test_a_sitting_ends_after_an_hour(desk, conversation):
    desk.post(f"/review/{conversation.pk}/", {**REASON, "remember": "on"}, follow=True)
    ReviewSitting.objects.update(ends_at=timezone.now())
    assert QUESTION not in desk.get(f"/review/{conversation.pk}/").content.decode()


def test_a_sitting_is_no_use_to_another_reviewer(desk, conversation, reviewer, bob):
    page = desk.post(f"/review/{conversation.pk}/", REASON, follow=True)
    bob.groups.set(reviewer.groups.all())
    desk.force_login(bob)
    path = f"/review/{conversation.pk}/?{page.request['QUERY_STRING']}"
    assert QUESTION not in desk.get(path).content.decode()


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_recorded_is_not_opened(desk, conversation):
    desk.raise_request_exception = False
    with failing_log():
        answer = desk.post(f"/review/{conversation.pk}/", REASON, follow=True)
    assert answer.status_code == 500
    assert not ReviewSitting.objects.exists()
    assert QUESTION not in desk.get(f"/review/{conversation.pk}/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_recorded_is_not_shown_again_nor_done(desk, conversation):
    desk.raise_request_exception = False
    opened(desk, conversation, remember="on")
    path = f"/review/{conversation.pk}/"
    call = conversation.responses.first()
    with failing_log():
        answers = [
            desk.get(path),
            desk.get(f"{path}responses/{call.pk}/input/"),
            desk.post(f"{path}flag/", {"flagged": "true"}),
            desk.post(f"{path}note/", {"text": "A remark."}),
            desk.post(f"{path}reviewed/"),
        ]
    assert [answer.status_code for answer in answers] == [500] * 5
    assert not any(QUESTION in answer.content.decode() for answer in answers)
    assert not ReviewMark.objects.exists()
    assert not ReviewNote.objects.exists()
    assert actions() == ["opened"]


def test_the_exact_input_is_shown_on_demand_and_recorded(desk, conversation):
    _page, path = opened(desk, conversation)
    call = conversation.responses.first()
    page = desk.get(path.replace("/?", f"/responses/{call.pk}/input/?"))
    text = unescape(page.content.decode())
    assert '"instructions": "Be kind."' in text
    assert f'"content": "{QUESTION}"' in text
    row = ReviewAccess.objects.latest("number")
    assert row.action == "saw_input"
    assert row.detail["response"] == str(call.pk)


def test_the_input_is_not_shown_without_a_reason(desk, conversation):
    call = conversation.responses.first()
    answer = desk.get(f"/review/{conversation.pk}/responses/{call.pk}/input/")
    assert (answer.status_code, answer.url) == (302, f"/review/{conversation.pk}/")
    assert actions() == []


def test_the_input_of_another_conversation_is_not_found_there(desk, conversation, bob):
    opened(desk, conversation, remember="on")
    call = converse(bob).responses.first()
    path = f"/review/{conversation.pk}/responses/{call.pk}/input/"
    assert desk.get(path).status_code == 404


def test_the_owner_sees_none_of_it_at_their_own_page(desk, conversation, alice, client):
    before = Conversation.objects.values().get(pk=conversation.pk)
    _page, path = opened(desk, conversation)
    desk.post(path.replace("/?", "/flag/?"), {"flagged": "true"})
    desk.post(path.replace("/?", "/note/?"), {"text": "A remark."})
    desk.post(path.replace("/?", "/reviewed/?"))
    assert Conversation.objects.values().get(pk=conversation.pk) == before
    client.force_login(alice)
    text = client.get(f"/conversations/{conversation.pk}/").content.decode()
    assert QUESTION in text and "A remark." not in text
    assert actions() == ["opened", "flagged", "noted", "reviewed"]


def test_a_reply_that_is_being_written_is_shown_without_a_stream(desk, conversation):
    call = conversation.responses.latest("created_at")
    Response.objects.filter(pk=call.pk).update(status="in_progress", partial="half a rep")
    page, _path = opened(desk, conversation)
    text = page.content.decode()
    assert "half a rep" in text
    assert "data-events" not in text and "/stop/" not in text


def test_only_members_of_the_scope_are_in_it(desk, conversation, reviewer, bob):
    group = Group.objects.create(name="Team")
    Scope.objects.create(reviewer=reviewer, group=group)
    theirs = converse(bob)
    assert desk.get(f"/review/{conversation.pk}/").status_code == 404
    assert desk.post(f"/review/{conversation.pk}/", REASON).status_code == 404
    bob.groups.add(group)
    assert desk.get(f"/review/{theirs.pk}/").status_code == 200
    opened(desk, theirs, remember="on")
    bob.groups.remove(group)
    assert desk.get(f"/review/{theirs.pk}/").status_code == 404


def test_several_scopes_add_up(desk, conversation, alice, reviewer, bob):
    for person in (alice, bob):
        group = Group.objects.create(name=person.username)
        person.groups.add(group)
        Scope.objects.create(reviewer=reviewer, group=group)
    assert desk.get(f"/review/{conversation.pk}/").status_code == 200
    assert desk.get(f"/review/{converse(bob).pk}/").status_code == 200


def test_a_group_that_a_scope_names_cannot_be_deleted(reviewer):
    scope = Scope.objects.create(reviewer=reviewer, group=Group.objects.create(name="Team"))
    with pytest.raises(ProtectedError):
        scope.group.delete()


@pytest.mark.parametrize("path", ["", "{}/", "{}/next/", "log/", "log.csv"])
def test_being_staff_or_superuser_alone_opens_no_door(client, conversation, administrator, path):
    client.force_login(administrator)
    answer = client.get(f"/review/{path.format(conversation.pk)}")
    assert answer.status_code == (200 if path.startswith("log") else 404)


def test_the_permission_may_be_given_to_a_person_directly(client, conversation, bob):
    bob.user_permissions.add(Permission.objects.get(codename="review_conversation"))
    client.force_login(bob)
    opened(client, conversation)


def test_inactive_people_may_not_review(reviewer):
    reviewer.is_active = False
    assert not reviewer.may_review


def test_nothing_else_of_the_owner_is_open_to_a_reviewer(desk, conversation):
    opened(desk, conversation, remember="on")
    message = conversation.messages.first()
    call = conversation.responses.first()
    for path in (
        f"/conversations/{conversation.pk}/",
        f"/messages/{message.pk}/text/",
        f"/messages/{message.pk}/edit/",
        f"/responses/{call.pk}/events/",
    ):
        assert desk.get(path).status_code == 404
