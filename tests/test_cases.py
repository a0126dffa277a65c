"""A case is a zip of conversations that can be read without us and checked byte for byte."""

import hashlib
import io
import json
import re
import subprocess
import zipfile
from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from conversations.files import intake
from conversations.models import Attachment, Conversation, Feedback, Hold, Message, ReviewAccess
from tests.support import sample_files as made
from tests.support.review_stage import ANSWER, OTHER, QUESTION, TITLE, converse

REASON = {"reason": "legal", "explanation": "The court asked."}


@pytest.fixture
def desk(client, reviewer):
    client.force_login(reviewer)
    return client


def content(answer):
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)


def export(desk, conversation, **reason):
    return content(desk.post(f"/review/{conversation.pk}/export/", {**REASON, **reason}))


def opened(data):
    return zipfile.ZipFile(io.BytesIO(data))


def manifest(archive):
    return json.loads(archive.read("manifest.json"))


def verify(data, tmp_path):
    file, output = tmp_path / "case.zip", io.StringIO()
    file.write_bytes(data)
    call_command("verify_case", file, stdout=output)
    return output.getvalue()


def test_it_has_all_branches_as_json_text_and_page_and_the_exact_inputs(desk, alice):
    conversation = converse(alice)
    reply = conversation.messages.filter(role="assistant").first()
    Feedback.objects.create(message=reply, value="bad", comment="wrong <b>")
    archive = opened(export(desk, conversation))
    folder = f"conversations/{conversation.pk}"
    document = json.loads(archive.read(f"{folder}/conversation.json"))
    page = archive.read(f"{folder}/conversation.html").decode()
    markdown = archive.read(f"{folder}/conversation.md").decode()
    assert document["owner"]["username"] == "alice"
    assert [message["text"] for message in document["messages"]] == [QUESTION, ANSWER, OTHER]
    assert [call["total_tokens"] for call in document["calls"]] == [15, 15]
    assert document["feedback"][0]["comment"] == "wrong <b>"
    for text in (page, markdown, archive.read("index.html").decode()):
        assert TITLE in text
    for text in (QUESTION, "an <strong>answer</strong>", OTHER, "wrong &lt;b&gt;", "follows 1"):
        assert text in page
    for text in (QUESTION, ANSWER, OTHER, "follows 1"):
        assert text in markdown
    inputs = [name for name in archive.namelist() if "/inputs/" in name]
    assert len(inputs) == 2
    assert json.loads(archive.read(inputs[0]))["input"][0]["content"] == QUESTION
    assert "exported_case" in archive.read("access-log.csv").decode()


def test_a_file_that_a_virus_check_forbids_is_named_without_its_bytes(desk, alice):
    conversation = converse(alice)
    question = conversation.messages.get(role="user")
    for state in ("ready", "suspicious"):
        upload = made.upload(state.encode(), f"{state}.txt")
        file = intake.take(alice, upload, conversation=conversation)
        Attachment.objects.filter(pk=file.pk).update(message=question, state=state)
    archive = opened(export(desk, conversation))
    folder = f"conversations/{conversation.pk}"
    files = json.loads(archive.read(f"{folder}/conversation.json"))["files"]
    assert [(each["name"], each["state"]) for each in files] == [
        ("ready.txt", "ready"),
        ("suspicious.txt", "suspicious"),
    ]
    assert files[1]["file"] is None
    assert [name for name in archive.namelist() if "/files/" in name] == [
        f"{folder}/{files[0]['file']}"
    ]
    assert archive.read(f"{folder}/{files[0]['file']}") == b"ready"
    for name in ("conversation.html", "conversation.md"):
        page = archive.read(f"{folder}/{name}").decode()
        assert "ready.txt" in page and "suspicious.txt" in page
        assert page.count("files/") == 1


def test_a_picture_that_a_reply_made_is_listed_as_a_file(desk, alice):
    conversation = converse(alice)
    reply = conversation.active
    upload = made.upload(made.picture(), "picture-1.png")
    file = intake.take(alice, upload, conversation=conversation)
    Attachment.objects.filter(pk=file.pk).update(message=reply)
    call = {"type": "image_generation_call", "id": "ig_1", "status": "completed"}
    Message.objects.filter(pk=reply.pk).update(items=[{**call, "file": str(file.pk)}])
    archive = opened(export(desk, conversation))
    page = archive.read(f"conversations/{conversation.pk}/conversation.html").decode()
    assert "Made a picture" in page and "does not have" not in page
    assert 'dir="auto">picture-1.jpg</a>' in page


