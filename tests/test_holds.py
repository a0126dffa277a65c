"""A legal hold keeps conversations from every deletion, and their owner sees no difference."""

import re
import uuid
from datetime import timedelta
from difflib import unified_diff
from io import BytesIO, StringIO
from zipfile import ZipFile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from conversations.conversation_list import trash
from conversations.database import triggers
from conversations.keeping import removal
from conversations.keeping.hold_signals import Permanent
from conversations.keeping.sweep import remove_next
from conversations.models import (
    Attachment,
    Conversation,
    Hold,
    Message,
    Person,
    QueuedMessage,
    RetentionRule,
    ReviewAccess,
)
from conversations.review.notice import notice
from conversations.search import index
from conversations.transfer import native_json
from tests.support.review_stage import OTHER, converse

HOLDS = "/admin/conversations/hold/"


def sweep():
    while remove_next():
        pass


def by_erasing(client, conversation):
    client.post(f"/conversations/{conversation.pk}/trash/")
    client.post(f"/conversations/{conversation.pk}/erase/")


def by_emptying_the_trash(client, conversation):
    client.post(f"/conversations/{conversation.pk}/trash/")
    client.post("/trash/empty/")


def by_time_in_the_trash(client, conversation):
    client.post(f"/conversations/{conversation.pk}/trash/")
    Conversation.objects.filter(pk=conversation.pk).update(
        trashed_at=timezone.now() - timedelta(days=31)
    )
    sweep()


def by_purge_trash(client, conversation):
    client.post(f"/conversations/{conversation.pk}/trash/")
    Conversation.objects.filter(pk=conversation.pk).update(
        trashed_at=timezone.now() - timedelta(days=31)
    )
    call_command("purge_trash", stdout=StringIO())


def by_a_rule(client, conversation):
    age(conversation)
    RetentionRule.objects.create(days=30)
    call_command("apply_retention", stdout=StringIO())
    RetentionRule.objects.all().delete()


def by_being_temporary(client, conversation):
    Conversation.objects.filter(pk=conversation.pk).update(temporary=True)
    age(conversation)
    sweep()


def by_the_persons_wish(client, conversation):
    Conversation.objects.filter(pk=conversation.pk).update(temporary=True)
    client.post(f"/conversations/{conversation.pk}/trash/")


def age(conversation):
    Conversation.objects.filter(pk=conversation.pk).update(
        updated_at=timezone.now() - timedelta(days=40)
    )


WAYS = [
    by_erasing,
    by_emptying_the_trash,
    by_time_in_the_trash,
    by_purge_trash,
    by_a_rule,
    by_being_temporary,
    by_the_persons_wish,
]


def hold_person(conversation):
    return Hold.objects.create(person_id=conversation.owner_id, reason="A lawsuit.")


def hold_conversation(conversation):
    return Hold.objects.create(conversation_id=conversation.pk, reason="A lawsuit.")


@pytest.mark.parametrize("place", [hold_person, hold_conversation])
@pytest.mark.parametrize("way", WAYS)
def test_whatever_deletes_it_hides_it(client, alice, way, place):
    conversation = converse(alice)
    index.add_conversation(conversation.pk)
    place(conversation)
    client.force_login(alice)
    way(client, conversation)
    conversation.refresh_from_db()
    assert conversation.hidden_at
    assert conversation.messages.count() == 3
    assert client.get(f"/conversations/{conversation.pk}/").status_code == 404
    sweep()
    assert Conversation.objects.filter(pk=conversation.pk).exists()


ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"|[0-9a-f]{8,32}')


