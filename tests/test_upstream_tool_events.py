"""Events of the gateway's own tools: every one of the API, in every order that gateways send, cut
at every byte, and lost anywhere."""

import pytest

from conversations.upstream import Decoder
from tests.support.item_folding import decoded_items, items_of
from tests.support.item_frames import added, call, done, progress
from tests.support.sse_frames import completed, created, stream

CODE = "print('häß\\u2028')"
ARGUMENTS = '{"city": "Brest", "n": 1}'

# Of each tool: the item as it is when it is done, and all its events before that, as (name, more).
TOOLS = {
    "web_search": (
        call("web_search_call", action={"type": "search", "query": "okapi", "sources": []}),
        [
            ("web_search_call.in_progress", {}),
            ("web_search_call.searching", {}),
            ("web_search_call.completed", {}),
        ],
    ),
    "open_page": (
        call("web_search_call", action={"type": "open_page", "url": "https://a.example/"}),
        [("web_search_call.in_progress", {}), ("web_search_call.completed", {})],
    ),
    "web_search that failed": (
        {**call("web_search_call"), "status": "failed"},
        [("web_search_call.in_progress", {}), ("web_search_call.failed", {})],
    ),
    "file_search": (
        call("file_search_call", queries=["okapi"], results=[{"file_id": "f", "text": "…"}]),
        [
            ("file_search_call.in_progress", {}),
            ("file_search_call.searching", {}),
            ("file_search_call.completed", {}),
        ],
    ),
    "code_interpreter": (
        call("code_interpreter_call", code=CODE, container_id="c", outputs=[]),
        [
            ("code_interpreter_call.in_progress", {}),
            ("code_interpreter_call_code.delta", {"delta": CODE[:7]}),
            ("code_interpreter_call_code.delta", {"delta": CODE[7:]}),
            ("code_interpreter_call_code.done", {"code": CODE}),
            ("code_interpreter_call.interpreting", {}),
            ("code_interpreter_call.completed", {}),
        ],
    ),
    "image_generation": (
        call("image_generation_call", revised_prompt="An okapi"),
        [
            ("image_generation_call.in_progress", {}),
            ("image_generation_call.generating", {}),
            ("image_generation_call.completed", {}),
        ],
    ),
    "mcp_call": (
        call("mcp_call", name="weather", arguments=ARGUMENTS, output="Sun", server_label="w"),
        [
            ("mcp_call.in_progress", {}),
            ("mcp_call_arguments.delta", {"delta": ARGUMENTS[:9]}),
            ("mcp_call_arguments.delta", {"delta": ARGUMENTS[9:]}),
            ("mcp_call_arguments.done", {"arguments": ARGUMENTS}),
            ("mcp_call.completed", {}),
        ],
    ),
    "mcp_call that failed": (
        {
            **call("mcp_call", name="weather", arguments="{}", server_label="w"),
            "status": "failed",
            "error": {"type": "mcp_protocol_error", "code": 32600, "message": "no"},
        },
        [("mcp_call.in_progress", {}), ("mcp_call.failed", {})],
    ),
    "mcp_list_tools": (
        call("mcp_list_tools", server_label="w", tools=[{"name": "weather"}]),
        [("mcp_list_tools.in_progress", {}), ("mcp_list_tools.completed", {})],
    ),
    "mcp_list_tools that failed": (
        {**call("mcp_list_tools", server_label="w", tools=[]), "error": "no", "status": "failed"},
        [("mcp_list_tools.in_progress", {}), ("mcp_list_tools.failed", {})],
    ),
    "mcp_approval_request": (
        {
            "type": "mcp_approval_request",
            "id": "c_1",
            "server_label": "w",
            "name": "rain",
            "arguments": ARGUMENTS,
        },
        [],
    ),
    "function_call": (
        call("function_call", call_id="c", name="weather", arguments=ARGUMENTS),
        [
            ("function_call_arguments.delta", {"delta": ARGUMENTS}),
            ("function_call_arguments.done", {"arguments": ARGUMENTS}),
        ],
    ),
    "unknown": (call("tool_search_call", query="weather"), [("tool_search_call.searching", {})]),
}