def test_its_pages_load_nothing_and_run_nothing(desk, alice):
    conversation = converse(alice, title="<script>alert(1)</script>")
    archive = opened(export(desk, conversation, explanation="</q><script>alert(2)</script>"))
    for name in archive.namelist():
        if name.endswith(".html"):
            page = archive.read(name).decode()
            assert "<script" not in page
            assert not re.search(r"(src|href)=\"(https?:|//|/)", page)
            assert "default-src 'none'" in page


def test_every_member_is_in_the_manifest_with_its_hash(desk, alice, tmp_path):
    data = export(desk, converse(alice))
    archive = opened(data)
    said = manifest(archive)
    assert set(said["members"]) == {*archive.namelist()} - {"manifest.json"}
    for name, of in said["members"].items():
        written = archive.read(name)
        assert of == {"size": len(written), "sha256": hashlib.sha256(written).hexdigest()}
    assert (said["exported_by"], said["explanation"]) == ("ruth", "The court asked.")
    archive.extractall(tmp_path)
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=tmp_path, check=True)


def test_it_is_a_recorded_act_with_a_reason(desk, alice, reviewer):
    conversation = converse(alice)
    path = f"/review/{conversation.pk}/export/"
    assert 'name="reason"' in desk.get(path).content.decode()
    for given in ({}, {"reason": "legal"}, {"reason": "legal", "explanation": "\u200b"}):
        assert desk.post(path, given).status_code == 422
    assert not ReviewAccess.objects.exists()
    data = export(desk, conversation)
    first, last = ReviewAccess.objects.order_by("number")
    assert (first.action, first.reviewer_id, first.owner_id, first.conversation_id) == (
        "exported_case",
        reviewer.pk,
        alice.pk,
        conversation.pk,
    )
    assert (first.reason, first.explanation) == ("legal", "The court asked.")
    digest = hashlib.sha256(opened(data).read("manifest.json")).hexdigest()
    assert (last.action, last.detail["manifest"]) == ("finished_export", digest)
    assert last.detail["case"] == first.detail["case"] == manifest(opened(data))["case"]


def test_its_owner_is_told(desk, client, alice):
    export(desk, converse(alice))
    client.force_login(alice)
    assert "Legal request" in client.get("/account/").content.decode()


def test_a_selection_of_the_queue_is_one_case(desk, alice, bob):
    mine = [converse(alice), converse(alice)]
    converse(bob)
    page = desk.get("/review/?person=alice").content.decode()
    assert "/review/export/?person=alice" in page
    assert "2 conversations" in desk.get("/review/export/?person=alice").content.decode()
    archive = opened(content(desk.post("/review/export/?person=alice", REASON)))
    folders = {name.split("/")[1] for name in archive.namelist() if name.startswith("conv")}
    assert folders == {str(conversation.pk) for conversation in mine}
    rows = ReviewAccess.objects.filter(action="exported_case")
    assert set(rows.values_list("conversation_id", flat=True)) == {each.pk for each in mine}
    assert desk.get("/review/export/?person=nobody").status_code == 422


def test_what_is_held_and_deleted_for_its_owner_is_exported_too(desk, client, alice, tmp_path):
    conversation = converse(alice)
    Hold.objects.create(conversation_id=conversation.pk, reason="A lawsuit.")
    client.force_login(alice)
    client.post(f"/conversations/{conversation.pk}/trash/")
    client.post(f"/conversations/{conversation.pk}/erase/")
    client.force_login(type(alice).objects.get(username="ruth"))
    archive = opened(export(desk, conversation))
    document = json.loads(archive.read(f"conversations/{conversation.pk}/conversation.json"))
    assert document["deleted_for_owner_at"]


def test_a_large_conversation_is_whole(desk, alice):
    conversation = Conversation.objects.create(owner=alice, title="Long")
    Message.objects.bulk_create(
        Message(conversation=conversation, role="user", text=f"text {n}", html=f"text {n}")
        for n in range(450)
    )
    page = opened(export(desk, conversation)).read(
        f"conversations/{conversation.pk}/conversation.html"
    )
    assert page.count(b"<article") == 450