def seen(client, conversation, document):
    """All that the owner can see of a conversation that is gone: `{what: (status, content)}`."""
    pk = conversation["pk"]
    gone, question, reply, response = pk, *conversation["rows"]
    found = {}

    def note(name, answer):
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        if content.startswith(b"PK"):
            archive = ZipFile(BytesIO(content))
            content = b"\n".join([name.encode() for name in archive.namelist()])
            content += archive.read("usage.csv")
        text = TOKEN.sub("#", ID.sub("#", content.decode()))
        found[name] = answer.status_code, re.sub(r"\d\d:\d\d(:\d\d)?(\.\d+)?", "#", text)

    for path in (
        *("/", "/conversations/", "/archive/", "/trash/", "/trash/empty/", "/search/?q=secret"),
        *("/usage/?by=conversation", "/usage.csv?by=conversation", "/data/", "/account/"),
        *("/data/export.zip", "/?temporary=1"),
        *(f"/conversations/{gone}/{end}" for end in ("", "manage/", "export.md", "export.json")),
        *(f"/conversations/{gone}/{end}" for end in ("erase/", "queued/", f"?at={reply}")),
        *(f"/messages/{reply}/{end}" for end in ("text/", "edit/", "retry/", "feedback/")),
        *(f"/responses/{response}/{end}" for end in ("status/", "events/")),
    ):
        note(
            path.replace(str(gone), "G").replace(str(reply), "R").replace(str(response), "S"),
            client.get(path),
        )
    for path, data in (
        (f"/conversations/{gone}/", {"text": "more"}),
        *(
            (f"/conversations/{gone}/{act}/", {"title": "x"})
            for act in ("rename", "pin", "archive")
        ),
        *((f"/conversations/{gone}/{act}/", {}) for act in ("trash", "restore", "erase", "seen")),
        (f"/conversations/{gone}/queued/", {"action": "remove"}),
        (f"/messages/{question}/edit/", {"text": "more"}),
        (f"/messages/{reply}/retry/", {}),
        (f"/messages/{reply}/continue/", {}),
        (f"/messages/{reply}/feedback/", {"value": "bad"}),
        (f"/responses/{response}/stop/", {}),
        ("/trash/empty/", {}),
    ):
        name = path
        for pk, letter in ((gone, "G"), (question, "Q"), (reply, "R"), (response, "S")):
            name = name.replace(str(pk), letter)
        note(f"POST {name}", client.post(path, data))
    # What was exported before comes in again, once.
    for number in (1, 2):
        file = SimpleUploadedFile("a.json", document)
        note(f"import {number}", client.post("/data/", {"file": file}))
    note("list after the import", client.get("/conversations/"))
    # The form that began it, sent again, begins another one.
    note("sent again", client.post("/", {"text": "my secret", "submission": conversation["form"]}))
    return found


def deleted(client, person, way, is_held):
    """Have `person` make and lose a conversation; return what they see then."""
    conversation = converse(person)
    question = conversation.messages.get(role="user")
    form = f"11111111-2222-4333-8444-{person.pk:012}"
    Message.objects.filter(pk=question.pk).update(submission=form)
    QueuedMessage.objects.create(conversation=conversation, text="next", submission=question.pk)
    index.add_conversation(conversation.pk)
    reply = conversation.messages.filter(role="assistant").first()
    before = {
        "pk": conversation.pk,
        "rows": (question.pk, reply.pk, reply.response.pk),
        "form": form,
    }
    document = native_json.write(conversation).encode()
    if is_held:
        hold_person(conversation)
    client.force_login(person)
    way(client, conversation)
    return seen(client, before, document)


@pytest.mark.parametrize("way", [by_erasing, by_a_rule, by_being_temporary])
def test_to_its_owner_it_looks_exactly_like_deletion(client, db, way):
    people = [
        Person.objects.create_user(name, f"{name}@example.org", "x", first_name="Al")
        for name in ("quentin", "rosalind")
    ]
    free, held = (
        {
            name: (status, text.replace(person.username, "#").replace(f'"{person.pk}:', '"#:'))
            for name, (status, text) in found.items()
        }
        for person, found in (
            (people[0], deleted(client, people[0], way, is_held=False)),
            (people[1], deleted(client, people[1], way, is_held=True)),
        )
    )
    assert Conversation.objects.filter(owner=people[1], hidden_at__isnull=False).count() == 1
    assert Conversation.objects.filter(owner=people[0], hidden_at__isnull=False).count() == 0
    for name, (status, text) in free.items():
        assert held[name][0] == status, name
        difference = unified_diff(text.splitlines(), held[name][1].splitlines(), n=0)
        assert "\n".join(difference) == "", name


def test_the_day_of_deletion_is_shown_as_if_there_were_no_hold(client, alice):
    conversation = converse(alice)
    RetentionRule.objects.create(days=30)
    client.force_login(alice)
    path = f"/conversations/{conversation.pk}/manage/"
    before = client.get(path).content
    hold_conversation(conversation)
    assert b"Deleted on" in before
    assert TOKEN.sub("#", client.get(path).content.decode()) == TOKEN.sub("#", before.decode())


