"""Events of the Responses API about output items, as JSON: calls of tools, reasoning, messages with
citations."""

from tests.support.sse_frames import completed, created, delta, message, text_done

CITED = {"type": "url_citation", "url": "https://example.org/a", "title": "A", "start_index": 0}


def added(item, index):
    """Return the event that opens `item` (JSON) at the place `index` of the output."""
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def done(item, index):
    """Return the event that completes `item` (JSON) at the place `index` of the output."""
    return {**added(item, index), "type": "response.output_item.done"}


def progress(name, item_id, index, **more):
    """Return the event `response.NAME`, `name` being its NAME, about the item with the id `item_id`
    at the place `index` of the output; `more` are further fields."""
    return {"type": f"response.{name}", "item_id": item_id, "output_index": index, **more}


def thought(text, item_id="rs_1", index=0):
    """Return the event with `text` as the next piece of a reasoning summary."""
    place = {"item_id": item_id, "output_index": index, "summary_index": 0}
    return {"type": "response.reasoning_summary_text.delta", **place, "delta": text}


def thoughts(text, item_id="rs_1"):
    """Return a completed reasoning item whose summary is `text`."""
    summary = [{"type": "summary_text", "text": text}]
    return {"type": "reasoning", "id": item_id, "summary": summary, "encrypted_content": "gAAA"}


def call(kind, item_id="c_1", **more):
    """Return a completed item of the type `kind`, such as a tool call, with `more` as fields."""
    return {"type": kind, "id": item_id, "status": "completed", **more}


SEARCH = call("web_search_call", "ws_1", action={"type": "search", "query": "okapi"})


def whole_stream(item, names=()):
    """Return all events that OpenAI sends for a reply of a message, the tool call `item`, reasoning
    and a message with a citation. `names` are the call's progress events: names, or pairs `(name,
    fields)`."""
    item_id, index = item["id"], 1
    first = message("FIRST", "m_1")
    second = message("SECOND", "m_2")
    second["content"][0]["annotations"] = [CITED]
    place = {"item_id": "m_2", "output_index": 3, "content_index": 0}
    return [
        created(),
        added({**first, "content": []}, 0),
        delta("FI", item_id="m_1"),
        delta("RST", item_id="m_1"),
        text_done("FIRST", item_id="m_1"),
        done(first, 0),
        added({"type": item["type"], "id": item_id, "status": "in_progress"}, index),
        *(
            progress(name, item_id, index, **more)
            for name, more in ((each, {}) if isinstance(each, str) else each for each in names)
        ),
        done(item, index),
        added({"type": "reasoning", "id": "rs_1", "summary": []}, 2),
        thought("Hm.", index=2),
        done(thoughts("Hm."), 2),
        added({**second, "content": []}, 3),
        delta("SEC", **place),
        delta("OND", **place),
        {"type": "response.output_text.annotation.added", **place, "annotation": CITED},
        text_done("SECOND", **place),
        done(second, 3),
        completed(first, item, thoughts("Hm."), second),
    ]
