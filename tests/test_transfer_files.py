"""Files of messages on their way out and in: named in Markdown and JSON, whole in a zip."""

import io
import json
import random
import uuid
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone
from PIL import Image

from conversations.files import intake, names, storage, sweep
from conversations.keeping import removal
from conversations.models import Attachment, Conversation, Message, StoredFile
from conversations.search import search
from conversations.transfer import account_archive, bringing_in, file_members
from tests.support import sample_files as made
from tests.support.file_forms import blobs, send
from tests.support.review_stage import converse
from tests.test_transfer import node, theirs

SAME = ("name", "media_type", "size", "sha256", "width", "height", "pages", "text", "position")
AWKWARD = "Rechnung\u202efdp.[1] |x| " + "ü" * 300 + ".txt"


@pytest.fixture
def sent(own):
    """A conversation of alice's, of a message with three files."""
    large = made.noise((900, 700), "JPEG")
    send(own, ("photo.jpg", large), ("plan.pdf", made.pdf("The plan")), (AWKWARD, b"some words"))
    return Conversation.objects.get()


def exported(person):
    return b"".join(account_archive.write_zip(person))


def opened(content):
    return zipfile.ZipFile(io.BytesIO(content))


def told(person, content):
    """The sentences about the import of `content` by `person`."""
    return bringing_in.bring_in(person, io.BytesIO(content)).lines()


def files_of(person):
    """What the files of `person` are, by message: each with its bytes."""
    sent = Attachment.objects.filter(conversation__owner=person).select_related("stored")
    return [
        (*(getattr(file, name) for name in SAME), storage.read(file.stored.name)) for file in sent
    ]