def test_others_get_no_case(client, alice, bob, administrator, reviewer):
    conversation = converse(alice)
    for person in (alice, bob, administrator):
        client.force_login(person)
        for path in (f"/review/{conversation.pk}/export/", "/review/export/"):
            assert client.get(path).status_code == 404
            assert client.post(path, REASON).status_code == 404
    assert not ReviewAccess.objects.exists()


def test_cases_have_the_pace_of_readings(desk, alice, reviewer, settings):
    settings.REVIEW_READINGS_PER_HOUR = 2
    conversation, *_others = [converse(alice) for _number in range(3)]
    # One case may have more than that.
    assert len(content(desk.post("/review/export/", REASON))) > 1_000
    for path in ("/review/export/", f"/review/{conversation.pk}/export/"):
        page = desk.post(path, REASON)
        assert page.status_code == 429
        assert "limit of readings" in page.content.decode()
    assert ReviewAccess.objects.filter(action="exported_case").count() == 3
    assert ReviewAccess.objects.filter(action="limited").count() == 1
    with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=1)):
        desk.force_login(reviewer)
        assert content(desk.post(f"/review/{conversation.pk}/export/", REASON))


def test_an_old_login_is_asked_for_the_password(desk, alice, settings):
    conversation = converse(alice)
    settings.ADMIN_LOGIN_AGE = 0
    answer = desk.post(f"/review/{conversation.pk}/export/", REASON)
    assert answer.status_code == 302
    assert not ReviewAccess.objects.exists()


def test_a_case_as_it_was_exported_is_verified(desk, alice, tmp_path):
    said = verify(export(desk, converse(alice)), tmp_path)
    assert "as the manifest says" in said
    assert "row 2 of the access log" in said


def rewritten(data, change):
    """The zip with its members as `change(name, content)` returns them (None: left out)."""
    out = io.BytesIO()
    with opened(data) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            written = change(name, old.read(name))
            if written is not None:
                new.writestr(name, written)
        if extra := change("", b""):
            new.writestr("extra.txt", extra)
    return out.getvalue()


CHANGES = {
    "was changed": lambda name, old: old.replace(b"secret", b"public") if name else None,
    "is missing": lambda name, old: None if name.endswith(".md") else (old or None),
    "is not in the manifest": lambda name, old: old if name else b"more",
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_was_changed_is_named(desk, alice, tmp_path, what, capsys):
    data = rewritten(export(desk, converse(alice)), CHANGES[what])
    with pytest.raises(CommandError, match="is not as it was exported"):
        file = tmp_path / "case.zip"
        file.write_bytes(data)
        call_command("verify_case", file)
    assert what in capsys.readouterr().out


@pytest.mark.parametrize(
    "data", [b"", b"PK", b"no zip", rewritten.__doc__.encode()], ids=["empty", "PK", "text", "doc"]
)
def test_what_is_no_case_is_said(tmp_path, data):
    with pytest.raises(CommandError, match="is no case"):
        verify(data, tmp_path)


def test_a_zip_without_a_manifest_or_with_a_broken_one_is_no_case(desk, alice, tmp_path):
    data = export(desk, converse(alice))
    for written in (None, b"{", b"[]", b'{"format": "chatsite case", "members": [1]}'):
        broken = rewritten(
            data,
            lambda name, old, written=written: (
                written if name == "manifest.json" else (old or None)
            ),
        )
        with pytest.raises(CommandError, match="is no case"):
            verify(broken, tmp_path)


def test_whatever_byte_is_changed_is_named_or_changes_no_file(desk, alice, tmp_path):
    data = export(desk, converse(alice))
    for at in range(0, len(data), 29):
        changed = bytearray(data)
        changed[at] ^= 0xFF
        try:
            verify(changed, tmp_path)
        except CommandError:
            continue
        with opened(changed) as archive, opened(data) as whole:
            names = whole.namelist()
            assert archive.namelist() == names
            assert [archive.read(name) for name in names] == [whole.read(name) for name in names]


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(CommandError, match="is no case"):
        call_command("verify_case", tmp_path / "missing.zip")
