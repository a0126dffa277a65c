"""Files in messages: taken in, shown, kept by form and draft, shared, and deleted."""

import errno
import io
import re
import uuid
from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.conf import settings as site
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from conversations.conversation_list import trash
from conversations.files import intake, storage, sweep
from conversations.files.refused import FileRefused
from conversations.models import (
    Attachment,
    Conversation,
    LanguageModel,
    Message,
    QueuedMessage,
    StoredFile,
)
from tests.support import sample_files as made
from tests.support.file_forms import blobs, send, upload

# What a database may change is in the files about sending, deleting and crashing.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


@pytest.fixture(autouse=True)
def seeing(db):
    """The model of the tests takes pictures."""
    LanguageModel.objects.ensure_default()
    LanguageModel.objects.update(images=True)


@pytest.fixture
def own(client, alice):
    client.force_login(alice)
    return client


def test_an_uploaded_picture_is_a_draft_of_its_owner(own, alice):
    answer = upload(own, made.picture("PNG", (640, 480)), "holiday.png")
    assert answer.status_code == 201
    found = answer.json()
    attachment = Attachment.objects.get(pk=found["id"])
    assert (attachment.owner, attachment.message, attachment.state) == (alice, None, "ready")
    assert (attachment.name, attachment.media_type) == ("holiday.jpg", "image/jpeg")
    assert (attachment.width, attachment.height) == (640, 480)
    whole = own.get(found["url"])
    content = b"".join(whole.streaming_content)
    assert Image.open(io.BytesIO(content)).size == (640, 480)
    assert len(content) == attachment.size
    small = own.get(found["small"])
    assert Image.open(io.BytesIO(b"".join(small.streaming_content))).size == (320, 240)


def test_what_is_served_can_run_nothing(own):
    picture = own.get(upload(own, made.picture(), "a.png").json()["url"])
    page = own.get(upload(own, b"<script>alert(1)</script>", 'x".html').json()["url"])
    document = own.get(upload(own, made.pdf("x"), "zo\u0308e.pdf").json()["url"])
    for answer in (picture, page, document):
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        answer.close()
    assert picture.headers["Content-Type"] == "image/jpeg"
    assert picture.headers["Content-Disposition"].startswith("inline")
    assert picture.headers["Cache-Control"].startswith("private, max-age")
    assert page.headers["Content-Type"] == "text/plain"
    assert page.headers["Content-Disposition"] == 'attachment; filename="x_.html"'
    assert page.headers["Cache-Control"] == "private, no-store"
    assert "filename*=utf-8''zo%CC%88e.pdf" in document.headers["Content-Disposition"] or (
        "filename*=utf-8''z%C3%B6e.pdf" in document.headers["Content-Disposition"]
        or "zöe.pdf" in document.headers["Content-Disposition"]
    )


def test_what_a_model_reads_of_a_document_has_a_page(own):
    found = upload(own, made.docx("The <b>plan</b>".replace("<", "&lt;")), "plan.docx").json()
    page = own.get(f"{found['url']}text/")
    assert "The &lt;b&gt;plan&lt;/b&gt;" in page.content.decode()
    assert "default-src 'none'; script-src 'self'" in page.headers["Content-Security-Policy"]
    assert own.get(f"{upload(own, made.picture(), 'a.png').json()['url']}text/").status_code == 404


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\a.txt", "a.txt"),
        ('a"b\r\nSet-Cookie: x.txt', "a_bSet-Cookie_ x.txt"),
        ("photo\u202egpj.exe.txt", "photogpj.exe.txt"),
        ("\u200b\u2066.txt", "txt"),
        ("x" * 500 + ".csv", "x" * 195 + "….csv"),
        (".hidden.txt", "hidden.txt"),
        ("a  b.txt", "a  b.txt"),
    ],
)
def test_a_name_is_kept_without_what_could_harm(own, name, kept):
    assert intake.names.clean(name) == kept
    assert len(intake.names.clean(name)) <= 200


def test_bytes_lie_under_hashes_two_folders_deep_for_the_server_alone(own):
    before = blobs()
    upload(own, made.picture(), "Private Holiday.png")
    new = set(blobs()) - set(before)
    assert len(new) == 2
    for name in new:
        first, second, digits = name.split("/")
        assert digits.startswith(first + second)
        assert len(digits) == 64
        path = site.FILES_FOLDER / name
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "It is empty."),
        (bytes(50), "This kind of file is not taken."),
        (made.packed({"a": "b"}), "An archive is not taken."),
        (made.picture()[:60], "It is broken"),
    ],
)
def test_a_file_that_is_not_taken_leaves_a_sentence_and_nothing_else(own, content, said):
    before = blobs()
    answer = upload(own, content, "holiday.png")
    assert answer.status_code == 422
    assert f"holiday.png: {said}" in answer.json()["error"]
    assert not Attachment.objects.exists()
    assert not StoredFile.objects.exists()
    assert blobs() == before


