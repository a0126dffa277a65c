"""Events of a gateway about pictures that a model makes."""

import base64
import json

from tests.support.item_frames import added, call, done, progress
from tests.support.sse_frames import completed, created, delta, message

PROMPT = "A fox in the rain"


def b64(content):
    return base64.b64encode(content).decode()


def picture_call(content, item_id="ig_1", **more):
    """The whole item of a picture with these bytes."""
    fields = {"revised_prompt": PROMPT, "output_format": "png", **more}
    return call("image_generation_call", item_id, result=b64(content), **fields)


def picture_stream(*contents, text="", before=(), partial=b""):
    """All events of a reply with these pictures, as OpenAI sends them, and `text` after them;
    `partial` is a picture of a gateway that sends drafts in spite of `partial_images: 0`."""
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
    """The events as a list of bytes, one for each."""
    return [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events]
