"""The erasure of a person leaves figures under a pseudonym, a receipt, and nothing else."""

import json
import sqlite3
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as site
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import CharField, EmailField, JSONField, TextField
from django.test import Client
from django.utils import timezone

from conversations.jobs import runner
from conversations.jobs.erase_person_work import erase_again
from conversations.keeping import erasure as erasures
from conversations.keeping import erasure_list, free_pages
from conversations.models import (
    AccessWords,
    Budget,
    BudgetChange,
    Conversation,
    Erasure,
    Feedback,
    Hold,
    Invitation,
    Job,
    Message,
    OutgoingMail,
    Person,
    QueuedMessage,
    Response,
    ReviewAccess,
    ReviewSitting,
    SearchEntry,
)
from conversations.search import index
from tests.support.review_stage import converse

SECRET = "quokka-zebra-7319"


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.ERASURES_FILE = tmp_path / "erasures.jsonl"
    settings.IMPORT_FOLDER = tmp_path / "imports"
    settings.IMPORT_FOLDER.mkdir()
    return tmp_path


@pytest.fixture
def leaver(alice):
    """Alice, with something of every kind."""
    conversation = converse(alice, title=f"About {SECRET}")
    reply = conversation.messages.filter(role="assistant").first()
    Message.objects.filter(pk=reply.pk).update(text=f"answer {SECRET}")
    index.add_conversation(conversation.pk)
    Feedback.objects.create(message=reply, value="bad", comment=SECRET)
    QueuedMessage.objects.create(conversation=conversation, text=SECRET, submission=reply.pk)
    EmailAddress.objects.create(user=alice, email="other@example.org", verified=True)
    OutgoingMail.objects.create(recipients="Other@example.org", subject=SECRET, content={})
    (site.IMPORT_FOLDER / ("0" * 32)).write_text(SECRET)
    Job.objects.create(owner=alice, kind="import", subject="0" * 32)
    Budget.objects.create(person=alice, period="day", metric="tokens", limit=5)
    Client().force_login(alice)
    return alice


def erase(name="alice"):
    output = StringIO()
    call_command("erase_person", name, "--yes", stdout=output)
    return json.loads(output.getvalue())


def test_all_that_was_the_persons_is_gone(leaver, bob):
    kept = converse(bob)
    receipt = erase()
    assert not Person.objects.filter(username="alice").exists()
    assert set(Conversation.objects.all()) == {kept}
    assert Message.objects.count() == 3
    for rows in (Feedback, QueuedMessage, EmailAddress, OutgoingMail, Job, Budget, SearchEntry):
        assert not rows.objects.exists(), rows
    assert list(site.IMPORT_FOLDER.iterdir()) == []
    counts = receipt["counts"]
    assert (counts["conversations"], counts["messages"], counts["feedback"]) == (1, 3, 1)
    assert (counts["drafts"], counts["sessions"], counts["mails"]) == (1, 1, 1)
    assert (counts["ledger_rows"], counts["person"], counts["emailaddress"]) == (2, 1, 1)


def test_the_ledger_and_the_log_keep_figures_under_a_pseudonym(leaver):
    person_id = leaver.pk
    receipt = erase()
    assert set(Response.objects.values_list("person_id", "username", "total_tokens")) == {
        (person_id, receipt["pseudonym"], 15)
    }
    assert receipt["pseudonym"].startswith("erased-")
    assert set(BudgetChange.objects.values_list("holder", flat=True)) == {receipt["pseudonym"]}
    rows = ReviewAccess.objects.order_by("number")
    assert [(row.action, row.owner_id) for row in rows] == [
        ("ordered_erasure", person_id),
        ("erased", person_id),
    ]


def test_the_history_of_the_administration_names_nobody_any_more(client, administrator, leaver):
    client.force_login(administrator)
    budget = {"person": leaver.pk, "period": "day", "metric": "replies", "limit": 7}
    assert client.post("/admin/conversations/budget/add/", budget).status_code == 302
    limited = {"viewer": leaver.pk, "groups": [Group.objects.create(name="Team").pk]}
    assert client.post("/admin/conversations/usagescope/add/", limited).status_code == 302
    # She was invited at an address that she has no more.
    invited = {"email": "Former@example.org", "role": ""}
    assert client.post("/admin/conversations/invitation/add/", invited).status_code == 302
    Invitation.objects.update(person=leaver)
    noted = LogEntry.objects.values_list("object_repr", flat=True)
    assert [each for each in noted if "alice" in each or "former" in each.lower()]
    assert len(noted) == 3
    pseudonym = erase()["pseudonym"]
    assert set(noted.all()) == {pseudonym}
    assert not Invitation.objects.exists()


