"""Pictures of replies where something goes wrong, and where files are kept and read."""

import io
import tempfile
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.files import reply_pictures, storage, sweep
from conversations.files.refused import FileRefused
from conversations.keeping import removal
from conversations.models import Attachment, Conversation, Hold, Message, Response, StoredFile
from tests.support import review_stage
from tests.support import sample_files as made
from tests.support.gateway import WAIT
from tests.support.picture_frames import frames, picture_call, picture_stream
from tests.support.polling import until
from tests.support.sse_frames import delta

FOX = made.picture("PNG", (600, 400), colour=(180, 90, 30))
LARGE = made.noise((700, 700))


def ended(response):
    found = Response.objects.exclude(status__in=Response.OPEN).filter(pk=response.pk)
    return until(lambda: found.select_related("message").first(), 40)


def ask(stage, visitor, events):
    stage.gateway.will(chunks=frames(events))
    return ended(visitor.ask("Draw a fox"))


def page(visitor, row):
    return visitor.get(f"/conversations/{row.conversation_id}/").text


def left(before):
    """What lies in the storage beside what was there `before`, and that no row names."""
    sweep.sweep_piece(timezone.now() + timedelta(hours=2))
    rows = StoredFile.objects.all()
    named = {name for row in rows for name in (row.name, row.small_name) if name}
    there = set(storage.walk())
    assert named <= there
    return there - before - named


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', ".svg", "text/plain"),
        (b"\x00\x01nothing known" * 300, ".bin", "application/octet-stream"),
    ],
)
def test_formats_that_are_not_shown_are_files_to_download(
    stage, visitor, content, name, media_type
):
    row = ask(stage, visitor, picture_stream(content))
    file = Attachment.objects.get()
    assert file.name == f"picture-1{name}" and file.media_type.startswith(media_type)
    assert row.message.items[0]["filename"] == file.name
    html = page(visitor, row)
    assert f'data-file="{file.pk}"' in html and f"/files/{file.pk}/small/" not in html
    answer = visitor.get(f"/files/{file.pk}/")
    assert answer.content == content
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_a_broken_picture_leaves_the_reply_and_a_sentence(stage, visitor):
    broken = FOX[:60] + bytes(3_000)
    row = ask(stage, visitor, picture_stream(broken, FOX, text="Here they are."))
    assert (row.status, row.message.text) == ("completed", "Here they are.")
    assert [item.get("lost") for item in row.message.items] == ["broken", None, None]
    html = page(visitor, row)
    assert "The picture that came is broken. Ask for it again." in html
    assert html.count("<img src=") == 1


def test_where_there_is_no_room_the_reply_says_so(stage, make_stage_server, alice):
    server = make_stage_server(FILES_PER_PERSON=1_000)
    visitor = stage.visit(server, alice)
    row = ask(stage, visitor, picture_stream(FOX, text="Here it is."))
    assert (row.status, row.message.text) == ("completed", "Here it is.")
    assert row.message.items[0]["lost"] == "person_full"
    assert "the files of a person may take" in page(visitor, row)
    assert not StoredFile.objects.exists()


def test_a_reply_that_is_stopped_keeps_the_pictures_that_had_come(stage, visitor):
    events = frames(picture_stream(FOX, LARGE))
    second = next(at for at, each in enumerate(events) if b'"ig_1"' in each and b'"result"' in each)
    stage.gateway.will(chunks=[*events[:second], events[second][:300_000], WAIT])
    response = visitor.ask("Draw two")
    until(lambda: Attachment.objects.exists())
    visitor.post(f"/responses/{response.pk}/stop/")
    row = ended(response)
    assert row.status == "cancelled"
    assert Attachment.objects.get().width == 600
    html = page(visitor, row)
    assert html.count("<img src=") == 1 and "You stopped this reply" in html


