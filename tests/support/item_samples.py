"""Samples of output items as gateways send them, one of each type, and functions that store and
render items."""

import html
import re
from dataclasses import asdict

from conversations.items import clean, clean_all, projections
from conversations.models import Message
from conversations.thread import item_html

SAMPLES = {
    "message": {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [
            {
                "type": "output_text",
                "text": "It **rained** all day.",
                "annotations": [
                    {
                        "type": "url_citation",
                        "url": "https://weather.example/today?utm_source=openai",
                        "title": "The weather today",
                        "start_index": 0,
                        "end_index": 9,
                    }
                ],
            }
        ],
    },
    "output_text": {"type": "output_text", "text": "It rained.", "annotations": []},
    "refusal": {"type": "refusal", "refusal": "I cannot help with that."},
    "input_text": {"type": "input_text", "text": "What is in this picture?"},
    "input_image": {
        "type": "input_image",
        "file": "7e0d1f1c-6c39-4d52-93c5-1f64b4a6a0a1",
        "filename": "holiday.jpg",
        "detail": "auto",
    },
    "input_file": {
        "type": "input_file",
        "file": "7e0d1f1c-6c39-4d52-93c5-1f64b4a6a0a2",
        "filename": "report.pdf",
    },
    "reasoning": {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "The question is about *rain*."}],
        "encrypted_content": "gAAAAAB0",
    },
    "web_search_call": {
        "type": "web_search_call",
        "id": "ws_1",
        "status": "completed",
        "action": {
            "type": "search",
            "query": "rain in Brest today",
            "sources": [
                {"type": "url", "url": "https://weather.example/today"},
                {"type": "url", "url": "https://rain.example/brest"},
            ],
        },
    },
    "code_interpreter_call": {
        "type": "code_interpreter_call",
        "id": "ci_1",
        "status": "completed",
        "container_id": "cntr_1",
        "code": "print(sum([3, 4, 5]))",
        "outputs": [
            {"type": "logs", "logs": "12\n"},
            {"type": "image", "url": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUg=="},
        ],
    },
    "image_generation_call": {
        "type": "image_generation_call",
        "id": "ig_1",
        "status": "completed",
        "result": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
        "revised_prompt": "A fox in the rain, as a woodcut",
        "output_format": "png",
    },
    "file_search_call": {
        "type": "file_search_call",
        "id": "fs_1",
        "status": "completed",
        "queries": ["notice period"],
        "results": [
            {
                "file_id": "file_1",
                "filename": "contract.pdf",
                "score": 0.93,
                "text": "The notice period is three months.",
            }
        ],
    },
    "mcp_call": {
        "type": "mcp_call",
        "id": "mcp_1",
        "status": "completed",
        "server_label": "calendar",
        "name": "list_events",
        "arguments": '{"day": "2026-11-27"}',
        "output": "09:00 Stand-up",
        "error": None,
    },
    "mcp_list_tools": {
        "type": "mcp_list_tools",
        "id": "mcpl_1",
        "server_label": "calendar",
        "tools": [
            {"name": "list_events", "description": "Lists the events of a day", "input_schema": {}},
            {"name": "add_event", "description": None, "input_schema": {}},
        ],
    },
    "mcp_approval_request": {
        "type": "mcp_approval_request",
        "id": "mcpr_1",
        "server_label": "calendar",
        "name": "add_event",
        "arguments": '{"at": "10:00"}',
    },
    "mcp_approval_response": {
        "type": "mcp_approval_response",
        "approval_request_id": "mcpr_1",
        "approve": True,
        "reason": "It is my calendar",
    },
    "function_call": {
        "type": "function_call",
        "id": "fc_1",
        "call_id": "call_1",
        "status": "completed",
        "name": "get_weather",
        "arguments": '{"city": "Brest"}',
    },
    "unknown": {"type": "hologram_call", "id": "ho_1", "status": "completed", "beams": 3},
}


def put_items(reply, items):
    """Store `items` (JSON) in the Message `reply`, which has ended, as the site does: cleaned, and
    with the columns derived from them."""
    items = clean_all(list(items))
    columns = asdict(projections(items, str(reply.pk)))
    Message.objects.filter(pk=reply.pk).update(items=items, **columns)


def shown_html(*items, live=False):
    """Return the HTML of `items` (JSON as a gateway sends it): one item, or adjacent ones that are
    shown together. `live` is True for a reply that is still being written."""
    items = [clean(item) for item in items]
    [(index, run)] = item_html.runs(items)
    return item_html.draw(index, run, live=live, html="<p>Its text</p>")


def shown(*items, live=False):
    """Return the visible text of `items` as the article shows them (one item, or adjacent ones that
    are shown together), with white space collapsed. `live` is True for a reply that is still being
    written."""
    words = re.sub(r"<[^>]*>", " ", shown_html(*items, live=live))
    return " ".join(html.unescape(words).split())


def with_all_texts(value, text):
    """Return a copy of the JSON `value` in which each text, except those of keys "type", is
    `text`."""
    if isinstance(value, dict):
        return {k: v if k == "type" else with_all_texts(v, text) for k, v in value.items()}
    if isinstance(value, list):
        return [with_all_texts(each, text) for each in value]
    return text if isinstance(value, str) else value


# Items with fields that SAMPLES does not have.
_MORE = [
    {**SAMPLES["web_search_call"], "action": {"type": "search", "queries": ["a", "b"]}},
    {**SAMPLES["web_search_call"], "action": {"type": "open_page", "url": "u", "title": "t"}},
    {**SAMPLES["web_search_call"], "action": {"type": "find_in_page", "url": "u", "pattern": "p"}},
    {**SAMPLES["mcp_call"], "output": None, "error": {"type": "a", "code": 1, "message": "b"}},
    {**SAMPLES["mcp_call"], "error": {"type": "a", "content": [{"type": "text", "text": "b"}]}},
    {**SAMPLES["mcp_call"], "arguments": {"a": "b"}, "output": ["c"]},
    {**SAMPLES["mcp_list_tools"], "error": {"message": "a"}},
    {**SAMPLES["image_generation_call"], "error": {"message": "a", "moderation_details": {}}},
    {
        **SAMPLES["message"],
        "content": [{"type": "refusal", "refusal": "a"}, {"type": "b", "c": ""}],
    },
]


def items_full_of(text):
    """Return items of every known type with `text` in each text field, and one item whose type is
    `text`."""
    filled = [with_all_texts(item, text) for item in [*SAMPLES.values(), *_MORE]]
    return [*filled, {"type": text, "status": text}]