def test_sessions_that_have_expired_go_too_and_mails_to_others_stay(leaver, bob):
    expired = SessionStore()
    expired["single_sign_on"] = {"id_token": SECRET}
    expired.create()
    Session.objects.filter(pk=expired.session_key).update(
        expire_date=timezone.now() - timedelta(days=1)
    )
    to_another = "another@example.org, bob@example.org"
    OutgoingMail.objects.create(recipients=to_another, subject="For bob", content={})
    Client().force_login(bob)
    erase()
    assert [mail.recipients for mail in OutgoingMail.objects.all()] == [to_another]
    [session] = Session.objects.all()
    assert session.get_decoded()["_auth_user_id"] == str(bob.pk)


@pytest.mark.once
def test_every_table_that_loses_text_is_cleared_of_it():
    losing = [
        relation.related_model
        for model in (Person, Conversation, Message)
        for relation in model._meta.related_objects
    ]
    texts = (TextField, CharField, JSONField, EmailField)
    with_text = {
        model._meta.db_table
        for model in losing
        # Words of the site's own choice are no text of a person.
        if any(isinstance(each, texts) and not each.choices for each in model._meta.fields)
    }
    assert with_text - set(free_pages.TABLES) == set()


@pytest.mark.parametrize("on", ["person", "conversation"])
def test_it_is_refused_under_a_hold(leaver, on):
    which = {"person": leaver.pk, "conversation": Conversation.objects.get().pk}[on]
    hold = Hold.objects.create(**{f"{on}_id": which}, reason="A lawsuit.")
    with pytest.raises(CommandError, match="under a legal hold"):
        erase()
    assert Message.objects.count() == 3
    assert Person.objects.get(username="alice").is_active
    hold.release("It is over.")
    erase()
    assert not Person.objects.filter(username="alice").exists()


def test_a_hold_that_comes_meanwhile_stops_it(leaver):
    erasure = erasures.order(leaver)
    Hold.objects.create(person_id=leaver.pk, reason="A lawsuit.")
    with pytest.raises(erasures.UnderHold):
        erasures.piece(erasure)
    assert Message.objects.count() == 3


def test_nothing_is_done_without_yes_or_for_an_unknown_name(leaver):
    with pytest.raises(CommandError, match="Give --yes"):
        call_command("erase_person", "alice")
    with pytest.raises(CommandError, match="no account nobody"):
        call_command("erase_person", "nobody", "--yes")
    assert Conversation.objects.exists()


def test_a_list_of_erasures_that_cannot_be_written_is_said_and_the_rest_is_done_later(
    leaver, files, settings
):
    settings.ERASURES_FILE = files / "missing" / "erasures.jsonl"
    with pytest.raises(CommandError, match=r"erasures\.jsonl cannot be written: No such file"):
        erase()
    assert Person.objects.filter(username="alice", is_active=False).exists()
    settings.ERASURES_FILE.parent.mkdir()
    assert erase()["counts"]["person"] == 1


def test_the_last_administrator_is_not_erased(administrator):
    with pytest.raises(CommandError, match="only administrator"):
        erase("administrator")


def test_the_receipt_can_be_verified_and_a_forged_one_cannot(leaver, files):
    receipt = erase()
    file = files / "receipt.json"

    def verify(**changed):
        file.write_text(json.dumps({**receipt, **changed}))
        output = StringIO()
        call_command("verify_erasure", file, stdout=output)
        return output.getvalue()

    assert "row 2 of the access log" in verify()
    with pytest.raises(CommandError, match="was changed"):
        verify(counts={})
    with pytest.raises(CommandError, match="was changed"):
        verify(hash="0" * 64)
    said = {name: value for name, value in {**receipt, "counts": {}}.items() if name != "hash"}
    from conversations.models.erasure import receipt_hash

    with pytest.raises(CommandError, match="no erasure with this receipt"):
        verify(**said, hash=receipt_hash(said))
    for content in ("{", "[]", "{}", "\x00"):
        file.write_text(content)
        with pytest.raises(CommandError, match="is no receipt"):
            call_command("verify_erasure", file)
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("verify_erasure", files / "missing")


