"""Temporary conversations are in no list, gone after a day, and can be forbidden or enforced."""

import re
from datetime import timedelta
from io import BytesIO, StringIO
from zipfile import ZipFile

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.utils import timezone

from conversations.keeping.sweep import remove_next
from conversations.models import Conversation, Message, RetentionRule, TemporaryPolicy
from conversations.search import index
from conversations.transfer import native_json
from tests.support.review_stage import OTHER, TITLE, converse


@pytest.fixture
def hers(client, alice):
    """Alice, logged in."""
    client.force_login(alice)
    return client


@pytest.fixture
def temporary(alice):
    conversation = converse(alice, temporary=True)
    index.add_conversation(conversation.pk)
    return conversation


def policy(policy, group=None):
    TemporaryPolicy.objects.create(policy=policy, group=group)


def age(conversation, **ago):
    at = timezone.now() - timedelta(**ago)
    Conversation.objects.filter(pk=conversation.pk).update(updated_at=at)


def test_it_is_chosen_at_the_start_by_a_box_or_by_the_address(hers, alice):
    assert not re.search(r"name=\"temporary\" value=\"1\" checked", hers.get("/").content.decode())
    page = hers.get("/?temporary=1").content.decode()
    assert re.search(r"name=\"temporary\" value=\"1\" checked", page)
    assert 'action="/?temporary=1"' in page
    assert "Reviewers can read it for as long as it exists" in page
    hers.post("/", {"text": "a", "temporary": ["0", "1"]})
    hers.post("/?temporary=1", {"text": "b"})
    hers.post("/?temporary=1", {"text": "c", "temporary": ["0"]})
    hers.post("/", {"text": "d", "temporary": ["0"]})
    hers.post("/", {"text": "e"})
    hers.post("/", {"text": "f", "temporary": "on"})
    hers.post("/?temporary=true", {"text": "g"})
    chosen = Message.objects.filter(role="user").values_list("text", "conversation__temporary")
    kept, gone = dict.fromkeys("cde", False), dict.fromkeys("abfg", True)
    assert dict(chosen) == {**kept, **gone}


def test_a_refused_form_keeps_the_choice(hers):
    page = hers.post("/", {"text": " ", "temporary": ["0", "1"]})
    assert page.status_code == 422
    assert re.search(r"name=\"temporary\" value=\"1\" checked", page.content.decode())


def test_a_form_after_the_session_keeps_the_choice(client, alice):
    page = client.post("/", {"text": "secret", "temporary": ["0", "1"]})
    assert '<input type="hidden" name="temporary" value="1">' in page.content.decode()
    page = client.post("/", {"text": "secret", "temporary": ["0"]})
    assert 'name="temporary"' not in page.content.decode()


def test_it_never_changes(hers, temporary):
    hers.post(f"/conversations/{temporary.pk}/", {"text": "more", "temporary": "0"})
    temporary.refresh_from_db()
    assert temporary.temporary
    kept = converse(temporary.owner)
    hers.post(f"/conversations/{kept.pk}/", {"text": "more", "temporary": "1"})
    kept.refresh_from_db()
    assert not kept.temporary


def test_it_is_in_no_list_search_history_or_export(hers, temporary):
    pinned = {"pinned_at": timezone.now()}
    Conversation.objects.filter(pk=temporary.pk).update(**pinned, archived_at=timezone.now())
    pages = ("/", "/conversations/", "/archive/", "/trash/", "/search/?q=secret", "/usage/")
    for page in (*pages, "/usage/?by=conversation", "/usage.csv?by=conversation"):
        answer = hers.get(page)
        assert answer.status_code == 200
        shown = (b"".join(answer) if answer.streaming else answer.content).decode()
        assert TITLE not in shown, page
        assert str(temporary.pk) not in shown, page
    archive = ZipFile(BytesIO(b"".join(hers.get("/data/export.zip").streaming_content)))
    assert archive.namelist() == ["account.json", "usage.csv"]


def test_it_can_be_read_copied_and_exported_by_itself(hers, temporary):
    assert OTHER in hers.get(f"/conversations/{temporary.pk}/").content.decode()
    assert OTHER in hers.get(f"/conversations/{temporary.pk}/export.md").content.decode()


def test_it_is_neither_pinned_nor_archived(hers, temporary):
    for act in ("pin", "archive"):
        assert hers.post(f"/conversations/{temporary.pk}/{act}/").status_code == 404
    menu = hers.get(f"/conversations/{temporary.pk}/manage/").content.decode()
    assert "Delete for good now" in menu
    assert "/pin/" not in menu


def test_it_is_deleted_at_once_at_the_persons_wish(hers, temporary):
    hers.post(f"/conversations/{temporary.pk}/trash/")
    assert not Conversation.objects.exists()