def test_reviewers_go_on_reading_and_searching_it(client, alice, reviewer):
    conversation = converse(alice)
    index.add_conversation(conversation.pk)
    hold_conversation(conversation)
    client.force_login(alice)
    by_erasing(client, conversation)
    client.force_login(reviewer)
    assert str(conversation.pk) in client.get("/review/").content.decode()
    given = {"reason": "legal", "explanation": "asked", "remember": "on"}
    page = client.post(f"/review/{conversation.pk}/", given, follow=True).content.decode()
    assert OTHER in page
    assert "is kept under a legal hold" in page
    assert str(conversation.pk) in client.get("/review/?q=secret").content.decode()


def test_readings_after_the_deletion_do_not_tell_the_owner_of_the_hold(client, alice, reviewer):
    conversation = converse(alice)
    hold_conversation(conversation)

    def read(reason):
        given = {"reason": reason, "explanation": "asked"}
        client.force_login(reviewer)
        client.post(f"/review/{conversation.pk}/", given, follow=True)
        client.force_login(alice)
        return [reading.first.reason for reading in notice(alice)["readings"]]

    assert read("complaint") == ["complaint"]
    by_erasing(client, conversation)
    assert read("legal") == ["complaint"]
    assert ReviewAccess.objects.filter(reason="legal").exists()


def test_files_that_were_not_sent_yet_go_with_it_for_its_owner(client, alice):
    conversation = converse(alice)
    draft = Attachment.objects.create(
        owner=alice, conversation=conversation, name="a.txt", media_type="text/plain", size=1
    )
    hold_conversation(conversation)
    client.force_login(alice)
    by_erasing(client, conversation)
    assert client.get(f"/files/{draft.pk}/").status_code == 404
    assert client.post(f"/files/{draft.pk}/remove/").status_code == 404
    form = {"text": "hi", "submission": uuid.uuid4(), "attachments": [draft.pk]}
    page = client.post("/", form)
    assert page.status_code == 422 and "a.txt" not in page.content.decode()
    draft.refresh_from_db()
    assert draft.conversation_id == conversation.pk


def test_an_undo_that_comes_after_the_deletion_brings_nothing_back(alice):
    conversation = converse(alice)
    hold_conversation(conversation)
    removal.remove(conversation)
    trash.restore(conversation)
    assert not Conversation.objects.kept().exists()


def test_what_was_deleted_meanwhile_goes_when_the_hold_is_released(client, alice):
    conversation, kept = converse(alice), converse(alice)
    hold = hold_person(conversation)
    client.force_login(alice)
    by_erasing(client, conversation)
    hold.release("It is over.")
    sweep()
    assert set(Conversation.objects.all()) == {kept}


def test_it_stays_while_another_hold_is_in_force(client, alice):
    conversation = converse(alice)
    first = hold_person(conversation)
    hold_conversation(conversation)
    client.force_login(alice)
    by_erasing(client, conversation)
    first.release("It is over.")
    sweep()
    assert Conversation.objects.filter(pk=conversation.pk).exists()


def delete_person(conversation):
    conversation.owner.delete()


def delete_people(conversation):
    Person.objects.filter(pk=conversation.owner_id).delete()


def delete_conversation(conversation):
    conversation.delete()


def delete_conversations(conversation):
    Conversation.objects.all().delete()


def delete_messages(conversation):
    Message.objects.all().delete()


def delete_by_hand(conversation):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE conversations_response SET message_id = NULL")
        cursor.execute("UPDATE conversations_conversation SET active_id = NULL")
        cursor.execute("DELETE FROM conversations_message WHERE role = 'assistant'")


@pytest.mark.parametrize("place", [hold_person, hold_conversation])
@pytest.mark.parametrize(
    "delete",
    [
        delete_person,
        delete_people,
        delete_conversation,
        delete_conversations,
        delete_messages,
        delete_by_hand,
    ],
)
def test_the_database_refuses_what_goes_past_it(alice, delete, place):
    conversation = converse(alice)
    place(conversation)
    with pytest.raises(IntegrityError, match="a legal hold keeps this"), transaction.atomic():
        delete(conversation)
    assert conversation.messages.count() == 3