def test_free_text_of_the_log_is_emptied_and_the_chain_stays_whole(client, leaver, bob, reviewer):
    theirs, others = Conversation.objects.get(), converse(bob)
    client.force_login(reviewer)
    given = {"reason": "complaint", "explanation": f"{SECRET} said so", "remember": "on"}
    client.get("/review/?q=okapi&person=bob")
    client.post(f"/review/{theirs.pk}/", given)
    client.get("/review/?q=okapi&person=alice")
    client.post(f"/review/{others.pk}/", {**given, "explanation": "of bob"})
    erase()
    told = {row.number: row.words for row in ReviewAccess.objects.order_by("number")}
    assert SECRET not in json.dumps(told)
    assert "person=alice" not in json.dumps(told)
    assert "person=bob" in json.dumps(told)
    assert "of bob" in json.dumps(told)
    assert [row.detail.get("queue") for row in ReviewAccess.objects.all()] == [None] * len(told)
    call_command("verify_access_log", stdout=StringIO())


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("alice@example.org", "person=alice%40example.org"),
        ("张三", "person=%E5%BC%A0%E4%B8%89"),
        ("alice", "person=+alice+"),
        ("alice", "person=%EF%BD%81lice"),
        ("alice", "q=what+other%40example.org+said"),
        ("alice", "q=about+Alice+Liddell"),
    ],
)
def test_filters_that_name_the_person_are_emptied_however_they_are_written(
    client, leaver, bob, reviewer, name, typed
):
    Person.objects.filter(pk=leaver.pk).update(
        username=name, first_name="Alice", last_name="Liddell"
    )
    converse(bob)
    client.force_login(reviewer)
    for query in (f"q=okapi&{typed}", "q=okapi&person=bob"):
        assert client.get(f"/review/?{query}").status_code == 200
    erase(name)
    told = [each.words.get("queue", "") for each in AccessWords.objects.order_by("number")]
    assert told == ["", "q=okapi&person=bob"]
    call_command("verify_access_log", stdout=StringIO())


def test_what_allows_a_reviewer_to_read_goes_with_the_reason_in_it(client, leaver, bob, reviewer):
    client.force_login(reviewer)
    for conversation in (Conversation.objects.get(), converse(bob)):
        given = {"reason": "complaint", "explanation": conversation.owner.username}
        client.post(f"/review/{conversation.pk}/", given)
    erase()
    assert [sitting.explanation for sitting in ReviewSitting.objects.all()] == ["bob"]


@pytest.mark.parametrize("on", ["person", "conversation"])
def test_reasons_of_holds_that_are_over_are_emptied(leaver, bob, on):
    for person in (leaver, bob):
        conversation = Conversation.objects.filter(owner=person).first() or converse(person)
        which = {"person": person.pk, "conversation": conversation.pk}[on]
        hold = Hold.objects.create(**{f"{on}_id": which}, reason=f"About {person.username}.")
        hold.release(f"Not {person.username}.")
    pseudonym = erase()["pseudonym"]
    told = set(Hold.objects.values_list("reason", "release_reason"))
    assert told == {(pseudonym, ""), ("About bob.", "Not bob.")}


def test_text_beside_the_log_is_only_emptied_and_by_an_erasure_only(client, leaver, reviewer):
    client.force_login(reviewer)
    given = {"reason": "complaint", "explanation": "She asked.", "remember": "on"}
    client.post(f"/review/{Conversation.objects.get().pk}/", given)
    words = AccessWords.objects.get()
    with pytest.raises(IntegrityError if connection.vendor == "sqlite" else Exception):
        with transaction.atomic():
            AccessWords.objects.update(words={"explanation": "No."})
    with pytest.raises(IntegrityError if connection.vendor == "sqlite" else Exception):
        with transaction.atomic():
            words.delete()
    assert list(ReviewAccess.verify_words()) == []
    AccessWords.objects.update(salt="", words={}, erased_by=words.number)
    assert list(ReviewAccess.verify_words()) == [(words.number, "stripped of its words")]


