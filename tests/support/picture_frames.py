"""Events of the Responses API about pictures that a model makes, as JSON and as bytes."""

import base64

from tests.support.gateway import sse
from tests.support.item_frames import added, call, done, progress
from tests.support.sse_frames import completed, created, delta, message

PROMPT = "A fox in the rain"


def b64(content):
    """Return the bytes `content` as base64 text."""
    return base64.b64encode(content).decode()


def picture_call(content, item_id="ig_1", **more):
    """Return a completed item of the type image_generation_call whose picture is the bytes
    `content`; `more` are further fields."""
    fields = {"revised_prompt": PROMPT, "output_format": "png", **more}
    return call("image_generation_call", item_id, result=b64(content), **fields)


def picture_stream(*contents, text="", before=(), partial=b""):
    """Return all events that OpenAI sends for a reply with the pictures `contents` (bytes) and
    `text` after them. `before` are further events after the first; `partial` (bytes) is sent as a
    draft before each picture, as some gateways do in spite of `partial_images: 0`."""
    events, items = [created(), *before], []
    for index, content in enumerate(contents):
        item = picture_call(content, f"ig_{index}")
        place = (item["id"], index)
        events.append(added({**call(item["type"], item["id"]), "status": "in_progress"}, index))
        events.append(progress("image_generation_call.generating", *place))
        if partial:
            kind, drafted = "image_generation_call.partial_image", b64(partial)
            events.append(progress(kind, *place, partial_image_b64=drafted))
        events.append(progress("image_generation_call.completed", *place))
        events.append(done(item, index))
        items.append(item)
    if text:
        place = {"item_id": "m_1", "output_index": len(contents)}
        events.append(delta(text, **place))
        items.append(message(text, "m_1"))
    return [*events, completed(*items)]


def frames(events):
    """Return each of `events` (JSON) as the bytes of a server-sent event, in a list."""
    return [sse(event) for event in events]
