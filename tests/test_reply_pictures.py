"""Pictures that a reply makes: stored as its files, shown in it, sent with the next turn."""

import base64
import re

from conversations.files import storage
from conversations.models import Attachment, Response, StoredFile
from conversations.replies import request_body
from tests.support import sample_files as made
from tests.support.gateway import WAIT
from tests.support.item_frames import call, done
from tests.support.picture_frames import PROMPT, b64, frames, picture_stream
from tests.support.polling import until
from tests.support.sse_frames import completed, created

FOX = made.picture("PNG", (600, 400), colour=(180, 90, 30))


def ended(response):
    found = Response.objects.exclude(status__in=Response.OPEN).filter(pk=response.pk)
    return until(lambda: found.select_related("message").first())


def ask(stage, visitor, events, text="Draw a fox", **fields):
    """Ask for what the gateway answers with `events`; the Response once it has ended."""
    stage.gateway.will(chunks=frames(events))
    return ended(visitor.ask(text, **fields))


def test_a_picture_is_stored_and_shown_in_the_reply(stage, visitor, alice):
    stage.gateway.will(chunks=frames(picture_stream(FOX, text="Here it is.")))
    response = visitor.ask("Draw a fox")
    events = visitor.watch(response.pk)
    row = ended(response)
    picture = Attachment.objects.get()
    assert (row.status, row.message.text) == ("completed", "Here it is.")
    assert (picture.message, picture.owner) == (row.message, alice)
    assert picture.conversation_id == row.conversation_id
    assert (picture.name, picture.media_type) == ("picture-1.jpg", "image/jpeg")
    assert (picture.width, picture.height) == (600, 400)
    [item, _text] = row.message.items
    assert item["file"] == str(picture.pk)
    assert "result" not in item and "omitted" not in item
    page = visitor.get(f"/conversations/{row.conversation_id}/").text
    for html in (events[-1].data, page):
        [shown] = re.findall(rf'data-file="{picture.pk}">.*?</li>', html, re.DOTALL)
        assert f'<a href="/files/{picture.pk}/"><img src="/files/{picture.pk}/small/"' in shown
        assert f'width="320" height="213" loading="lazy" alt="{PROMPT}"' in shown
        assert 'download="picture-1.jpg"' in shown
        assert html.index("data-file") < html.index("Here it is.")
    assert visitor.get(f"/files/{picture.pk}/").content == storage.read(picture.stored.name)
    assert visitor.get(f"/files/{picture.pk}/small/").status_code == 200
    assert not any(storage.upload_folder().iterdir())


def test_pictures_of_code_come_with_its_outputs(stage, visitor):
    url = f"data:image/png;base64,{b64(FOX)}"
    outputs = [{"type": "logs", "logs": "drawn"}, {"type": "image", "url": url}]
    code = call("code_interpreter_call", "ci_1", code="draw()", outputs=outputs)
    row = ask(stage, visitor, [created(), done(code, 0), completed(code)])
    picture = Attachment.objects.get()
    assert row.message.items[0]["outputs"][1] == {
        "type": "image",
        "file": str(picture.pk),
        "width": 600,
        "height": 400,
    }
    page = visitor.get(f"/conversations/{row.conversation_id}/").text
    assert f'<img src="/files/{picture.pk}/small/"' in page and "drawn" in page
    assert "does not have" not in page and "no text" not in page


def test_a_reply_keeps_twenty_pictures_and_says_so_of_the_others(stage, visitor):
    tiny = [made.picture(size=(4, 4), colour=(number, 0, 0)) for number in range(22)]
    row = ask(stage, visitor, picture_stream(*tiny, text="Many."))
    assert Attachment.objects.count() == 20
    lost = [item.get("lost") for item in row.message.items]
    assert lost[20:] == ["too_many", "too_many", None] and not any(lost[:20])


def test_another_process_shows_it_while_the_reply_goes_on(stage, visitor, there, alice):
    events = frames(picture_stream(FOX, text="Here it is."))
    stage.gateway.will(chunks=[*events[:-2], WAIT, *events[-2:]])
    response = visitor.ask("Draw a fox")
    until(lambda: Attachment.objects.exists())
    with stage.visit(there, alice).events(response.pk) as arriving:
        for event in arriving:
            if "<img" in event.data and event.name != "done":
                assert f'alt="{PROMPT}"' in event.data
                stage.gateway.go.set()
    assert "<img" in event.data and event.name == "done"


def test_it_is_shown_while_the_reply_goes_on(stage, visitor):
    events = frames(picture_stream(FOX, text="Here it is."))
    stage.gateway.will(chunks=[*events[:-2], WAIT, *events[-2:]])
    response = visitor.ask("Draw a fox")
    with visitor.events(response.pk) as arriving:
        for event in arriving:
            if "<img" in event.data and event.name != "done":
                assert f'alt="{PROMPT}"' in event.data
                stage.gateway.go.set()
    assert "<img" in event.data and event.name == "done"


def test_the_next_message_takes_it_along(stage, visitor, seeing_model):
    first = ask(stage, visitor, picture_stream(FOX))
    again = {"conversation": first.conversation_id}
    second = ended(visitor.ask("Make it blue", **again))
    picture = Attachment.objects.get()
    encoded = base64.b64encode(storage.read(picture.stored.name)).decode()
    [asked] = stage.gateway.responses[-1].body["input"]
    assert [part.get("text") for part in asked["content"]] == ["Draw a fox", "Make it blue", None]
    assert asked["content"][-1] == {
        "type": "input_image",
        "detail": "auto",
        "image_url": f"data:image/jpeg;base64,{encoded}",
    }
    # In later turns it stands where it stood, as the same bytes.
    ended(visitor.ask("Thanks", **again))
    later = stage.gateway.responses[-1].body["input"]
    assert later[0] == asked
    assert [turn["content"] for turn in later[1:]] == [second.message.text, "Thanks"]
    # What is kept of a request has no bytes, and builds the same one again.
    rebuilt = request_body.rebuild(Response.objects.get(pk=second.pk))
    assert rebuilt["input"][0]["content"][-1]["image_url"].startswith("attachment:image/jpeg ")


def test_a_model_that_sees_no_pictures_gets_none(stage, visitor):
    first = ask(stage, visitor, picture_stream(FOX, text="Here."))
    ended(visitor.ask("Thanks", conversation=first.conversation_id))
    contents = [turn["content"] for turn in stage.gateway.responses[-1].body["input"]]
    assert contents == ["Draw a fox", "Here.", "Thanks"]


def test_what_a_gateway_calls_a_file_of_ours_is_none(stage, visitor, bob):
    from conversations.files import intake

    foreign = intake.take(bob, made.upload(FOX, "secret.png"))
    events = picture_stream(FOX)
    for event in events:
        for item in (event.get("item", {}), *event.get("response", {}).get("output", [])):
            if "result" in item:
                item.update(result=None, file=str(foreign.pk), width=10, height=10)
    row = ask(stage, visitor, events)
    assert "file" not in row.message.items[0]
    page = visitor.get(f"/conversations/{row.conversation_id}/").text
    assert str(foreign.pk) not in page
    assert "Made a picture, which this site does not have" in page
    assert StoredFile.objects.count() == 1