def test_the_administration_orders_it_and_a_process_does_it(client, administrator, leaver):
    client.force_login(administrator)
    page = f"/admin/conversations/person/{leaver.pk}/erase/"
    assert "Erase for good" in client.get(page).content.decode()
    answer = client.post(page)
    erasure = Erasure.objects.get()
    assert answer["Location"] == f"/admin/conversations/erasure/{erasure.pk}/change/"
    client.post(page)
    assert Job.objects.filter(kind="erase_person").count() == 1
    process = runner.Runner()
    while process.step():
        pass
    shown = client.get(answer["Location"]).content.decode()
    erasure.refresh_from_db()
    assert erasure.receipt()["hash"] in shown
    row = ReviewAccess.objects.get(action="erased")
    assert (row.reviewer_id, row.owner_id) == (administrator.pk, leaver.pk)
    assert not LogEntry.objects.filter(object_repr="alice").exists()
    assert client.get(page).status_code == 404


def test_its_page_says_beforehand_what_forbids_it(client, administrator, leaver):
    client.force_login(administrator)
    page = f"/admin/conversations/person/{leaver.pk}/erase/"
    assert "Erase for good" in client.get(page).text
    owned = leaver.conversations.first()
    for fields in ({"person_id": leaver.pk}, {"conversation_id": owned.pk}):
        hold = Hold.objects.create(**fields, reason="A lawsuit.")
        shown = client.get(page)
        assert shown.status_code == 200
        assert "under a legal hold" in shown.text and "Erase for good" not in shown.text
        assert f'href="/admin/conversations/hold/{hold.pk}/change/"' in shown.text
        hold.release("It is over.")
    assert "Erase for good" in client.get(page).text
    own = client.get(f"/admin/conversations/person/{administrator.pk}/erase/")
    assert "only administrator" in own.text and "Erase for good" not in own.text


def test_the_administration_refuses_it_under_a_hold_and_to_others(client, administrator, leaver):
    Hold.objects.create(person_id=leaver.pk, reason="A lawsuit.")
    client.force_login(administrator)
    page = f"/admin/conversations/person/{leaver.pk}/erase/"
    answer = client.post(page)
    assert answer.status_code == 409
    assert "a legal hold forbids it" in answer.text
    administrator.is_superuser = False
    administrator.save()
    client.force_login(administrator)
    assert client.post(page).status_code == 404
    assert not Erasure.objects.exists()


def test_a_restored_backup_has_it_applied_again(leaver, files):
    joined, pk = leaver.date_joined, leaver.pk
    first = erase()
    Person.objects.create(pk=pk, username="alice", date_joined=joined)
    erase_again()
    process = runner.Runner()
    while process.step():
        pass
    assert not Person.objects.filter(pk=pk).exists()
    assert set(Erasure.objects.values_list("pseudonym", flat=True)) == {first["pseudonym"]}
    assert len(erasure_list.read()) == 1
    assert oct(site.ERASURES_FILE.stat().st_mode)[-3:] == "600"


def test_who_got_the_number_of_an_erased_person_is_left_alone(leaver):
    pk = leaver.pk
    erase()
    Person.objects.create(pk=pk, username="carol")
    with site.ERASURES_FILE.open("a") as file:
        file.write('{"person": 1}\nnot json\n{"per')
    erase_again()
    assert Person.objects.get(pk=pk).is_active
    assert not Job.objects.exists()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="is about SQLite's file")
@pytest.mark.django_db(transaction=True)
def test_no_byte_of_the_text_is_left_in_sqlites_files(leaver):
    for number in range(50):
        conversation = converse(leaver, title=f"{number} {SECRET}")
        Message.objects.filter(conversation=conversation).update(text=f"{SECRET} " * 900)
        index.add_conversation(conversation.pk)
    file = Path(connection.settings_dict["NAME"])
    files = [file, file.with_name(f"{file.name}-wal")]
    found = b"".join(each.read_bytes() for each in files)
    assert SECRET.encode() in found
    assert b"quokka" in found
    receipt = erase()
    assert receipt["counts"]["pages_cleared"] == 1
    found = b"".join(each.read_bytes() for each in files)
    assert SECRET.encode() not in found
    assert b"quokka" not in found
    assert sqlite3.connect(file).execute("PRAGMA integrity_check").fetchone() == ("ok",)
