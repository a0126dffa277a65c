"""A file while other things happen: it is refused with a sentence, or kept whole."""

import threading
import uuid

import pytest
from django.core.files.storage import FileSystemStorage
from django.db import connection, connections, transaction

from conversations.conversation_list import trash
from conversations.files import intake, quota
from conversations.files.refused import FileRefused
from conversations.keeping import removal
from conversations.models import Attachment, Conversation, Person, StoredFile
from tests.support import sample_files as made
from tests.support.file_forms import blobs, upload
from tests.support.polling import until

pytestmark = pytest.mark.django_db(transaction=True)


class MeanwhileStorage(FileSystemStorage):
    """A folder as a storage, that calls `meanwhile` once, after the bytes of a file were written
    and before its row is."""

    meanwhile = None

    def _save(self, name, content):
        name = super()._save(name, content)
        happens, type(self).meanwhile = type(self).meanwhile, None
        if happens:
            happens()
        return name


@pytest.fixture
def meanwhile(settings):
    """Sets what happens while a file is stored."""
    files = {**settings.STORAGES["files"], "BACKEND": f"{__name__}.MeanwhileStorage"}
    settings.STORAGES = {**settings.STORAGES, "files": files}
    yield lambda happens: setattr(MeanwhileStorage, "meanwhile", staticmethod(happens))
    MeanwhileStorage.meanwhile = None


@pytest.fixture
def own(client, alice):
    client.force_login(alice)
    return client


def test_an_account_that_is_deleted_meanwhile_gets_a_sentence(own, alice, meanwhile):
    before = blobs()
    meanwhile(Person.objects.get(pk=alice.pk).delete)
    answer = upload(own, b"words", "a.txt")
    assert answer.status_code == 409
    assert "Your account was deleted" in answer.json()["error"]
    assert not Attachment.objects.exists() and not StoredFile.objects.exists()
    assert blobs() == before
    # And one that was deleted before it is stored at all.
    with pytest.raises(FileRefused, match="account_gone"):
        intake.take(alice, made.upload(b"words", "a.txt"))


def test_a_conversation_that_is_deleted_meanwhile_gets_a_sentence(own, alice, meanwhile):
    before = blobs()
    conversation = Conversation.objects.create(owner=alice)
    meanwhile(lambda: removal.remove(conversation))
    answer = upload(own, b"words", "a.txt", conversation=str(conversation.pk))
    assert answer.status_code == 409
    assert "The conversation was deleted" in answer.json()["error"]
    assert not Attachment.objects.exists() and not StoredFile.objects.exists()
    assert blobs() == before


def test_a_conversation_that_goes_to_the_trash_meanwhile_takes_the_file_along(
    own, alice, meanwhile
):
    conversation = Conversation.objects.create(owner=alice)
    meanwhile(lambda: trash.trash(conversation))
    answer = upload(own, b"words", "a.txt", conversation=str(conversation.pk))
    assert answer.status_code == 201
    url = answer.json()["url"]
    assert own.get(url).status_code == 404
    trash.restore(conversation)
    assert b"".join(own.get(url).streaming_content) == b"words"


def test_two_tabs_may_upload_the_same_file_at_a_time(own, alice, meanwhile):
    meanwhile(lambda: intake.take(alice, made.upload(b"words", "b.txt")))
    assert upload(own, b"words", "a.txt").status_code == 201
    assert sorted(file.name for file in Attachment.objects.all()) == ["a.txt", "b.txt"]
    assert StoredFile.objects.get().unheld_since is None
    assert len(set(Attachment.objects.values_list("stored", flat=True))) == 1


def test_nobody_uploads_one_document_again_and_again(own, alice, settings):
    settings.FILES_PER_MESSAGE = 1
    first = intake.take(alice, made.upload(b"words", "a.txt"))
    Attachment.objects.bulk_create(
        Attachment(
            owner=alice,
            stored=first.stored,
            name="a.txt",
            media_type="text/plain",
            size=5,
            text="w",
        )
        for _number in range(quota.MESSAGES_OF_DRAFTS - 1)
    )
    answer = upload(own, b"words", "a.txt")
    assert answer.status_code == 422
    assert "many files that you have not sent" in answer.json()["error"]
    assert own.post(f"/files/{first.pk}/remove/").status_code == 303
    assert upload(own, b"words", "a.txt").status_code == 201


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_files_of_two_people_at_a_time_stay_within_the_limit_of_the_site(settings, alice, bob):
    settings.FILES_PER_SITE = 15
    told = []

    def take():
        try:
            intake.take(bob, made.upload(b"ten bytes.", "b.txt"))
        except FileRefused as refused:
            told.append(refused.code)
        finally:
            connections.close_all()

    with transaction.atomic():
        first = Attachment(owner=alice, size=10, sha256=uuid.uuid4().hex)
        quota.reserve(first, 0)
        other = threading.Thread(target=take)
        other.start()
        until(_somebody_waits, 30)
    other.join()
    assert told == ["site_full"]
    assert StoredFile.objects.count() == 1


def _somebody_waits():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return cursor.fetchone()[0]