def test_it_is_deleted_a_day_after_its_last_message(alice, temporary):
    fresh = converse(alice, temporary=True)
    age(temporary, hours=24, minutes=1)
    age(fresh, hours=23)
    while remove_next():
        pass
    assert set(Conversation.objects.all()) == {fresh}


def test_a_rule_gives_it_more_days(alice, temporary):
    RetentionRule.objects.create(temporary=True, days=7)
    age(temporary, days=6)
    assert not remove_next()
    age(temporary, days=8)
    call_command("apply_retention", stdout=StringIO())
    assert not Conversation.objects.exists()


def test_rules_for_other_conversations_do_not_count_for_it(alice, temporary):
    RetentionRule.objects.create(days=0)
    call_command("apply_retention", stdout=StringIO())
    assert set(Conversation.objects.all()) == {temporary}


def test_reviewers_find_it_and_are_told(client, reviewer, temporary):
    client.force_login(reviewer)
    assert str(temporary.pk) in client.get("/review/").content.decode()
    remembered = {"reason": "complaint", "explanation": "asked", "remember": "on"}
    page = client.post(f"/review/{temporary.pk}/", remembered, follow=True)
    assert "This conversation is temporary" in page.content.decode()
    assert str(temporary.pk) in client.get("/review/?q=secret").content.decode()


def submissions(conversation):
    """Each way to write in `conversation`, as `(path, data)`."""
    question = conversation.messages.get(role="user")
    reply = conversation.messages.filter(role="assistant").first()
    return [
        (f"/conversations/{conversation.pk}/", {"text": "more"}),
        (f"/messages/{question.pk}/edit/", {"text": "more"}),
        (f"/messages/{reply.pk}/retry/", {}),
        (f"/messages/{reply.pk}/continue/", {}),
    ]


def test_where_it_is_forbidden_none_begins_and_none_goes_on(hers, temporary):
    policy("forbidden")
    page = hers.get("/?temporary=1").content.decode()
    assert 'name="temporary"' not in page
    assert "switched off for you" in page
    count = Message.objects.count()
    for path, data in [
        ("/", {"text": "a", "temporary": ["0", "1"]}),
        ("/?temporary=1", {"text": "b"}),
        *submissions(temporary),
    ]:
        answer = hers.post(path, data)
        assert (path, answer.status_code) == (path, 403)
        assert "switched off for you" in answer.content.decode()
    assert Message.objects.count() == count
    assert hers.post("/", {"text": "c"}).status_code == 303


def test_where_it_is_enforced_all_new_ones_are_and_others_do_not_go_on(hers, alice):
    kept = converse(alice)
    policy("enforced")
    assert 'type="hidden" name="temporary" value="1"' in hers.get("/").content.decode()
    for data in ({"text": "a"}, {"text": "b", "temporary": "0"}):
        assert hers.post("/", data).status_code == 303
    assert Conversation.objects.filter(temporary=True).count() == 2
    count = Message.objects.count()
    for path, data in submissions(kept):
        assert (path, hers.post(path, data).status_code) == (path, 403)
    assert Message.objects.count() == count


def test_where_it_is_enforced_nothing_is_imported(hers, alice):
    document = native_json.write(converse(alice)).encode()
    Conversation.objects.all().delete()
    policy("enforced")
    page = hers.post("/data/", {"file": SimpleUploadedFile("a.json", document)})
    assert page.status_code == 422
    assert "have to be temporary" in page.content.decode()
    assert not Conversation.objects.exists()


def test_the_command_imports_nothing_either(alice, tmp_path):
    file = tmp_path / "a.json"
    file.write_text(native_json.write(converse(alice)))
    Conversation.objects.all().delete()
    policy("enforced")
    with pytest.raises(CommandError, match="have to be temporary"):
        call_command("import_conversations", "alice", file)


def test_the_policy_of_a_group_comes_before_that_for_everyone(hers, alice, bob):
    group = Group.objects.create(name="Team")
    alice.groups.add(group)
    policy("forbidden")
    policy("enforced", group)
    hers.force_login(alice)
    assert hers.post("/", {"text": "a"}).status_code == 303
    assert Conversation.objects.get().temporary
    hers.force_login(bob)
    assert hers.post("/", {"text": "a", "temporary": "1"}).status_code == 403


def test_between_groups_that_forbid_and_enforce_forbidding_wins(hers, alice):
    for name in ("forbidden", "enforced", "allowed"):
        group = Group.objects.create(name=name)
        alice.groups.add(group)
        policy(name, group)
    hers.force_login(alice)
    assert hers.post("/", {"text": "a"}).status_code == 303
    assert not Conversation.objects.get().temporary