@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="is about SQLite, which makes tables anew"
)
def test_a_migration_lifts_the_triggers_and_makes_them_again(db):
    triggers.lift("default", plan=[])
    assert triggers.missing(connection, triggers.HOLD) == []
    triggers.lift("default", plan=["a migration"])
    assert len(triggers.missing(connection, triggers.HOLD)) == 4
    triggers.repair("default")
    assert triggers.missing(connection, triggers.HOLD) == []


def test_people_under_a_hold_are_not_deleted_in_the_administration(client, administrator, alice):
    hold_person(converse(alice))
    client.force_login(administrator)
    path = f"/admin/conversations/person/{alice.pk}/delete/"
    assert "under a legal hold" in client.get(path).content.decode()
    client.post(path, {"post": "yes"})
    assert Person.objects.filter(pk=alice.pk).exists()


def test_placing_and_releasing_are_rows_of_the_log(client, administrator, alice):
    conversation = converse(alice)
    client.force_login(administrator)
    client.post(f"{HOLDS}add/", {"person": "alice", "conversation_id": "", "reason": "A lawsuit."})
    hold = Hold.objects.get()
    assert (hold.person_id, hold.placed_by) == (alice.pk, administrator.pk)
    page = client.get(f"{HOLDS}{hold.pk}/change/").content.decode()
    assert "A lawsuit." in page
    client.post(f"{HOLDS}{hold.pk}/change/", {"release_reason": "Settled."})
    hold.refresh_from_db()
    assert (hold.released_by, hold.release_reason) == (administrator.pk, "Settled.")
    Hold.objects.create(conversation_id=conversation.pk, reason="Another.")
    rows = ReviewAccess.objects.order_by("number")
    assert [(row.action, row.reviewer_id, row.owner_id, row.conversation_id) for row in rows] == [
        ("held", administrator.pk, alice.pk, None),
        ("released", administrator.pk, alice.pk, None),
        ("held", None, alice.pk, conversation.pk),
    ]
    assert list(ReviewAccess.verify()) == []
    assert "Settled." in client.get("/review/log/").content.decode()


@pytest.mark.parametrize(
    "given",
    [
        {"person": "alice", "reason": "  "},
        {"person": "alice", "reason": "\u200b\u2800."},
        {"person": "nobody", "reason": "A lawsuit."},
        {"reason": "A lawsuit."},
        {"conversation_id": "11111111-2222-4333-8444-555555555555", "reason": "A lawsuit."},
        {"conversation_id": "x", "reason": "A lawsuit."},
    ],
)
def test_impossible_holds_are_refused_in_a_sentence(client, administrator, alice, given):
    client.force_login(administrator)
    page = client.post(f"{HOLDS}add/", {"person": "", "conversation_id": "", **given})
    assert page.status_code == 200
    assert "errorlist" in page.content.decode()
    assert not Hold.objects.exists()


def test_a_hold_is_not_released_without_a_reason(client, administrator, alice):
    hold = hold_person(converse(alice))
    client.force_login(administrator)
    page = client.post(f"{HOLDS}{hold.pk}/change/", {"release_reason": " "})
    assert "errorlist" in page.content.decode()
    hold.refresh_from_db()
    assert hold.released_at is None


def test_a_hold_is_neither_changed_nor_deleted(client, administrator, alice, bob):
    hold = hold_person(converse(alice))
    hold.person_id = bob.pk
    with pytest.raises(Permanent), transaction.atomic():
        hold.save()
    with pytest.raises(Permanent), transaction.atomic():
        hold.delete()
    client.force_login(administrator)
    assert client.get(f"{HOLDS}{hold.pk}/delete/").status_code == 403
    released = Hold.objects.get()
    released.release("It is over.")
    with pytest.raises(Permanent):
        released.release("Once more.")


def test_holds_are_for_superusers(client, alice, reviewer):
    client.force_login(reviewer)
    assert client.get(HOLDS).status_code in (302, 403, 404)
    alice.is_staff = True
    alice.save()
    client.force_login(alice)
    assert client.get(f"{HOLDS}add/").status_code == 403


def test_what_is_kept_is_not_deleted_from_the_trash_by_purging_it_again(alice):
    conversation = converse(alice, trashed_at=timezone.now() - timedelta(days=40))
    hold_conversation(conversation)
    assert trash.purge() == 1
    assert trash.purge() == 0