def test_a_file_over_its_limit_is_told_the_limit(own, settings):
    settings.MAX_FILE = 1_000
    answer = upload(own, b"x" * 1_001, "long.txt")
    assert answer.status_code == 413
    assert "long.txt: It is larger than 1 kB." in answer.json()["error"]
    assert upload(own, b"x" * 1_000, "long.txt").status_code == 201


def test_a_person_who_has_no_room_is_told_so(own, settings):
    settings.FILES_PER_PERSON = 1_500
    assert upload(own, b"x" * 1_000, "one.txt").status_code == 201
    refused = upload(own, b"y" * 1_000, "two.txt")
    assert "more than 1.5 kB together" in refused.json()["error"]
    # The same content takes no room.
    assert upload(own, b"x" * 1_000, "again.txt").status_code == 201


def test_a_site_that_has_no_room_says_so(own, settings):
    settings.FILES_PER_SITE = 1_500
    assert upload(own, b"x" * 1_000, "one.txt").status_code == 201
    assert upload(own, b"y" * 1_000, "two.txt").status_code == 503


def test_a_full_disk_is_told_from_a_storage_that_does_not_answer(own, monkeypatch):
    for error, status, words in (
        (OSError(errno.ENOSPC, "No space left on device"), 503, "its disk is full"),
        (ConnectionError("the bucket is away"), 503, "its file storage failed"),
    ):
        monkeypatch.setattr(storage, "write", Mock(side_effect=error))
        refused = upload(own, b"some text", "a.txt")
        assert refused.status_code == status and words in refused.json()["error"]
    assert not Attachment.objects.exists()


def test_a_disk_that_cannot_be_written_leaves_nothing(own, alice, settings, tmp_path):
    folder = tmp_path / "full"
    folder.write_text("a file where the folder should be")
    before = blobs()
    settings.STORAGES = {
        **settings.STORAGES,
        "files": {**settings.FILES, "OPTIONS": {"location": str(folder)}},
    }
    with pytest.raises(FileRefused) as refused:
        intake.take(alice, made.upload(b"some text", "a.txt"))
    assert refused.value.code == "not_stored"
    settings.STORAGES = {**settings.STORAGES, "files": settings.FILES}
    assert not Attachment.objects.exists()
    sweep.sweep_piece(timezone.now() + timedelta(hours=2))
    assert not StoredFile.objects.exists()
    assert blobs() == before


def test_the_same_file_of_one_person_is_kept_once_and_of_two_twice(own, alice, bob):
    first = intake.take(alice, made.upload(b"same words", "a.txt"))
    second = intake.take(alice, made.upload(b"same words", "b.txt"))
    third = intake.take(bob, made.upload(b"same words", "a.txt"))
    assert first.stored_id == second.stored_id != third.stored_id
    assert StoredFile.objects.count() == 2


# --- Sending --------------------------------------------------------------------------------


def test_a_form_carries_files_without_javascript(own, alice):
    page = own.get("/").content.decode()
    assert 'enctype="multipart/form-data"' in page
    assert '<input type="file" name="files" multiple' in page
    answer = send(own, ("a.png", made.picture()), ("notes.md", b"# Notes"))
    assert answer.status_code == 303
    message = Message.objects.get(role="user")
    assert [each.name for each in message.attachments.all()] == ["a.jpg", "notes.md"]
    assert {each.conversation_id for each in message.attachments.all()} == {message.conversation_id}
    shown = own.get(answer.url).content.decode()
    picture, notes = message.attachments.all()
    assert f'data-file="{picture.pk}"' in shown
    assert f'<img src="/files/{picture.pk}/small/" width="60" height="40"' in shown
    assert f'<a class="file__name" href="/files/{notes.pk}/"' in shown


def test_a_phone_may_take_a_picture_for_a_message(own):
    page = own.get("/").content.decode()
    assert 'name="camera" accept="image/jpeg,image/png" capture="environment"' in page
    taken = SimpleUploadedFile("image.jpg", made.picture("JPEG"))
    send(own, ("a.txt", b"words"), camera=taken)
    assert [each.name for each in Attachment.objects.all()] == ["a.txt", "image.jpg"]


