"""Files that code of a model made: fetched from the gateway's container, stored, shown."""

from datetime import timedelta

import pytest
from django.utils import timezone

from conversations.files import container_files, sentences, storage
from conversations.models import Attachment, Conversation, Message, Response
from tests.support import sample_files as made
from tests.support.gateway import RESET, WAIT, Script
from tests.support.item_frames import call, done
from tests.support.picture_frames import frames
from tests.support.polling import until
from tests.support.server import KEY
from tests.support.sse_frames import completed, created, delta, message

CSV = b"animal,count\nokapi,3\n"
PATH = "/containers/cntr_1/files/cfile_1/content"


def citation(name="report.csv", file="cfile_1", container="cntr_1", **more):
    fields = {"container_id": container, "file_id": file, "filename": name}
    return {"type": "container_file_citation", **fields, "start_index": 0, "end_index": 4, **more}


def reply_with(*annotations, outputs=(), text="See [the file](sandbox:/mnt/data/report.csv)."):
    """The events of a reply that ran code and cites these files."""
    code = call("code_interpreter_call", "ci_1", code="save()", container_id="cntr_1")
    code["outputs"] = list(outputs)
    said = message(text, "m_1")
    said["content"][0]["annotations"] = list(annotations)
    return [
        created(),
        done(code, 0),
        delta(text, item_id="m_1", output_index=1),
        done(said, 1),
        completed(code, said),
    ]


def serve(gateway, body=CSV, path=PATH, **script):
    headers = {"Content-Type": "application/octet-stream", **script.pop("headers", {})}
    gateway.files[path] = Script(body=body, headers=headers, **script)


def ask(stage, visitor, events):
    """Ask for what the gateway answers with `events`; the Response once it has ended."""
    stage.gateway.will(chunks=frames(events))
    response = visitor.ask("Count the animals")
    found = Response.objects.exclude(status__in=Response.OPEN).filter(pk=response.pk)
    return until(lambda: found.select_related("message").first())


def settled(count=1):
    """The files of all replies, once none is being fetched any more."""
    rows = Attachment.objects.order_by("position")
    until(lambda: rows.count() == count and not rows.filter(state="fetching").exists(), 30)
    return list(rows)


@pytest.fixture
def reply(alice):
    """A stored reply."""
    conversation = Conversation.objects.create(owner=alice)
    return Message.objects.create(conversation=conversation, role="assistant")


def items_of(*annotations):
    """The items of a reply that cites these files."""
    return reply_with(*annotations)[-1]["response"]["output"]


def asked(gateway):
    return [each for each in gateway.requests if "/containers/" in each.path]


def page(visitor, row):
    return visitor.get(f"/conversations/{row.conversation_id}/").text


def test_a_file_is_fetched_and_shown_under_the_reply(stage, visitor, alice):
    serve(stage.gateway)
    row = ask(stage, visitor, reply_with(citation(), citation()))
    [file] = settled()
    assert (file.name, file.media_type, file.text) == ("report.csv", "text/csv", CSV.decode())
    assert (file.owner, file.message, file.state) == (alice, row.message, "ready")
    assert storage.read(file.stored.name) == CSV
    [request] = asked(stage.gateway)
    assert request.headers["authorization"] == f"Bearer {KEY}"
    annotations = row.message.items[1]["content"][0]["annotations"]
    assert {each["file"] for each in annotations} == {str(file.pk)}
    html = page(visitor, row)
    assert f'data-file="{file.pk}"' in html and f'href="/files/{file.pk}/"' in html
    assert "data-sources" not in html and "data-fetching" not in html
    # Where it was made is no address for anybody else.
    assert "sandbox:" not in html and "the file" in html
    answer = visitor.get(f"/files/{file.pk}/")
    assert answer.content == CSV
    assert answer.headers["Content-Disposition"] == 'attachment; filename="report.csv"'


def test_pictures_of_code_are_shown_as_pictures(stage, visitor):
    serve(stage.gateway, made.picture())
    url = f"{stage.gateway.url}{PATH}"
    elsewhere = ("http://127.0.0.1:1/v1" + PATH, stage.gateway.url + ".example" + PATH, url + "/..")
    outputs = [{"type": "image", "url": each} for each in (url, *elsewhere)]
    row = ask(stage, visitor, reply_with(outputs=outputs))
    [file] = settled()
    assert (file.media_type, file.width, file.height) == ("image/jpeg", 60, 40)
    assert len(asked(stage.gateway)) == 1
    assert f'<img src="/files/{file.pk}/small/"' in page(visitor, row)


def test_the_end_of_the_text_does_not_wait_for_files(stage, visitor):
    stage.gateway.files[PATH] = Script(chunks=[WAIT, CSV])
    row = ask(stage, visitor, reply_with(citation()))
    assert row.status == "completed"
    html = page(visitor, row)
    assert "report.csv" in html and "It is being fetched from the gateway, and" in html
    assert f'data-fetching="/responses/{row.pk}/events/"' in html
    stage.gateway.go.set()
    [file] = settled()
    assert file.state == "ready"
    assert "report.csv" in visitor.watch(row.pk)[-1].text


