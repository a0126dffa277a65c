"""Pictures in base64 in a response: taken off the stream, within limits of their own."""

import json
import random

import pytest

from conversations.upstream import ItemClosed, ItemOpened, PictureReceived, Text, pictures
from conversations.upstream.decoder import Decoder
from tests.support.item_frames import added, call, done
from tests.support.picture_frames import b64, frames, picture_call, picture_stream
from tests.support.sse_frames import completed, created, delta, message

CONTENT = random.Random(1).randbytes(3_000)
LARGE = random.Random(2).randbytes(300_000)


def decode(pieces, folder, **limits):
    """Feed the pieces as the client does: the events, and the pictures by (item, output)."""
    decoder = Decoder(picture_folder=folder, **limits)
    events, found = [], {}
    for piece in [*pieces, None]:
        new = decoder.finish() if piece is None else decoder.feed(piece)
        if decoder.pictures.is_waiting:
            decoder.pictures.write()
        for event in new:
            if isinstance(event, PictureReceived):
                file = event.picture.take()
                found[event.index, event.output] = event.picture.fault if file is None else file
            else:
                events.append(event)
    decoder.pictures.close()
    for key, file in found.items():
        if not isinstance(file, str):
            with file:
                found[key] = file.read()
    return events, found


def text_of(events):
    return "".join(event.text for event in events if isinstance(event, Text))


def cut(data, size):
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 2, 7, 79, 80, 81, 2_047, 2_048, 2_049, 10**6])
def test_a_picture_is_the_same_wherever_the_stream_is_cut(tmp_path, size):
    stream = b"".join(frames(picture_stream(CONTENT, text="Here it is.", partial=CONTENT)))
    events, found = decode(cut(stream, size), tmp_path)
    assert found == {(0, None): CONTENT}
    assert text_of(events) == "Here it is."
    assert events[-1].status == "completed"
    closed = [event.item for event in events if isinstance(event, ItemClosed)]
    assert closed[0]["revised_prompt"] == "A fox in the rain"
    assert "result" not in closed[0]


def test_it_is_found_where_only_its_beginning_has_it(tmp_path):
    begun = {**picture_call(CONTENT), "status": "in_progress"}
    ended = call("image_generation_call", "ig_1", revised_prompt="A fox")
    for stream in (
        [created(), added(begun, 0), done(ended, 0), completed(ended)],
        [created(), added(begun, 0), completed()],
        [created(), added(begun, 0)],
    ):
        events, found = decode([b"".join(frames(stream))], tmp_path)
        assert found == {(0, None): CONTENT}
        assert "result" not in next(e.item for e in events if isinstance(e, ItemOpened))
    assert not any(tmp_path.iterdir())


def test_what_closes_it_has_the_picture_that_counts(tmp_path):
    begun = {**picture_call(CONTENT[:2_500]), "status": "in_progress"}
    ended = picture_call(CONTENT)
    stream = [created(), added(begun, 0), done(ended, 0), completed(ended)]
    assert decode(frames(stream), tmp_path)[1] == {(0, None): CONTENT}


@pytest.mark.parametrize("size", [79, 10**6])
@pytest.mark.parametrize(
    "members", [["result"], ["imageB64"], ["imageUrl"], ["result", "imageB64"]]
)
@pytest.mark.parametrize("content", [CONTENT, b"tiny"])
def test_it_is_found_under_the_names_that_openrouter_gives_it(tmp_path, members, content, size):
    values = {name: b64(content) for name in members}
    if "imageUrl" in members:
        values["imageUrl"] = f"data:image/png;base64,{b64(content)}"
    item = call("openrouter:image_generation", "ig_1", revisedPrompt="A fox", **values)
    stream = b"".join(frames([created(), done(item, 0), completed(item)]))
    events, found = decode(cut(stream, size), tmp_path)
    assert found == {(0, None): content}
    [closed] = [event.item for event in events if isinstance(event, ItemClosed)]
    assert closed["revisedPrompt"] == "A fox" and not closed.keys() & set(members)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("left_out", ["response.output_item.done", "response.output_item.added"])
def test_it_is_found_in_the_last_event_alone(tmp_path, left_out):
    events = [each for each in picture_stream(CONTENT, LARGE) if each["type"] != left_out]
    _events, found = decode(frames(events), tmp_path)
    assert found == {(0, None): CONTENT, (1, None): LARGE}


def test_it_is_found_where_the_last_event_has_nothing(tmp_path):
    events = [*picture_stream(CONTENT)[:-1], completed()]
    assert decode(frames(events), tmp_path)[1] == {(0, None): CONTENT}


def test_it_is_found_in_a_body_that_is_no_stream(tmp_path):
    body = json.dumps({"id": "r", "status": "completed", "output": [picture_call(LARGE)]})
    assert decode(cut(body.encode(), 5_000), tmp_path)[1] == {(0, None): LARGE}


@pytest.mark.parametrize("content", [b"P", b"PN", b"PNG", b"\x89PNG tiny"])
def test_a_tiny_picture_is_one_too(tmp_path, content):
    assert decode(frames(picture_stream(content)), tmp_path)[1] == {(0, None): content}