def test_files_may_go_without_a_text(own):
    assert send(own, ("plan.txt", b"the plan"), text="").status_code == 303
    conversation = Conversation.objects.get()
    assert conversation.title == "plan.txt"
    assert send(own, text=" ").status_code == 422


def test_a_refused_form_keeps_the_files_it_accepted(own):
    answer = send(own, ("good.txt", b"good"), ("bad.zip", made.packed({"a": "b"})))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "bad.zip: An archive is not taken." in page
    assert ">\nLook</textarea>" in page
    [kept] = Attachment.objects.all()
    assert f'<input type="hidden" name="attachments" value="{kept.pk}">' in page
    assert f'<input type="checkbox" name="remove" value="{kept.pk}">' in page
    # After a reload they are there too.
    assert f'name="attachments" value="{kept.pk}"' in own.get("/").content.decode()
    assert send(own, attachments=[kept.pk]).status_code == 303
    assert Message.objects.get(role="user").attachments.get().pk == kept.pk
    assert f'value="{kept.pk}"' not in own.get("/").content.decode()


def test_a_box_removes_a_file_from_the_form(own):
    kept = upload(own, b"kept", "kept.txt").json()["id"]
    gone = upload(own, b"gone", "gone.txt").json()["id"]
    assert send(own, attachments=[kept, gone], remove=[gone]).status_code == 303
    assert [each.name for each in Message.objects.get(role="user").attachments.all()] == [
        "kept.txt"
    ]
    assert not Attachment.objects.filter(pk=gone).exists()
    assert StoredFile.objects.count() == 1


def test_a_message_takes_so_many_files(own, settings):
    settings.FILES_PER_MESSAGE = 2
    files = [(f"{each}.txt", each.encode()) for each in "abc"]
    answer = send(own, *files)
    assert answer.status_code == 422
    assert "c.txt: A message takes at most 2 files." in answer.content.decode()
    assert Attachment.objects.count() == 2


@pytest.mark.parametrize("text", ["Look", ""])
def test_the_same_form_twice_stores_one_message_with_its_files(own, text):
    submission = str(uuid.uuid4())
    first = send(own, ("a.txt", b"a"), text=text, submission=submission)
    second = send(own, ("a.txt", b"a"), text=text, submission=submission)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.url == second.url
    assert Attachment.objects.count() == 1


@pytest.mark.parametrize("text", ["Look", ""])
def test_the_same_form_twice_queues_its_files_once(own, text):
    send(own, text="First")
    path = Conversation.objects.get().get_absolute_url()
    form = {"path": path, "queue": "1", "submission": str(uuid.uuid4())}
    for _time in range(2):
        assert send(own, ("a.txt", b"a"), text=text, **form).status_code == 303
    assert [each.name for each in QueuedMessage.objects.get().shown_files] == ["a.txt"]
    assert Attachment.objects.count() == 1


def test_another_text_with_the_id_of_a_sent_form_keeps_its_files(own):
    submission = str(uuid.uuid4())
    send(own, ("a.txt", b"a"), submission=submission)
    answer = send(own, ("b.txt", b"b"), text="Look again", submission=submission)
    assert answer.status_code == 409
    [kept] = re.findall(r'name="attachments" value="([^"]+)"', answer.text)
    assert Attachment.objects.get(pk=kept).name == "b.txt"
    conversation = Conversation.objects.get()
    conversation.responses.update(status="completed")
    again = send(own, path=conversation.get_absolute_url(), text="Look again", attachments=[kept])
    assert again.status_code == 303


def test_what_is_queued_in_two_forms_is_no_more_than_one_message_takes(own, settings):
    settings.FILES_PER_MESSAGE, settings.MAX_MESSAGE = 2, 20
    send(own, text="First")
    path = Conversation.objects.get().get_absolute_url()
    form = {"path": path, "queue": "1"}
    assert send(own, ("a.txt", b"a"), text="one", **form).status_code == 303
    for contents, text in (([("b.txt", b"b"), ("c.txt", b"c")], "two"), ([], "t" * 19)):
        answer = send(own, *contents, text=text, **form)
        assert answer.status_code == 409
        assert "With what is queued already" in answer.text
        assert f">\n{text}</textarea>" in answer.text
        assert answer.text.count('name="attachments"') == len(contents)
    queued = QueuedMessage.objects.get()
    assert (queued.text, len(queued.shown_files)) == ("one", 1)
    assert send(own, ("d.txt", b"d"), text="two", **form).status_code == 303


