"""Events of the Responses API as JSON, and event streams of them as text. `more` are further fields
of an event throughout, or replace those it has."""

import json

USAGE = {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}


def stream(*events, names=True):
    """Return `events` as the text of an event stream. A str is the data of an event as it stands;
    with `names` False the events have no names."""
    return "".join(
        f"data: {event}\n\n"
        if isinstance(event, str)
        else (f"event: {event.get('type', '')}\n" if names else "")
        + f"data: {json.dumps(event)}\n\n"
        for event in events
    )


def created(**more):
    """Return the event `response.created`, the first of a stream."""
    response = {"id": "resp_1", "object": "response", "status": "in_progress", "model": "m"}
    return {"type": "response.created", "response": {**response, **more}}


def delta(text, **more):
    """Return the event with `text` as the next piece of a message."""
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    return {"type": "response.output_text.delta", **place, "delta": text, **more}


def text_done(text, **more):
    """Return the event that repeats the whole `text` of a message's content part."""
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    return {"type": "response.output_text.done", **place, "text": text, **more}


def message(text, item_id="msg_1", **more):
    """Return an output item of the type message with one part, `text`."""
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"type": "message", "id": item_id, "role": "assistant", "content": [part], **more}


def completed(*output, kind="completed", **more):
    """Return the last event of a stream, `response.KIND`, with the items `output`; `kind`
    ("completed", "incomplete", "failed") is the response's status too."""
    response = {"id": "resp_1", "status": kind, "model": "m", "output": list(output), **more}
    return {"type": f"response.{kind}", "response": {"usage": USAGE, **response}}


def without(event, *keys):
    """Return a copy of the dict `event` without `keys`."""
    return {key: value for key, value in event.items() if key not in keys}


def chunk(content=None, finish_reason=None, **more):
    """Return a chunk of a streamed chat completion, with `content` as its piece of text."""
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish_reason}
    return {
        "id": "c1",
        "object": "chat.completion.chunk",
        "model": "m",
        "choices": [choice],
        **more,
    }
