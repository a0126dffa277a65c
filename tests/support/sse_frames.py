"""Events of a gateway as JSON objects, and the bytes of a stream of them."""

import json

USAGE = {"input_tokens": 5, "output_tokens": 2, "total_tokens": 7}


def stream(*events, names=True):
    """Give events as the bytes of a stream; a str is the data of a frame as it stands."""
    return "".join(
        f"data: {event}\n\n"
        if isinstance(event, str)
        else (f"event: {event.get('type', '')}\n" if names else "")
        + f"data: {json.dumps(event)}\n\n"
        for event in events
    )


def created(**more):
    """Give the first event."""
    response = {"id": "resp_1", "object": "response", "status": "in_progress", "model": "m"}
    return {"type": "response.created", "response": {**response, **more}}


def delta(text, **more):
    """Give a piece of text."""
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    return {"type": "response.output_text.delta", **place, "delta": text, **more}


def text_done(text, **more):
    """Give the whole text of a part."""
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    return {"type": "response.output_text.done", **place, "text": text, **more}


def message(text, item_id="msg_1", **more):
    """Give an item of output with one text."""
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"type": "message", "id": item_id, "role": "assistant", "content": [part], **more}


def completed(*output, kind="completed", **more):
    """Give a terminal event; `kind` is its name and its status."""
    response = {"id": "resp_1", "status": kind, "model": "m", "output": list(output), **more}
    return {"type": f"response.{kind}", "response": {"usage": USAGE, **response}}


def without(event, *keys):
    """Give an event without some of its keys."""
    return {key: value for key, value in event.items() if key not in keys}


def chunk(content=None, finish_reason=None, **more):
    """Give a chunk of a chat completion."""
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish_reason}
    return {
        "id": "c1",
        "object": "chat.completion.chunk",
        "model": "m",
        "choices": [choice],
        **more,
    }