def test_a_queued_message_that_was_sent_while_it_was_changed_keeps_what_was_written(own):
    send(own, text="First")
    conversation = Conversation.objects.get()
    path = conversation.get_absolute_url()
    send(own, path=path, queue="1", text="Then")
    own.post(f"{path}queued/", {"action": "remove"})
    answer = own.post(f"{path}queued/", {"action": "save", "text": "Then, and more"})
    assert answer.status_code == 409
    assert "The message is no longer queued" in answer.text
    assert ">\nThen, and more</textarea>" in answer.text


def test_a_file_that_is_gone_is_asked_for_again(own):
    answer = send(own, attachments=[str(uuid.uuid4())])
    assert answer.status_code == 422
    assert "A file is no longer there. Add it again." in answer.content.decode()
    assert not Message.objects.exists()


def test_an_edited_message_keeps_takes_and_leaves_files(own):
    send(own, ("kept.txt", b"kept"), ("left.txt", b"left"))
    message = Message.objects.get(role="user")
    kept, left = message.attachments.all()
    message.conversation.responses.update(status="completed")
    form = own.get(f"/messages/{message.pk}/edit/").content.decode()
    assert f'name="attachments" value="{kept.pk}"' in form
    answer = send(
        own,
        ("new.txt", b"new"),
        path=f"/messages/{message.pk}/edit/",
        attachments=[kept.pk, left.pk],
        remove=[left.pk],
    )
    assert answer.status_code == 303
    edited = Message.objects.filter(role="user").exclude(pk=message.pk).get()
    assert [each.name for each in edited.attachments.all()] == ["kept.txt", "new.txt"]
    assert edited.attachments.first().stored_id == kept.stored_id
    # The old version has what it had.
    assert [each.name for each in message.attachments.all()] == ["kept.txt", "left.txt"]


def test_a_queued_message_has_files(own):
    send(own, text="First")
    conversation = Conversation.objects.get()
    path = f"/conversations/{conversation.pk}/"
    assert send(own, ("a.txt", b"aa"), path=path, queue="1").status_code == 303
    [attachment] = Attachment.objects.all()
    assert attachment.queued == conversation.queued
    assert f'value="{attachment.pk}"' in own.get(f"{path}queued/").content.decode()
    assert f'name="attachments" value="{attachment.pk}"' not in own.get(path).content.decode()
    sweep.sweep_piece(timezone.now() + timedelta(days=3))
    conversation.responses.update(status="completed", finished_at=timezone.now())
    assert own.post(f"{path}queued/", {"action": "send"}).status_code == 303
    [message] = Message.objects.filter(role="user", text="Look")
    assert message.attachments.get() == attachment


def test_pages_of_a_scanned_document_become_pictures(own, settings):
    settings.FILES_PER_MESSAGE = 3
    pages = [made.picture("JPEG", (60, 80), colour=(90 * at, 9, 9)) for at in range(3)]
    answer = send(own, ("scan.pdf", made.scanned_pdf(*pages)), ("bad.bin", bytes(9)))
    page = answer.content.decode()
    assert "No text was found in it: it may have been scanned." in page
    [scanned] = Attachment.objects.all()
    assert f'name="pages" value="{scanned.pk}"' in page
    answer = send(own, attachments=[scanned.pk], pages=scanned.pk)
    assert answer.status_code == 200
    assert not Message.objects.exists()
    page = answer.content.decode()
    assert ">\nLook</textarea>" in page
    taken = list(Attachment.objects.order_by("created_at"))
    assert [each.name for each in taken] == [f"scan ({at}).jpg" for at in (1, 2, 3)]
    assert {(each.width, each.height) for each in taken} == {(60, 80)}
    assert all(f'name="attachments" value="{each.pk}"' in page for each in taken)
    assert send(own, attachments=[each.pk for each in taken]).status_code == 303


def test_a_document_whose_pages_have_no_pictures_says_so(own):
    found = upload(own, made.pdf("", ""), "blank.pdf").json()
    answer = send(own, attachments=[found["id"]], pages=found["id"])
    assert answer.status_code == 422
    assert "blank.pdf: No pictures were found on its pages." in answer.content.decode()
    assert Attachment.objects.count() == 1