def test_a_file_that_is_not_served_is_a_sentence(stage, visitor):
    error = {"message": "Container is expired."}
    stage.gateway.files[PATH] = Script(status=404, body={"error": error})
    row = ask(stage, visitor, reply_with(citation()))
    [file] = settled()
    assert (file.state, file.fault, file.stored) == ("missing", "not_served", None)
    html = page(visitor, row)
    assert "report.csv" in html and "The gateway did not hand it out" in html
    assert visitor.get(f"/files/{file.pk}/").status_code == 404


def test_ids_that_lead_elsewhere_are_not_asked_for(reply):
    ids = [
        {"file": "../../responses"},
        {"container": ".."},
        {"file": "cfile_1/content?x="},
        {"container": "http://127.0.0.1:1/x"},
        {"file": ""},
        {"file": "cfile_\u202e1"},
        {"file": "f" * 300},
    ]
    container_files.expect(reply.pk, items_of(*(citation(**each) for each in ids)))
    rows = Attachment.objects.values_list("state", "fault")
    assert list(rows) == [("missing", "invalid")] * len(ids)
    assert container_files.claim() == []
    note = sentences.state(Attachment.objects.first())
    assert note == "The gateway named it in a way that cannot be asked for."


def test_names_are_cleaned(stage, visitor):
    serve(stage.gateway)
    name = "../../etc/pass\u202ewd<script>.csv"
    ask(stage, visitor, reply_with(citation(name)))
    [file] = settled()
    assert file.name == "passwd_script_.csv"


def test_what_is_not_read_here_is_kept_to_be_downloaded(stage, visitor):
    content = made.packed({"a.txt": b"words"})
    serve(stage.gateway, content)
    row = ask(stage, visitor, reply_with(citation("all.zip")))
    [file] = settled()
    assert (file.media_type, storage.read(file.stored.name)) == (
        "application/octet-stream",
        content,
    )
    answer = visitor.get(f"/files/{file.pk}/")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "all.zip" in page(visitor, row)


def test_no_more_than_twenty_files_are_fetched_and_the_reply_says_so(reply):
    citations = [citation(f"{number}.txt", f"cfile_{number}") for number in range(30)]
    container_files.expect(reply.pk, items_of(*citations, citations[20]))
    rows = list(Attachment.objects.order_by("position"))
    assert [row.name for row in rows] == [f"{number}.txt" for number in range(21)]
    assert {row.state for row in rows[:20]} == {"fetching"}
    assert rows[20].state == "missing"
    assert sentences.state(rows[20]).startswith("A reply keeps 20 files that code made.")
    assert [each.id for each in container_files.claim()] != []


def test_a_gateway_that_fails_for_a_moment_is_asked_again(stage, visitor):
    stage.gateway.files[PATH] = Script(chunks=[b"half", RESET])
    ask(stage, visitor, reply_with(citation()))
    until(lambda: asked(stage.gateway))
    rows = Attachment.objects.filter(
        state="fetching", fetch_at__lt=timezone.now() + timedelta(minutes=1)
    )
    until(lambda: rows.exists(), 20)
    serve(stage.gateway)
    rows.update(fetch_at=timezone.now())
    [file] = settled()
    assert storage.read(file.stored.name) == CSV


def test_a_file_that_a_process_left_is_fetched_by_another(stage, make_stage_server, alice):
    server = make_stage_server()
    stage.gateway.files[PATH] = Script(chunks=[WAIT])
    row = ask(stage, stage.visit(server, alice), reply_with(citation()))
    until(lambda: asked(stage.gateway))
    server.kill()
    serve(stage.gateway)
    server.start()
    # Nobody else takes it while it may still be fetched.
    waiting = Attachment.objects.get()
    assert waiting.state == "fetching" and waiting.fetch_at > timezone.now()
    Attachment.objects.update(fetch_at=timezone.now())
    [file] = settled()
    assert (file.message_id, storage.read(file.stored.name)) == (row.message_id, CSV)


def test_a_row_is_inserted_once_and_claimed_once(reply, tmp_path):
    items = items_of(citation())
    container_files.expect(reply.pk, items)
    container_files.expect(reply.pk, items)
    [row] = Attachment.objects.all()
    [wanted] = container_files.claim()
    assert (wanted.id, wanted.container, wanted.file) == (row.pk, "cntr_1", "cfile_1")
    assert container_files.claim() == []
    assert not wanted.is_last
    # Once its container is gone there is no point in asking again.
    created = timezone.now() - container_files.KEPT
    Attachment.objects.update(created_at=created, fetch_at=timezone.now())
    [wanted] = container_files.claim()
    assert wanted.is_last
    container_files.miss(wanted, "not_served")
    # It was deleted meanwhile: nothing is stored, and nothing is left.
    reply.delete()
    with open(tmp_path / "file", "w+b") as file:
        file.write(CSV)
        file.seek(0)
        container_files.keep(wanted, file)
    assert not Attachment.objects.exists()