def test_a_process_that_is_killed_in_mid_picture_loses_no_text_and_leaves_nothing(
    stage, make_stage_server, alice
):
    server = make_stage_server()
    before = set(storage.walk())
    events = [*picture_stream(FOX)[:-1], delta("These words stay.", item_id="m_1", output_index=1)]
    half = frames([picture_call(LARGE, "ig_9")])[0][:400_000]
    stage.gateway.will(chunks=[*frames(events), half, WAIT])
    visitor = stage.visit(server, alice)
    response = visitor.ask("Draw a fox")
    row = Response.objects.filter(pk=response.pk, partial__contains="words stay")
    until(row.exists)
    until(lambda: '"file"' in str(row.values_list("partial_items", flat=True)[0]).replace("'", '"'))
    server.kill()
    assert not any(storage.upload_folder().iterdir())
    server.start()
    row = ended(response)
    assert (row.status, row.message.text) == ("interrupted", "These words stay.")
    assert row.message.items[0]["file"] == str(Attachment.objects.get().pk)
    html = page(stage.visit(server, alice), row)
    assert html.count("<img src=") == 1
    assert not left(before)


@pytest.fixture
def reply(alice):
    """A reply with a picture, and text after it."""
    conversation = Conversation.objects.create(owner=alice, title="Foxes")
    question = Message.objects.create(conversation=conversation, role="user", text="Draw")
    reply = Message.objects.create(
        conversation=conversation, parent=question, role="assistant", text="Here.", html="Here."
    )
    with opened_file(FOX) as picture:
        file = reply_pictures.take_picture(reply.pk, picture, 1)
    item = {"type": "image_generation_call", "revised_prompt": "A fox"}
    said = {"type": "message", "content": [{"type": "output_text", "text": "Here."}]}
    reply.items = [{**item, **reply_pictures.members_of(file)}, said]
    reply.save()
    conversation.active = reply
    conversation.save()
    reply.file = file
    return reply


def opened_file(content):
    file = tempfile.TemporaryFile()
    file.write(content)
    file.seek(0)
    return file


@pytest.mark.django_db
def test_a_reviewer_opens_it_under_review_only(client, reviewer, reply):
    client.force_login(reviewer)
    page, path = review_stage.opened(client, reply.conversation)
    shown = page.content.decode()
    assert "<img src=" not in shown
    where, _mark, query = path.partition("?")
    assert f'href="{where}files/{reply.file.pk}/' in shown
    answer = client.get(f"{where}files/{reply.file.pk}/?{query}")
    assert b"".join(answer.streaming_content) == storage.read(reply.file.stored.name)
    assert client.get(f"/files/{reply.file.pk}/").status_code == 404


@pytest.mark.django_db
def test_exports_have_it(client, alice, reply):
    client.force_login(alice)
    path = f"/conversations/{reply.conversation_id}"
    markdown = client.get(f"{path}/export.md").content.decode()
    assert "Made a picture: A fox" in markdown and "picture-1.jpg" in markdown
    answer = client.get("/data/export.zip")
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        [name] = [each for each in archive.namelist() if each.startswith("files/")]
        assert archive.read(name) == storage.read(reply.file.stored.name)


@pytest.mark.django_db(transaction=True)
def test_it_goes_with_its_conversation_and_stays_under_a_hold(alice, reply):
    mine = {reply.file.stored.name, reply.file.stored.small_name}
    assert mine < set(storage.walk())
    hold = Hold.objects.create(person_id=alice.pk, reason="a case")
    with pytest.raises(Exception, match="hold"):
        Attachment.with_hidden.all().delete()
    removal.remove(reply.conversation)
    assert Attachment.with_hidden.filter(pk=reply.file.pk).exists()
    Hold.objects.filter(pk=hold.pk).update(released_at=timezone.now())
    removal.remove(Conversation.objects.get())
    assert not Attachment.with_hidden.exists()
    assert not mine & set(storage.walk())


@pytest.mark.django_db
def test_a_picture_of_a_reply_that_was_deleted_is_not_kept(reply):
    message_id, stored = reply.pk, [reply.file.stored]
    reply.conversation.delete()
    with pytest.raises(FileRefused), opened_file(FOX) as file:
        reply_pictures.take_picture(message_id, file, 1)
    assert list(StoredFile.objects.all()) == stored