def events_of(tool):
    """The item when it is done, and its events: added, progress (a list), done."""
    item, names = TOOLS[tool]
    begun = {"type": item["type"], "id": item["id"], "status": "in_progress"}
    going = [progress(name, item["id"], 0, **more) for name, more in names]
    return item, added(begun, 0), going, done(item, 0)


def orders(tool):
    """The orders in which gateways send what belongs to an item that is done at last."""
    _item, first, going, last = events_of(tool)
    return {
        "added first": [first, *going, last],
        "progress before added": [*going, first, last],
        "progress after done": [first, last, *going],
        "done without added": [*going, last],
        "only done, progress after it": [last, *going],
        "only done": [last],
    }


ORDERS = list(orders("web_search"))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("tool", TOOLS)
def test_in_every_order_it_is_one_item(tool, order):
    item = TOOLS[tool][0]
    body = stream(created(), *orders(tool)[order], completed(item)).encode()
    whole = decoded_items(body)
    assert whole[0] == [item]
    assert whole[1].status == "completed"
    assert decoded_items(body, range(len(body))) == whole


@pytest.mark.parametrize("tool", TOOLS)
def test_cut_at_every_byte_it_is_the_same(tool):
    item, first, going, last = events_of(tool)
    body = stream(first, *going, last, completed(item)).encode()
    whole = decoded_items(body)
    for at in range(1, len(body)):
        assert decoded_items(body, [at]) == whole, at


@pytest.mark.parametrize("tool", TOOLS)
def test_lost_anywhere_it_is_what_had_come_of_it(tool):
    item, first, going, last = events_of(tool)
    frames = [stream(each).encode() for each in (created(), first, *going, last)]
    body = b"".join(frames)
    ends = [sum(map(len, frames[: n + 1])) for n in range(len(frames))]
    # At and about the end of each event, and within them.
    places = {end + near for end in ends for near in (-2, -1, 0, 1)} | set(range(0, len(body), 5))
    for at in sorted(place for place in places if ends[0] <= place <= len(body)):
        decoder = Decoder()
        events = [*decoder.feed(body[:at]), *decoder.finish()]
        found = items_of(events)
        assert events[-1].status == "interrupted", at
        if at == len(body):
            assert found == [item]
        elif found:
            [kept] = found
            assert (kept["type"], kept["id"]) == (item["type"], item["id"]), at
            for member in ("code", "arguments"):
                assert item.get(member, "").startswith(kept.get(member, "")), at
        else:
            # The line end after an event may be lost with the connection.
            assert at < ends[1], at


@pytest.mark.parametrize("tool", TOOLS)
def test_added_and_never_done_it_is_kept_as_the_last_event_says(tool):
    item, first, going, _last = events_of(tool)
    found, end = decoded_items(stream(created(), first, *going, completed()))
    assert end.status == "completed"
    [kept] = found
    assert kept["type"] == item["type"]
    for member in ("code", "arguments"):
        if any(member in event or "delta" in event for event in going):
            assert kept.get(member) == item.get(member)
    named = [event["type"].rpartition(".")[2] for event in going]
    if named and named[-1] in ("completed", "failed", "searching"):
        assert kept["status"] == named[-1]


def test_the_events_of_two_calls_may_be_mixed():
    one, other = (call("web_search_call", f"ws_{n}", action={"query": str(n)}) for n in (1, 2))
    events = [
        added({**one, "status": "in_progress", "action": None}, 0),
        added({**other, "status": "in_progress", "action": None}, 1),
        progress("web_search_call.searching", "ws_2", 1),
        progress("web_search_call.searching", "ws_1", 0),
        done(other, 1),
        done(one, 0),
    ]
    assert decoded_items(stream(created(), *events, completed(one, other)))[0] == [one, other]


@pytest.mark.parametrize("annotation", [None, 7, {}, {"type": "url_citation"}, {"type": ["a"]}])
def test_an_annotation_without_anything_in_it_breaks_nothing(annotation):
    place = {"item_id": "m_1", "output_index": 0, "content_index": 0, "annotation_index": 0}
    note = {"type": "response.output_text.annotation.added", **place, "annotation": annotation}
    text = {"type": "response.output_text.delta", **place, "delta": "Hi"}
    found, end = decoded_items(stream(created(), text, note, text, completed()))
    assert [each[:2] for each in found] == [("message", "HiHi")]
    assert end.status == "completed"
