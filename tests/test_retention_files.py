"""Files of conversations go by rules of their own, with their bytes, and legal holds keep them."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from conversations.files import intake, storage
from conversations.keeping.preview import preview
from conversations.keeping.sweep import remove_next
from conversations.models import Attachment, Conversation, Hold, RetentionRule, StoredFile
from conversations.replies import request_body
from tests.support import sample_files as made
from tests.support.review_stage import converse

WORDS = b"words of a file"


@pytest.fixture
def folder(settings, tmp_path):
    settings.FILES_URL = str(tmp_path / "files")
    settings.ERASURES_FILE = tmp_path / "erasures.jsonl"


@pytest.fixture
def sent(folder, alice, django_capture_on_commit_callbacks):
    """A file in an old conversation of alice's."""
    conversation = converse(alice)
    file = intake.take(alice, made.upload(WORDS, "a.txt"), conversation=conversation)
    question = conversation.messages.get(role="user")
    Attachment.objects.filter(pk=file.pk).update(message=question)
    Conversation.objects.update(updated_at=timezone.now() - timedelta(days=40))
    return Attachment.objects.get(pk=file.pk)


def apply(capture):
    output = io.StringIO()
    with capture(execute=True):
        call_command("apply_retention", stdout=output)
    return output.getvalue()


def test_a_file_goes_before_its_conversation(
    sent, client, alice, django_capture_on_commit_callbacks
):
    name = sent.stored.name
    assert storage.read(name) == WORDS
    RetentionRule.objects.create(days=100, file_days=30)
    assert "1 files of conversations that stay deleted" in apply(django_capture_on_commit_callbacks)
    assert not Attachment.with_hidden.exists()
    assert not StoredFile.objects.exists()
    with pytest.raises(OSError, match=name[-10:]):
        storage.read(name)
    client.force_login(alice)
    page = client.get(f"/conversations/{sent.conversation_id}/")
    assert page.status_code == 200
    assert "a.txt" not in page.content.decode()


def test_a_file_that_goes_with_its_conversation_is_not_counted_by_itself(
    sent, django_capture_on_commit_callbacks
):
    Conversation.objects.update(trashed_at=timezone.now() - timedelta(days=35))
    rule = RetentionRule.objects.create(days=30, file_days=20)
    shown = preview([rule])
    assert (shown.total, shown.files) == (1, 0)
    output = io.StringIO()
    call_command("apply_retention", "--dry-run", stdout=output)
    counted = output.getvalue()
    assert "1 conversations would be deleted" in counted and "0 files of" in counted
    done = apply(django_capture_on_commit_callbacks)
    assert done == counted.replace("would be deleted", "deleted")


def test_a_file_of_a_younger_conversation_stays(sent, django_capture_on_commit_callbacks):
    RetentionRule.objects.create(file_days=50)
    apply(django_capture_on_commit_callbacks)
    assert Attachment.objects.exists()


def test_under_a_hold_it_is_hidden_from_its_owner_only(
    sent, client, alice, reviewer, settings, django_capture_on_commit_callbacks
):
    hold = Hold.objects.create(person_id=alice.pk, reason="A lawsuit.")
    RetentionRule.objects.create(file_days=30)
    apply(django_capture_on_commit_callbacks)
    client.force_login(alice)
    assert client.get(f"/files/{sent.pk}/").status_code == 404
    assert "a.txt" not in client.get(f"/conversations/{sent.conversation_id}/").content.decode()
    # It takes none of the room of its owner.
    settings.FILES_PER_PERSON = 2 * len(WORDS)
    intake.take(alice, made.upload(b"other words", "b.txt"))
    client.force_login(reviewer)
    given = {"reason": "legal", "explanation": "The court asked."}
    page = client.post(f"/review/{sent.conversation_id}/", given, follow=True)
    assert "a.txt" in page.content.decode()
    with pytest.raises(IntegrityError, match="a legal hold"), transaction.atomic():
        Attachment.with_hidden.filter(pk=sent.pk).delete()
    hold.release("It is over.")
    while remove_next():
        pass
    assert not Attachment.with_hidden.filter(pk=sent.pk).exists()


def test_a_case_has_the_file_as_it_was_sent(sent, client, reviewer):
    client.force_login(reviewer)
    given = {"reason": "legal", "explanation": "The court asked."}
    answer = client.post(f"/review/{sent.conversation_id}/export/", given)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    folder = f"conversations/{sent.conversation_id}"
    document = json.loads(archive.read(f"{folder}/conversation.json"))
    stored = document["files"][0]["file"]
    assert archive.read(f"{folder}/{stored}") == WORDS
    assert "a.txt" in archive.read(f"{folder}/conversation.html").decode()
    markdown = archive.read(f"{folder}/conversation.md").decode()
    # Once, as a link.
    assert stored in markdown and markdown.count("a.txt") == 2


def test_the_exact_input_has_a_file_that_only_a_hold_keeps(
    sent, client, reviewer, django_capture_on_commit_callbacks
):
    asked = sent.conversation.responses.first()
    asked.request["files"] = {"count": 1, "mode": "text"}
    asked.save()
    Hold.objects.create(conversation_id=sent.conversation_id, reason="A lawsuit.")
    RetentionRule.objects.create(file_days=30)
    apply(django_capture_on_commit_callbacks)
    # What is still to be sent is without it, as if it were deleted.
    assert WORDS.decode() not in json.dumps(request_body.rebuild(asked))
    client.force_login(reviewer)
    given = {"reason": "legal", "explanation": "The court asked.", "remember": "on"}
    review = f"/review/{sent.conversation_id}/"
    client.post(review, given)
    assert WORDS in client.get(f"{review}responses/{asked.pk}/input/").content
    answer = client.post(f"{review}export/", given)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    body = archive.read(f"conversations/{sent.conversation_id}/inputs/{asked.pk}.json")
    assert WORDS in body


def test_an_input_without_a_deleted_file_says_so(
    sent, client, reviewer, django_capture_on_commit_callbacks
):
    asked = sent.conversation.responses.first()
    asked.request["files"] = {"count": 1, "mode": "text"}
    asked.save()
    client.force_login(reviewer)
    given = {"reason": "legal", "explanation": "The court asked.", "remember": "on"}
    review = f"/review/{sent.conversation_id}/"
    client.post(review, given)
    path, said = f"{review}responses/{asked.pk}/input/", "1 file that was sent with it was deleted"
    assert said not in client.get(path).content.decode()
    RetentionRule.objects.create(file_days=30)
    apply(django_capture_on_commit_callbacks)
    page = client.get(path).content.decode()
    assert said in page and WORDS.decode() not in page


def test_an_erasure_deletes_files_with_their_bytes(sent, django_capture_on_commit_callbacks):
    name, output = sent.stored.name, io.StringIO()
    with django_capture_on_commit_callbacks(execute=True):
        call_command("erase_person", "alice", "--yes", stdout=output)
    assert json.loads(output.getvalue())["counts"]["files"] == 1
    with pytest.raises(OSError, match=name[-10:]):
        storage.read(name)