def packed(found, **members):
    """A zip of `found` (conversations of ChatGPT's) and of `members`, bytes by their names."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", json.dumps(found))
        for name, member in members.items():
            archive.writestr(name, member)
    return content.getvalue()


def test_what_went_out_as_a_zip_comes_in_at_another_account_with_its_files(own, sent, alice, bob):
    content = exported(alice)
    assert told(bob, content) == [
        "1 conversation came in.",
        "2 messages came in.",
        "3 files came in.",
    ]
    assert files_of(bob) == files_of(alice)
    copy = Conversation.objects.of(bob).get()
    assert [(m.role, m.text) for m in copy.messages.all()] == [
        (m.role, m.text) for m in sent.messages.all()
    ]
    assert not StoredFile.objects.filter(owner_id=bob.pk, unheld_since__isnull=False).exists()
    assert len(search("plan pdf", [bob.pk])) == 1
    photo = copy.messages.get(role="user").attachments.first()
    own.force_login(bob)
    small = b"".join(own.get(f"/files/{photo.pk}/small/").streaming_content)
    assert Image.open(io.BytesIO(small)).size == (320, 249)
    # Once more, nothing comes in a second time.
    assert told(bob, content)[0] == "0 conversations came in."
    assert Attachment.objects.filter(owner=bob).count() == 3


def test_the_zip_has_files_under_names_that_harm_nobody(sent, alice):
    archive = opened(exported(alice))
    assert archive.testzip() is None
    paths = [name for name in archive.namelist() if name.startswith("files/")]
    assert len(paths) == 3
    for path in paths:
        _folder, name = path.split("/")
        assert name[17:] == names.clean(name[17:])
        assert len(name.encode()) <= 137
    [markdown] = [archive.read(name).decode() for name in archive.namelist() if ".md" in name]
    photo = next(path for path in paths if path.endswith("photo.jpg"))
    assert f"[photo.jpg](<../{photo.replace(' ', '%20')}>)" in markdown
    assert "Rechnungfdp.\\[1\\]" in markdown
    words = next(path for path in paths if "Rechnung" in path)
    assert archive.read(words) == b"some words"


def test_one_conversation_names_its_files(own, sent):
    found = json.loads(own.get(f"/conversations/{sent.pk}/export.json").content)
    assert [file["name"] for file in found["messages"][0]["files"]][:2] == ["photo.jpg", "plan.pdf"]
    assert "file" not in found["messages"][0]["files"][0]
    assert "- plan.pdf" in own.get(f"/conversations/{sent.pk}/export.md").text


def test_without_the_zip_its_files_are_counted(own, sent, bob):
    content = own.get(f"/conversations/{sent.pk}/export.json").content
    assert told(bob, content)[2:] == [
        "3 images or files were left out; the text around them came in."
    ]
    assert not Attachment.objects.filter(owner=bob).exists()


def test_files_that_two_versions_share_are_packed_and_read_once(own, sent, alice, bob):
    message = sent.messages.get(role="user")
    sent.responses.update(status="completed")
    send(own, path=f"/messages/{message.pk}/edit/", attachments=[message.attachments.first().pk])
    content = exported(alice)
    assert len([name for name in opened(content).namelist() if name.startswith("files/")]) == 3
    report = bringing_in.bring_in(bob, io.BytesIO(content))
    assert (report.files, report.refused) == (4, [])
    assert StoredFile.objects.filter(owner_id=bob.pk).count() == 3
    removal.remove(Conversation.objects.of(bob).get())
    assert not Attachment.objects.filter(owner=bob).exists()


def test_a_picture_without_a_valid_seal_is_encoded_anew(own, sent, alice, bob):
    archive, changed = opened(exported(alice)), io.BytesIO()
    hidden = b"<script>alert(1)</script>"
    with zipfile.ZipFile(changed, "w") as copy:
        for name in archive.namelist():
            content = archive.read(name)
            copy.writestr(name, content + hidden if name.endswith("photo.jpg") else content)
    assert bringing_in.bring_in(bob, io.BytesIO(changed.getvalue())).files == 3
    photo = Attachment.objects.get(owner=bob, name="photo.jpg")
    content = storage.read(photo.stored.name)
    assert hidden not in content
    assert Image.open(io.BytesIO(content)).size == (photo.width, photo.height)


def test_what_is_suspicious_or_hidden_does_not_go_out(sent, alice):
    photo, plan, _words = Attachment.objects.all()
    Attachment.objects.filter(pk=photo.pk).update(state=Attachment.State.SUSPICIOUS)
    Attachment.objects.filter(pk=plan.pk).update(hidden_at=plan.created_at)
    archive = opened(exported(alice))
    [document] = [json.loads(archive.read(n)) for n in archive.namelist() if "conversations/" in n]
    assert len([name for name in archive.namelist() if name.startswith("files/")]) == 1
    named = document["messages"][0]["files"]
    assert [("file" in file) for file in named] == [False, True]
    assert named[0]["name"] == "photo.jpg"


# --- ChatGPT's

PICTURE = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-AbC123"}
SEDIMENT = {"content_type": "image_asset_pointer", "asset_pointer": "sediment://file_00ab"}
MADE = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://file-XyZ9"}


def test_pictures_and_files_of_chatgpt_come_in_from_every_place(alice):
    mixed = {"content_type": "multimodal_text"}
    named = {"attachments": [{"id": "file_00cd", "name": "Plan (1).pdf"}, {"id": "file_00ab"}]}
    found = theirs(
        node("u", None, "user", content={**mixed, "parts": [PICTURE, "Look"]}),
        node("a", "u", "assistant", "A cat."),
        node("u2", "a", "user", content={**mixed, "parts": [SEDIMENT, ""]}, metadata=named),
        node("m", "u2", "tool", content={**mixed, "parts": [MADE]}),
    )
    names_of = json.dumps({"file_00ab.dat": "sketch.webp", "file_00cd.dat": "else.pdf"})
    content = packed(
        [found],
        **{
            "file-AbC123-cat photo.png": made.picture(),
            "file_00ab.dat": made.picture("WEBP"),
            "user-1/file_00cd-0a1b2c3d-0000-4000-8000-000000000000.pdf": made.pdf("The plan"),
            "dalle-generations/file-XyZ9-0a1b2c3d-0000-4000-8000-000000000000.webp": made.noise(),
            "conversation_asset_file_names.json": names_of,
        },
    )
    report = bringing_in.bring_in(alice, io.BytesIO(content))
    assert (report.files, report.refused, report.left_out["attachment"]) == (4, [], 0)
    shown = [
        (message.role, message.text, [file.name for file in message.attachments.all()])
        for message in Message.objects.all()
    ]
    assert shown == [
        ("user", "Look", ["cat photo.jpg"]),
        ("assistant", "A cat.", []),
        ("user", "", ["Plan (1).pdf", "sketch.jpg"]),
        ("assistant", "🖼️", ["file.jpg"]),
    ]


def test_what_is_not_in_their_zip_leaves_its_place(alice):
    found = theirs(node("u", None, "user", content={"content_type": "x", "parts": [PICTURE]}))
    report = bringing_in.bring_in(alice, io.BytesIO(packed([found])))
    assert (report.files, report.left_out["attachment"]) == (0, 1)
    assert Message.objects.get().text == "🖼️"


# --- What may not come in


def with_file(content, path="files/a", **fields):
    """An export of ours with one message that is nothing but one file."""
    message = {
        **{"id": "m", "role": "user", "text": ""},
        "files": [{"name": "../a\u202e.txt", "file": path, **fields}],
    }
    document = {
        **{"format": "chatsite conversation", "version": 2, "id": "x", "title": "T"},
        "messages": [message],
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations/a.json", json.dumps(document))
        if content is not None:
            archive.writestr("files/a", content)
    return written.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"MZ\0\0" * 20, "This kind of file is not taken."),
        (b"", "It is empty."),
        (b"x" * 40_000, "It is larger than"),
        (made.packed({"a": "b"}), "An archive is not taken."),
        (None, "1 image or file was left out"),
    ],
    ids=["unknown", "empty", "large", "archive", "missing"],
)
def test_a_file_that_is_not_taken_is_named_and_leaves_nothing(alice, settings, content, said):
    settings.MAX_FILE = 30_000
    before = blobs()
    sentences = told(alice, with_file(content))
    assert sentences[:2] == ["1 conversation came in.", "1 message came in."]
    assert said in sentences[2]
    assert "a.txt" in Message.objects.get().text
    assert not Attachment.objects.exists() and not StoredFile.objects.exists()
    assert blobs() == before


def test_the_space_of_a_person_holds_for_files_that_come_in(alice, settings):
    settings.FILES_PER_PERSON = 10
    sentences = told(alice, with_file(b"more than ten bytes"))
    assert "Your files would take more than" in sentences[2]
    assert not StoredFile.objects.exists()


def test_a_small_file_that_unpacks_to_much_is_not_unpacked(alice, settings):
    settings.MAX_FILE = 10**9
    bomb = with_file(b"0" * 70_000_000)
    report = bringing_in.bring_in(alice, io.BytesIO(bomb))
    assert [code for _name, code in report.refused] == ["too_large_file"]
    assert not StoredFile.objects.exists()


def test_a_zip_that_lies_about_a_file_is_found_out(alice):
    content = with_file(b"0" * 5_000)
    # What the directory at its end says of the size, of the member and in the directory.
    honest, small = (5_000).to_bytes(4, "little"), (50).to_bytes(4, "little")
    report = bringing_in.bring_in(alice, io.BytesIO(content.replace(honest, small)))
    assert [code for _name, code in report.refused] == ["broken"]
    assert not StoredFile.objects.exists()


def test_no_member_outside_of_the_folder_is_read(alice):
    for path in ("conversations/a.json", "/etc/passwd", "../files/b", ""):
        report = bringing_in.bring_in(alice, io.BytesIO(with_file(b"words", path)))
        assert (report.files, report.left_out["attachment"]) == (0, 1)
        Conversation.objects.all().delete()


def test_an_import_that_ends_between_reading_and_storing_is_swept(alice):
    before = blobs()
    importer = bringing_in.Importer(alice, io.BytesIO(with_file(b"words")))
    assert next_piece(importer)
    assert len(blobs()) == len(before) + 1 and not Attachment.objects.exists()
    sweep.sweep_piece(timezone.now() + timedelta(hours=2))
    assert blobs() == before
    # And whoever goes on with it later loses the file only.
    importer = bringing_in.Importer(alice, io.BytesIO(with_file(b"words")))
    piece = next_piece(importer)
    sweep.sweep_piece(timezone.now() + timedelta(hours=2))
    importer.store(piece)
    assert Message.objects.exists() and not Attachment.objects.exists()


def next_piece(importer):
    """The next piece that has something in it: on a busy machine one ends while a file is read."""
    return next(filter(None, iter(importer.read, None)))


def test_the_zip_is_sent_while_it_is_made(own, alice):
    content = random.Random(1).randbytes(3 * file_members.BLOCK).hex().encode()
    send(own, ("long.txt", content))
    pieces = [len(piece) for piece in account_archive.write_zip(alice)]
    assert sum(pieces) > 3 * file_members.BLOCK
    assert max(pieces) < 1.5 * file_members.BLOCK


def test_all_files_that_a_reply_made_come_in(alice, bob, settings):
    settings.FILES_PER_MESSAGE = 2
    conversation = converse(alice)
    for number in range(4):
        upload = made.upload(f"table {number}".encode(), f"{number}.csv")
        file = intake.take(alice, upload, conversation=conversation)
        Attachment.objects.filter(pk=file.pk).update(message=conversation.active, position=number)
    assert told(bob, exported(alice))[2:] == ["4 files came in."]
    assert files_of(bob) == files_of(alice)


def test_a_picture_that_a_reply_made_stays_with_the_item_that_made_it(alice, bob):
    conversation = converse(alice)
    reply = conversation.active
    picture = intake.take(alice, made.upload(made.picture(), "made.png"), conversation=conversation)
    picture.message = reply
    picture.save()
    call = {"type": "image_generation_call", "id": "ig_1", "status": "completed"}
    cited = {"type": "container_file_citation", "filename": "made.png", "file": str(picture.pk)}
    lost = {**cited, "filename": "lost.csv", "file": str(uuid.uuid4())}
    said = {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "!", "annotations": [cited, lost]}],
    }
    other = {**call, "id": "ig_2", "file": str(uuid.uuid4())}
    reply.items = [{**call, "file": str(picture.pk)}, other, said]
    reply.save()
    assert bringing_in.bring_in(bob, io.BytesIO(exported(alice))).files == 1
    copy = Attachment.objects.get(owner=bob)
    assert copy.message.items[0]["file"] == str(copy.pk) != str(picture.pk)
    assert "file" not in copy.message.items[1]
    [brought, left] = copy.message.items[2]["content"][0]["annotations"]
    assert brought["file"] == str(copy.pk) and "file" not in left
    assert [hit.attachment_id for hit in search("made jpg", [bob.pk])] == [copy.pk]
