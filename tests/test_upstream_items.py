"""Items of a response: whatever a gateway sends of them, and in which order, they come out in
theirs."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.upstream import Decoder, ItemClosed, Text
from tests.support.hypothesis_scale import examples
from tests.support.item_folding import decoded_items, items_of
from tests.support.item_frames import (
    CITED,
    SEARCH,
    added,
    call,
    done,
    progress,
    thoughts,
    whole_stream,
)
from tests.support.sse_frames import chunk, completed, created, delta, message, stream, without

# What each hosted tool sends, besides the item at its end: (item, events).
TOOLS = {
    "web_search": (
        SEARCH,
        ["web_search_call.in_progress", "web_search_call.searching", "web_search_call.completed"],
    ),
    "code": (
        call("code_interpreter_call", code="print(1)", container_id="cntr_1", outputs=None),
        [
            "code_interpreter_call.in_progress",
            ("code_interpreter_call_code.delta", {"delta": "print("}),
            ("code_interpreter_call_code.delta", {"delta": "1)"}),
            ("code_interpreter_call_code.done", {"code": "print(1)"}),
            "code_interpreter_call.interpreting",
            "code_interpreter_call.completed",
        ],
    ),
    "image": (
        call("image_generation_call", result="iVBORw0KGgo=", revised_prompt="An okapi"),
        [
            "image_generation_call.in_progress",
            "image_generation_call.generating",
            ("image_generation_call.partial_image", {"partial_image_b64": "iVBO"}),
            "image_generation_call.completed",
        ],
    ),
    "file_search": (
        call("file_search_call", queries=["okapi"], results=[{"file_id": "f", "text": "…"}]),
        ["file_search_call.in_progress", "file_search_call.searching"],
    ),
    "mcp": (
        call("mcp_call", name="weather", arguments='{"a": 1}', output="Sun", server_label="w"),
        [
            "mcp_call.in_progress",
            ("mcp_call_arguments.delta", {"delta": '{"a": 1}'}),
            ("mcp_call_arguments.done", {"arguments": '{"a": 1}'}),
            "mcp_call.completed",
        ],
    ),
    "mcp_tools": (
        call("mcp_list_tools", tools=[{"name": "weather"}]),
        ["mcp_list_tools.in_progress", "mcp_list_tools.completed"],
    ),
    "approval": (call("mcp_approval_request", name="weather", arguments="{}"), []),
    "function": (
        call("function_call", call_id="c", name="weather", arguments="{}"),
        [
            ("function_call_arguments.delta", {"delta": "{}"}),
            ("function_call_arguments.done", {"arguments": "{}"}),
        ],
    ),
    "custom": (
        call("custom_tool_call", call_id="c", name="draw", input="x"),
        [("custom_tool_call_input.delta", {"delta": "x"})],
    ),
    "unknown": (call("openrouter:web_fetch", url="https://example.org/"), ["web_fetch.searching"]),
    "shell": (call("shell_call", action={"commands": ["ls"]}), ["shell_call_command.delta"]),
}


def expected(item):
    return [
        ("message", "FIRST", []),
        item,
        ("reasoning", "Hm.", []),
        ("message", "SECOND", [CITED]),
    ]


@pytest.mark.parametrize("tool", TOOLS)
def test_items_come_in_their_order_however_the_bytes_are_cut(tool):
    item, names = TOOLS[tool]
    body = stream(*whole_stream(item, names)).encode()
    found, end = decoded_items(body)
    assert found == expected(item)
    assert (end.status, end.tool_note) == ("completed", tool in ("approval", "function", "custom"))
    for at in range(0, len(body), 53):
        assert decoded_items(body, [at]) == (found, end)
    assert decoded_items(body, range(len(body)))[0] == found


@pytest.mark.parametrize("tool", TOOLS)
def test_what_had_come_is_kept_wherever_the_connection_ends(tool):
    item, names = TOOLS[tool]
    events = whole_stream(item, names)
    for count in range(2, len(events)):
        found, end = decoded_items(stream(*events[:count]))
        assert end.status == "interrupted"
        kinds = [each[0] if isinstance(each, tuple) else each["type"] for each in found]
        assert kinds == ["message", item["type"], "reasoning", "message"][: len(kinds)]
        if count > 4:
            assert found[0][1] == "FIRST"
        if count > 6 + len(names) + 1:
            assert found[1] == item


def test_the_pieces_of_all_messages_can_be_joined():
    decoder = Decoder()
    events = decoder.feed(stream(*whole_stream(*TOOLS["web_search"])).encode())
    assert "".join(e.text for e in events if isinstance(e, Text)) == "FIRST\n\nSECOND"


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(
    "kept",
    [
        pytest.param(("output_item.added", "delta", "output_item.done"), id="without the end"),
        pytest.param(("output_item.done", "delta"), id="only done"),
        pytest.param(("output_item.done", "completed"), id="no deltas"),
        pytest.param(("completed",), id="only completed"),
        pytest.param(("output_text.delta", "completed"), id="text, and the rest at the end"),
        pytest.param(("delta", "completed"), id="text and thoughts, and the rest at the end"),
    ],
)
def test_gateways_that_send_a_part_of_the_events_give_the_same(tool, kept):
    item, names = TOOLS[tool]
    events = [each for each in whole_stream(item, names) if each["type"].endswith(kept)]
    assert decoded_items(stream(*events))[0] == expected(item)
    nameless = [without(each, "item_id", "sequence_number") for each in events]
    assert decoded_items(stream(*nameless))[0] == expected(item)


@pytest.mark.parametrize("tool", TOOLS)
def test_every_event_sent_twice_gives_every_item_once(tool):
    item, names = TOOLS[tool]
    events = whole_stream(item, names)
    twice = [each for event in events for each in ([event] * (1 if "delta" in event else 2))]
    assert decoded_items(stream(*twice[:-1]))[0] == expected(item)


def test_without_indexes_the_order_is_that_of_arrival():
    item, names = TOOLS["web_search"]
    events = [
        without(each, "output_index", "content_index", "summary_index")
        for each in whole_stream(item, names)
    ]
    assert decoded_items(stream(*events))[0] == expected(item)


def test_indexes_that_begin_anew_for_each_round_of_a_tool_merge_nothing():
    second = {**SEARCH, "id": "ws_2", "action": {"type": "search", "query": "giraffe"}}
    found, _end = decoded_items(
        stream(
            created(),
            done(message("FIRST", "m_1"), 0),
            done(SEARCH, 1),
            done(message("SECOND", "m_2"), 0),
            done(second, 1),
            added({"type": "message", "id": "m_3"}, 0),
            delta("THIRD", item_id="m_3"),
        )
    )
    texts = [("message", text, []) for text in ("FIRST", "SECOND", "THIRD")]
    assert found == [texts[0], SEARCH, texts[1], second, texts[2]]


def test_ids_that_change_at_the_end_repeat_nothing():
    renamed = [{**SEARCH, "id": "ws_9"}, message("Hi", "another")]
    events = [done(SEARCH, 0), delta("Hi", output_index=1), completed(*renamed)]
    assert decoded_items(stream(created(), *events))[0] == [SEARCH, ("message", "Hi", [])]


def test_what_the_end_has_more_is_added_where_it_belongs():
    other = {**SEARCH, "id": "ws_2", "action": {"type": "open_page", "url": "https://a.example/"}}
    fuller = {**SEARCH, "action": {**SEARCH["action"], "sources": [{"url": "https://a.example/"}]}}
    cited = message("Hi", "m_1")
    cited["content"][0]["annotations"] = [CITED]
    found, _end = decoded_items(
        stream(
            created(),
            done(SEARCH, 0),
            delta("Hi", item_id="m_1", output_index=1),
            completed(fuller, other, cited, call("file_search_call")),
        )
    )
    assert found == [fuller, other, ("message", "Hi", [CITED]), call("file_search_call")]
    # And what it has less takes nothing away.
    events = [done(fuller, 0), delta("Hi", output_index=1), completed(without(SEARCH, "action"))]
    assert decoded_items(stream(*events))[0] == [fuller, ("message", "Hi", [])]


def test_reasoning_that_is_told_late_stands_before_its_message():
    late = done(thoughts("Hm."), 0)
    for event in (late, without(late, "output_index")):
        events = [created(), delta("Hi", output_index=1), event, completed()]
        assert decoded_items(stream(*events))[0] == [
            ("reasoning", "Hm.", []),
            ("message", "Hi", []),
        ]


def test_a_call_of_which_only_the_progress_is_told_is_an_item():
    event = progress("web_search_call.searching", "ws_1", 0)
    found, end = decoded_items(stream(created(), event, event))
    assert found == [{"type": "web_search_call", "id": "ws_1", "status": "searching"}]
    assert end.status == "interrupted"


def test_code_is_shown_while_it_comes_and_kept_where_it_breaks_off():
    line = "print('okapi')\n"
    pieces = [progress("code_interpreter_call_code.delta", "c_1", 0, delta=line) for _ in range(50)]
    body = stream(added({"type": "code_interpreter_call", "id": "c_1"}, 0), *pieces).encode()
    found, _end = decoded_items(body)
    assert found[0]["code"] == line * 50
    assert decoded_items(body, range(0, len(body), 60))[0] == found
    assert "print" in items_of(Decoder().feed(body))[0]["code"]


def test_thoughts_between_tags_are_an_item_before_each_message_of_theirs():
    found, _end = decoded_items(
        stream(
            created(),
            delta("<think>One.</think>FIRST"),
            done(SEARCH, 1),
            delta("<think>Two.</think>SECOND", item_id="m_2", output_index=2),
            completed(),
        )
    )
    assert found == [
        ("reasoning", "One.", []),
        ("message", "FIRST", []),
        SEARCH,
        ("reasoning", "Two.", []),
        ("message", "SECOND", []),
    ]


def test_a_closed_message_keeps_its_marks_and_loses_its_tags():
    mark = "\ue200cite\ue202turn0search1\ue201"
    text = f"<think>Hm.</think>It rained.{mark}"
    decoder = Decoder()
    item = message(text, "m_1")
    item["content"][0]["annotations"] = [CITED]
    events = decoder.feed(stream(delta(text, item_id="m_1"), done(item, 0)).encode())
    [closed] = [event for event in events if isinstance(event, ItemClosed)]
    [part] = closed.item["content"]
    assert (part["text"], part["annotations"]) == (f"It rained.{mark}", [CITED])
    assert items_of(events)[1][1] == "It rained."


@pytest.mark.parametrize("annotation", [CITED, {"type": "url_citation", "url_citation": CITED}])
@pytest.mark.parametrize("streamed", [True, False])
def test_a_chat_completion_becomes_the_same_items(annotation, streamed):
    function = {"name": "weather", "arguments": '{"a": 1}'}
    if streamed:
        cut = {**function, "arguments": '{"a"'}
        calls = [{"index": 0, "id": "call_1", "function": cut}]
        rest = [{"index": 0, "function": {"arguments": ": 1}"}}]
        deltas = [
            {"reasoning_content": "Hm."},
            {"content": "Hi"},
            {"annotations": [annotation], "reasoning_content": " So."},
            {"tool_calls": calls},
            {"tool_calls": rest},
        ]
        chunks = [{"choices": [{"index": 0, "delta": each}]} for each in deltas]
        body = stream(*chunks, chunk(None, "tool_calls"), "[DONE]")
    else:
        calls = [{"id": "call_1", "type": "function", "function": function}]
        whole = {"content": "Hi", "reasoning": "Hm. So.", "tool_calls": calls}
        whole["annotations"] = [annotation]
        choice = {"message": whole, "finish_reason": "tool_calls"}
        body = json.dumps({"object": "chat.completion", "choices": [choice]})
    found, end = decoded_items(body)
    made = {"type": "function_call", "name": "weather", "call_id": "call_1"}
    assert found == [
        ("reasoning", "Hm. So.", []),
        ("message", "Hi", [CITED]),
        {**made, "arguments": '{"a": 1}', "status": "completed"},
    ]
    assert (end.status, end.tool_note) == ("completed", True)
    body = body.encode()
    for at in range(0, len(body), 11):
        assert decoded_items(body, [at])[0] == found


@pytest.mark.parametrize(
    "event",
    [
        added({"type": ["web_search_call"]}, 0),
        added({"type": None}, 0),
        added({"type": "web_search_call", "id": ["a"]}, [0]),
        done({"type": "message", "content": [{"type": "output_text", "annotations": 3}]}, "x"),
        done({"type": "message", "content": 7}, 0),
        progress("output_text.annotation.added", "m", 0, annotation=None),
        progress("code_interpreter_call_code.done", "m", 0, code=[1]),
        progress("web_search_call.searching", {"a": 1}, 0),
        completed({"type": {}}, {"type": "web_search_call", "id": {}}, {"id": 1}),
        {"choices": [{"delta": {"tool_calls": [None, {"index": "x", "function": 3}, 7]}}]},
        {"choices": [{"delta": {"annotations": [3, {"type": []}, {"type": "a", "a": 1}]}}]},
    ],
)
def test_nonsense_breaks_nothing(event):
    found, end = decoded_items(stream(created(), delta("Hi"), event, delta(" there"), completed()))
    assert [each[1] for each in found if isinstance(each, tuple) and each[1]] == ["Hi there"] or (
        event["type"] == "response.completed"
    )
    assert end.status == "completed"


pool = [
    *whole_stream(*TOOLS["code"])[1:-1],
    *whole_stream(*TOOLS["web_search"])[5:9],
    done(thoughts("Hm. So."), 2),
    without(done(thoughts("Hm. So."), 2), "output_index"),
    delta("<think>One.", item_id="m_3", output_index=0),
    delta("</think>\n\nTwo.", item_id="m_3", output_index=0),
    delta("\ue200cite\ue202turn0", item_id="m_2", output_index=3),
    delta("search1\ue201.", item_id="m_2", output_index=3),
    without(delta("Three."), "item_id", "output_index"),
    added({"type": "message", "id": "m_4"}, 1),
    {
        "type": "response.reasoning_text.delta",
        "item_id": "rs_1",
        "output_index": 2,
        "delta": "Raw.",
    },
    chunk("Four."),
]


@given(st.lists(st.sampled_from(pool), max_size=12), st.data())
@settings(max_examples=examples(300), deadline=None)
def test_events_in_any_order_give_the_same_however_they_are_cut(events, data):
    body = stream(created(), *events, completed(message("End", "m_9"), SEARCH)).encode()
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=20))
    whole = decoded_items(body)
    assert decoded_items(body, cuts) == whole
    assert not set(repr([each[:2] for each in whole[0] if isinstance(each, tuple)])) & set("\ue200")