@pytest.mark.parametrize(
    "written",
    [
        lambda text: text.replace("/", "\\/"),
        lambda text: "\\n".join(cut(text, 76)),
        lambda text: "\\r\\n".join(cut(text, 64)) + "\\r\\n",
        lambda text: text.replace("+", "-").replace("/", "_").rstrip("="),
        lambda text: f"data:image/webp;base64,{text}",
    ],
)
@pytest.mark.parametrize("size", [1, 997, 10**6])
def test_base64_is_read_in_all_ways_of_writing_it(tmp_path, written, size):
    [stream] = frames([done(picture_call(CONTENT), 0)])
    stream = stream.replace(b64(CONTENT).encode(), written(b64(CONTENT)).encode())
    assert decode(cut(stream, size), tmp_path)[1] == {(0, None): CONTENT}


def test_pictures_of_code_are_found_in_its_outputs(tmp_path):
    url = f"data:image/png;base64,{b64(CONTENT)}"
    outputs = [{"type": "logs", "logs": "12"}, {"type": "image", "url": url}]
    item = call("code_interpreter_call", "ci_1", code="plot()", outputs=outputs)
    events, found = decode(frames([created(), done(item, 0), completed(item)]), tmp_path)
    assert found == {(0, 1): CONTENT}
    [closed] = [event for event in events if isinstance(event, ItemClosed)]
    assert closed.item["outputs"] == [outputs[0], {"type": "image"}]


def test_text_that_looks_like_a_picture_stays_text(tmp_path):
    text = f'{{"result": "{b64(CONTENT)}", "url": "data:image/png;base64,{b64(CONTENT)}"}}'
    events, found = decode(frames([created(), delta(text), completed(message(text))]), tmp_path)
    assert (text_of(events), found) == (text, {})


def test_results_that_are_no_pictures_stay_in_the_item(tmp_path):
    short = ("ok", "data:", "data:image/png;base64,", "x" * 1_000)
    for result in (
        *short,
        "no base64: " * 500,
        "data: " * 900,
        "a" * 2_000 + " ",
        '"quoted"' * 900,
    ):
        item = call("weather_call", "w_1", result=result)
        for size in (1 if len(result) < 100 else 500, 10**6):
            events, found = decode(cut(frames([done(item, 0)])[0], size), tmp_path)
            [closed] = [event for event in events if isinstance(event, ItemClosed)]
            assert (closed.item["result"], found) == (result, {})


def test_what_is_no_base64_is_a_broken_picture(tmp_path):
    events = picture_stream(LARGE, text="Words")
    stream = b"".join(frames(events)).replace(b64(LARGE)[-400:].encode(), b"!" * 400)
    events, found = decode([stream], tmp_path)
    assert found == {(0, None): "broken"}
    assert (text_of(events), events[-1].status) == ("Words", "completed")


def test_a_stream_that_is_cut_within_a_picture_keeps_its_text(tmp_path):
    events = [created(), delta("Words", item_id="m_0"), done(picture_call(LARGE), 1)]
    stream = b"".join(frames(events))
    events, found = decode(cut(stream[:-200_000], 9_999), tmp_path)
    assert (text_of(events), found, events[-1].status) == ("Words", {}, "interrupted")


def test_a_picture_that_is_too_large_is_not_kept_and_the_rest_is(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "LONGEST_PICTURE", 100_000)
    events, found = decode(frames(picture_stream(LARGE, CONTENT, text="Words")), tmp_path)
    assert found == {(0, None): "too_large", (1, None): CONTENT}
    assert text_of(events) == "Words"


@pytest.mark.parametrize("kind", ["result", "partial"])
def test_a_gateway_that_sends_pictures_without_end_is_cut(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(pictures, "MOST_PICTURE_BYTES", 1_000_000)
    event = done(picture_call(LARGE), 0)
    if kind == "partial":
        kind = "response.image_generation_call.partial_image"
        event = {"type": kind, "item_id": "ig_1", "partial_image_b64": b64(LARGE)}
    endless = frames([created(), delta("Words"), *[event] * 20])
    events, _found = decode(endless, tmp_path)
    assert events[-1].status == "interrupted" and events[-1].reason == "line_too_long"
    assert text_of(events) == "Words"
    # One picture without an end is no other.
    events, _found = decode([*endless[:2], endless[2][:300], *[b"A" * 50_000] * 50], tmp_path)
    assert events[-1].reason == "line_too_long"


def test_more_pictures_than_a_reply_has_are_cut(tmp_path):
    event = done(picture_call(CONTENT), 0)
    events, _found = decode(frames([created(), *[event] * 300]), tmp_path)
    assert events[-1].reason == "line_too_long"


def test_other_frames_keep_their_limit(tmp_path):
    item = call("weather_call", "w_1", output="x" * 20_000)
    events, _found = decode(frames([created(), done(item, 0)]), tmp_path, longest_line=10_000)
    assert events[-1].reason == "line_too_long"
    # A picture does not count for it, and nothing beside it may hide behind it.
    events, found = decode(frames(picture_stream(LARGE)), tmp_path, longest_line=10_000)
    assert events[-1].status == "completed" and found
    item = {**picture_call(LARGE), "revised_prompt": "x" * 20_000}
    events, _found = decode(frames([created(), done(item, 0)]), tmp_path, longest_line=10_000)
    assert events[-1].reason == "line_too_long"


def test_nothing_stays_on_the_disk(tmp_path):
    decode(frames(picture_stream(LARGE, CONTENT)), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_a_folder_no_picture_is_kept():
    decoder = Decoder()
    events = [e for each in frames(picture_stream(LARGE, text="Words")) for e in decoder.feed(each)]
    decoder.pictures.write()
    assert text_of(events) == "Words"
    assert not [event for event in events if isinstance(event, PictureReceived)]
