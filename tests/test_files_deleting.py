"""What is deleted of files: rows with their message, bytes with their last row, and no others."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from conversations.files import draft_files, intake, storage, sweep
from conversations.keeping import removal
from conversations.models import Attachment, Conversation, Message, StoredFile
from tests.support import sample_files as made
from tests.support.file_forms import blobs, send, upload

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_deleted_conversation_leaves_no_row_and_no_bytes(own):
    before = blobs()
    send(own, ("plan.txt", b"the plan"), ("a.png", made.picture()))
    removal.remove(Conversation.objects.get())
    assert not Attachment.objects.exists()
    assert not StoredFile.objects.exists()
    assert blobs() == before


def test_a_deleted_person_leaves_no_bytes(own, alice):
    before = blobs()
    send(own, ("plan.txt", b"the plan"))
    upload(own, b"draft", "draft.txt")
    alice.delete()
    assert not StoredFile.objects.exists()
    assert blobs() == before


def test_bytes_that_another_message_has_stay(own):
    send(own, ("a.txt", b"same"))
    send(own, ("b.txt", b"same"))
    first, second = Conversation.objects.order_by("created_at")
    removal.remove(first)
    [left] = Attachment.objects.all()
    assert storage.read(left.stored.name) == b"same"
    assert StoredFile.objects.get().unheld_since is None
    removal.remove(second)
    assert not StoredFile.objects.exists()


def test_what_nobody_sent_is_swept_after_a_day(own):
    upload(own, b"draft", "draft.txt")
    send(own, ("sent.txt", b"sent"))
    sweep.sweep_piece(timezone.now() + timedelta(hours=23))
    assert Attachment.objects.count() == 2
    sweep.sweep_piece(timezone.now() + timedelta(hours=25))
    assert [each.name for each in Attachment.objects.all()] == ["sent.txt"]
    assert StoredFile.objects.count() == 1


def test_bytes_whose_intake_died_are_swept(alice):
    stored = StoredFile.objects.create(owner_id=alice.pk, sha256="0" * 64, size=5)
    storage.write(stored.name, b"bytes")
    sweep.sweep_piece()
    assert storage.read(stored.name) == b"bytes"
    sweep.sweep_piece(timezone.now() + timedelta(hours=2))
    assert not StoredFile.objects.exists()
    with pytest.raises(FileNotFoundError):
        storage.read(stored.name)


def test_bytes_that_are_being_deleted_are_not_used_again(alice):
    first = intake.take(alice, made.upload(b"same", "a.txt"))
    StoredFile.objects.update(doomed_at=timezone.now())
    second = intake.take(alice, made.upload(b"same", "b.txt"))
    assert first.stored_id != second.stored_id
    with pytest.raises(draft_files.FilesGone):
        message = Message(conversation=Conversation.objects.create(owner=alice), role="user")
        message.save()
        first.message_id = message.pk
        with transaction.atomic():
            draft_files.give([first], message)