def test_of_many_pages_the_first_are_taken_and_it_is_said(own, settings):
    settings.FILES_PER_MESSAGE = 2
    pages = [made.picture("JPEG", (60, 80), colour=(90 * at, 9, 9)) for at in range(3)]
    found = upload(own, made.scanned_pdf(*pages), "scan.pdf").json()
    answer = send(own, attachments=[found["id"]], pages=found["id"])
    assert answer.status_code == 422
    assert "its first 2 pages of 3 are here as pictures" in answer.content.decode()
    assert Attachment.objects.count() == 2


# --- Isolation ------------------------------------------------------------------------------


def test_the_files_of_others_are_not_there(own, client, bob):
    send(own, ("plan.txt", b"the plan"), ("a.png", made.picture()))
    draft = upload(own, b"not sent", "draft.txt").json()["id"]
    message = Message.objects.get(role="user")
    message.conversation.responses.update(status="completed")
    ids = [draft, *(str(each.pk) for each in message.attachments.all())]
    client.force_login(bob)
    missing = client.get(f"/files/{uuid.uuid4()}/")
    for each in ids:
        for page in ("", "small/", "text/"):
            answer = client.get(f"/files/{each}/{page}")
            assert answer.status_code == 404
            assert len(answer.content) == len(missing.content)
        assert client.post(f"/files/{each}/remove/").status_code == 404
        # Nor can he send them, in a new message or in an edited one of his own.
        assert send(client, attachments=[each]).status_code == 422
    assert send(client, text="Mine").status_code == 303
    mine = Message.objects.get(role="user", conversation__owner=bob)
    mine.conversation.responses.update(status="completed")
    for each in ids:
        path = f"/messages/{mine.pk}/edit/"
        assert send(client, path=path, attachments=[each]).status_code == 422
        assert send(client, path=path, attachments=[], remove=[each]).status_code == 303
        Conversation.objects.filter(owner=bob)[0].responses.update(status="completed")
    assert (
        upload(client, b"x", "x.txt", conversation=str(message.conversation_id)).status_code == 404
    )
    assert Attachment.objects.filter(pk__in=ids).count() == 3
    assert not Attachment.objects.filter(owner=bob).exists()


def test_a_conversation_in_the_trash_shows_no_files(own):
    send(own, ("plan.txt", b"the plan"))
    [attachment] = Attachment.objects.all()
    trash.trash(attachment.conversation)
    assert own.get(f"/files/{attachment.pk}/").status_code == 404
    trash.restore(attachment.conversation)
    assert b"".join(own.get(f"/files/{attachment.pk}/").streaming_content) == b"the plan"


def test_the_sidebar_the_search_and_the_export_name_files(own, client, bob):
    send(own, ("Budget_[2026].csv", b"some words"))
    sent = Attachment.objects.get()
    assert "#icon-clip" in own.get("/conversations/", headers={"X-Fragment": "list"}).text
    place = f"#m-{sent.message_id}"
    assert own.get("/search/", {"q": "budget csv"}).text.count(place) == 1
    # Within a word too, where the index does not look.
    assert f"?at={sent.message_id}{place}" in own.get("/search/", {"q": "udge"}).text
    assert "Budget_[2026].csv" in own.get("/search/?q=2026", headers={"X-Fragment": "rows"}).text
    for narrower in ("budget pdf", "budget&since=2999-01-01"):
        assert place not in own.get(f"/search/?q={narrower}").text
    exported = own.get(f"/conversations/{sent.conversation_id}/export.md").text
    assert "- Budget\\_\\[2026\\].csv" in exported
    client.force_login(bob)
    assert place not in client.get("/search/", {"q": "budget csv"}).text


def test_a_queued_message_takes_its_files_along_or_gives_them_back(own, alice):
    for action, left in (("remove", 0), ("take_back", 1)):
        conversation = Conversation.objects.create(owner=alice)
        waiting = QueuedMessage.objects.create(
            conversation=conversation, text="Next", submission=uuid.uuid4(), model="m-1"
        )
        uploaded = upload(own, b"words", "next.txt", conversation=str(conversation.pk))
        Attachment.objects.filter(pk=uploaded.json()["id"]).update(queued=waiting)
        path = f"/conversations/{conversation.pk}/queued/"
        answer = own.post(path, {"action": action}, headers={"X-Fragment": "turn"})
        assert ("next.txt" in answer.text) == bool(left)
        assert not QueuedMessage.objects.exists()
        assert Attachment.objects.unsent().count() == Attachment.objects.count() == left
