"""How streams deviate from the specification, one test for each habit that was seen."""

import json

import pytest

from conversations.upstream import Failed, Finished, Usage
from tests.support.event_folding import decoded
from tests.support.sse_frames import (
    chunk,
    completed,
    created,
    delta,
    message,
    stream,
    text_done,
    without,
)

WHOLE = [created(), delta("Hello"), delta(" there"), text_done("Hello there")]
DONE = completed(message("Hello there"))


@pytest.mark.parametrize(
    "events",
    [
        pytest.param(stream(*WHOLE, DONE), id="as specified"),
        pytest.param(stream(*WHOLE, DONE, names=False), id="no event lines"),
        pytest.param(stream(*WHOLE, DONE).replace("\n", "\r\n"), id="CRLF"),
        pytest.param(stream(*WHOLE, DONE).replace("\n", "\r"), id="CR"),
        pytest.param(stream(*WHOLE, DONE).replace(": ", ":", 3), id="no space after the colon"),
        pytest.param("\ufeff" + stream(*WHOLE, DONE), id="byte order mark"),
        pytest.param("\n\n" + stream(*WHOLE, DONE), id="blank lines first"),
        pytest.param(stream(*WHOLE, DONE).rstrip(), id="no blank line at the end"),
        pytest.param(": PING\n\n" + stream(*WHOLE, DONE), id="keep-alive comments"),
        pytest.param("id: 1\nretry: 5\n" + stream(*WHOLE, DONE), id="other fields"),
        pytest.param(
            stream(
                created(),
                *(
                    without(delta(text), "output_index", "content_index")
                    for text in ("Hello", " there")
                ),
                without(text_done("Hello there"), "output_index", "content_index"),
                DONE,
            ),
            id="no indices",
        ),
        pytest.param(
            stream(
                created(),
                without(delta("Hello"), "item_id"),
                without(delta(" there"), "item_id"),
                DONE,
            ),
            id="no item id",
        ),
        pytest.param(
            stream(
                created(),
                without(delta("Hello there"), "item_id", "output_index", "content_index"),
                text_done("Hello there"),
                {
                    "type": "response.output_item.done",
                    "output_index": 0,
                    "item": message("Hello there"),
                },
                DONE,
            ),
            id="the place named only at the end",
        ),
        pytest.param(
            stream(
                created(),
                delta("Hello"),
                delta(" there"),
                text_done("Hello there", item_id="x"),
                DONE,
            ),
            id="another item id at the end",
        ),
        pytest.param(
            stream(created(), delta("Hello"), delta(" there"), completed()), id="an empty output"
        ),
        pytest.param(
            stream(created(), text_done("Hello there"), DONE), id="no delta, only the done text"
        ),
        pytest.param(
            stream(created(), delta("Hello"), text_done("Hello there"), DONE), id="too few deltas"
        ),
        pytest.param(stream(created(), DONE), id="only the final object"),
        pytest.param(
            stream(
                created(),
                {
                    "type": "response.output_item.added",
                    "output_index": 0,
                    "item": message("Hello there"),
                },
                {
                    "type": "response.content_part.added",
                    "item_id": "msg_1",
                    "part": {"type": "output_text", "text": "Hello there"},
                },
                delta("Hello"),
                delta(" there"),
                text_done("Hello there"),
                DONE,
            ),
            id="the text already in what is added",
        ),
        pytest.param(
            stream(
                created(),
                delta("Hello"),
                delta(" there"),
                {
                    "type": "response.content_part.done",
                    "item_id": "msg_1",
                    "part": {"type": "output_text", "text": "Hello there"},
                },
                {"type": "response.output_item.done", "item": message("Hello there", "other")},
                DONE,
            ),
            id="the text again in everything that is done",
        ),
        pytest.param(
            stream(created(), delta("Hello there"), DONE, DONE, delta("!")), id="two ends"
        ),
        pytest.param(stream(*WHOLE, DONE, "[DONE]"), id="DONE at the end"),
        pytest.param(
            stream(*WHOLE, {"type": "response.shiny.new", "delta": "x"}, DONE), id="unknown events"
        ),
        pytest.param(stream("", "ping", *WHOLE, "null", "[]", DONE), id="data that is no event"),
        pytest.param(stream(*WHOLE, '{"broken', DONE), id="a broken frame, and the text whole"),
        pytest.param(
            stream(created(), delta("Hello"), '{"broken', completed(message("Hello there"))),
            id="a broken frame healed by the final object",
        ),
        pytest.param(
            stream(
                created(), delta("Hello", obfuscation="xyz"), delta(" there", logprobs=[]), DONE
            ),
            id="extra keys",
        ),
        pytest.param(stream(DONE["response"]), id="a whole response as the only frame"),
        pytest.param(
            'event: response.output_text.delta\ndata: {"delta": "Hello there"}\n\n' + stream(DONE),
            id="the type only in the event line",
        ),
        pytest.param(
            'event: response.output_text.delta\ndata: {"type": "response.output_text.delta",\n'
            'data: "delta": "Hello there"}\n\n' + stream(DONE),
            id="data on two lines",
        ),
    ],
)
def test_the_text_is_there_once_and_the_answer_complete(events):
    reading = decoded(events)
    assert reading.text == "Hello there"
    assert reading.end == Finished("completed", usage=Usage(5, None, 2, None, 7))
    assert (reading.upstream_id, reading.model) == ("resp_1", "m")


@pytest.mark.parametrize(
    ("named", "status"),
    [
        ("completed", "incomplete"),
        ("completed", "failed"),
        ("incomplete", "completed"),
        ("completed", "cancelled"),
    ],
)
def test_the_status_within_counts_and_not_the_name_of_the_event(named, status):
    event = completed(message("Hi"), kind=named)
    event["response"]["status"] = status
    end = decoded(stream(created(), delta("Hi"), event)).end
    assert end.status == status


def test_why_an_answer_is_incomplete_is_kept():
    event = completed(kind="incomplete", incomplete_details={"reason": "content_filter"})
    end = decoded(stream(created(), delta("I can"), event)).end
    assert (end.status, end.reason) == ("incomplete", "content_filter")


def test_an_incomplete_answer_may_not_say_why():
    end = decoded(stream(created(), delta("I can"), completed(kind="incomplete"))).end
    assert (end.status, end.reason) == ("incomplete", "")


@pytest.mark.parametrize("limit_from", ["request", "response"])
def test_a_limit_that_was_reached_is_hinted_at_on_a_completed_answer(limit_from):
    more = {"max_output_tokens": 2} if limit_from == "response" else {}
    options = {"max_output_tokens": 2} if limit_from == "request" else {}
    end = decoded(stream(created(), delta("Hi"), completed(**more)), **options).end
    assert (end.status, end.reason) == ("completed", "max_output_tokens")


def test_a_failure_within_an_answer_keeps_text_and_says_what_the_gateway_said():
    error = {"code": "server_error", "message": "The model crashed."}
    event = completed(kind="failed", error=error, usage=None)
    reading = decoded(stream(created(), delta("Half"), event))
    assert reading.text == "Half"
    assert reading.end == Finished(
        "failed", "server_error", error_code="server", error_message="The model crashed."
    )


def test_a_failure_with_nothing_to_show_is_a_failed_call():
    error = {"code": "invalid_api_key", "message": "No such key."}
    event = completed(kind="failed", error=error, usage=None)
    assert decoded(stream(created(), event)).end == Failed("unauthorized", "No such key.")


def test_a_failure_without_an_error_is_one_too():
    event = completed(kind="failed", error=None, usage=None)
    assert decoded(stream(created(), event)).end == Failed("model_failed")


def test_a_failure_with_usage_keeps_the_usage():
    end = decoded(stream(created(), completed(kind="failed"))).end
    assert (end.status, end.error_code, end.usage.total_tokens) == ("failed", "model_failed", 7)


@pytest.mark.parametrize(
    "error",
    [
        pytest.param({"error": {"code": 500, "message": "Boom."}}, id="bare"),
        pytest.param({"type": "error", "code": "500", "message": "Boom."}, id="flat"),
        pytest.param({"type": "error", "error": {"code": 500, "message": "Boom."}}, id="nested"),
        pytest.param({"type": "error", "error": "Boom."}, id="text"),
        pytest.param({"type": "oops", "error": {"message": "Boom."}}, id="of an unknown type"),
        pytest.param(
            {"type": "error", "message": '{"error": {"message": "Boom."}}'}, id="JSON within"
        ),
        pytest.param({**chunk(), "error": {"code": 502, "message": "Boom."}}, id="in a chunk"),
    ],
)
def test_an_error_frame_ends_the_answer(error):
    reading = decoded(stream(created(), delta("Half"), error, delta(" more")))
    assert reading.text == "Half"
    assert (reading.end.status, reading.end.error_code) == ("failed", "server")
    assert reading.end.error_message == "Boom."
    assert decoded(stream(created(), error)).end == Failed("server", "Boom.")


@pytest.mark.parametrize("end", ["", ": bye\n\n", "data: [DONE]\n\n", 'data: {"type": "respo'])
def test_a_stream_without_a_terminal_event_is_interrupted(end):
    reading = decoded(stream(created(), delta("Half")) + end)
    assert reading.text == "Half"
    assert reading.end == Finished("interrupted", "cut")


def test_a_stream_that_ends_before_any_text_is_interrupted_too():
    assert decoded(stream(created())).end == Finished("interrupted", "cut")


def test_a_lost_piece_of_text_makes_the_answer_interrupted():
    reading = decoded(
        stream(
            created(),
            delta("One "),
            '{"type',
            delta("three"),
            text_done("One two three"),
            completed(message("One two three")),
        )
    )
    assert reading.text == "One three"
    assert (reading.end.status, reading.end.reason) == ("interrupted", "malformed")
    assert reading.end.usage.total_tokens == 7


def test_a_done_text_that_contradicts_the_deltas_is_not_believed():
    reading = decoded(stream(created(), delta("Hello"), text_done("Goodbye"), completed()))
    assert reading.text == "Hello"
    assert reading.end.status == "completed"


def test_several_messages_are_paragraphs_of_one_answer():
    reading = decoded(
        stream(
            created(),
            {
                "type": "response.output_item.added",
                "output_index": 0,
                "item": message("", phase="commentary"),
            },
            delta("Let me see."),
            {
                "type": "response.output_item.added",
                "output_index": 1,
                "item": message("", "msg_2", phase="final_answer"),
            },
            delta("It is 42.", item_id="msg_2", output_index=1),
            completed(message("Let me see."), message("It is 42.", "msg_2")),
        )
    )
    assert reading.text == "Let me see.\n\nIt is 42."
    assert reading.end.phase == "final_answer"


def test_parts_of_one_message_are_one_text():
    events = stream(created(), delta("Hello"), delta(" there", content_index=1), completed())
    assert decoded(events).text == "Hello there"


@pytest.mark.parametrize("streamed", [True, False])
def test_output_text_of_a_reasoning_item_is_reasoning(streamed):
    item = {
        "type": "reasoning",
        "id": "rs_1",
        "content": [{"type": "output_text", "text": "Six by seven."}],
    }
    thoughts = [
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "content": []}},
        delta("Six by", item_id="rs_1"),
        delta(" seven.", item_id="rs_1"),
        {"type": "response.output_item.done", "output_index": 0, "item": item},
    ]
    events = stream(
        created(),
        *(thoughts if streamed else []),
        delta("42", output_index=1),
        completed(item, message("42")),
    )
    reading = decoded(events)
    assert (reading.text, reading.reasoning) == ("42", "Six by seven.")


@pytest.mark.parametrize(
    ("kind", "index"),
    [
        ("response.reasoning_summary_text", "summary_index"),
        ("response.reasoning_text", "content_index"),
        ("response.reasoning", "content_index"),
    ],
)
def test_reasoning_is_kept_apart_and_its_parts_are_paragraphs(kind, index):
    place = {"item_id": "rs_1", "output_index": 0}
    reading = decoded(
        stream(
            created(),
            {"type": f"{kind}.delta", **place, index: 0, "delta": "First"},
            {"type": f"{kind}.done", **place, index: 0, "text": "First"},
            {"type": f"{kind}.delta", **place, index: 1, "delta": "Sec"},
            {"type": f"{kind}.delta", **place, index: 1, "delta": "ond"},
            delta("42", output_index=1),
            completed(message("42")),
        )
    )
    assert (reading.text, reading.reasoning) == ("42", "First\n\nSecond")


def test_reasoning_only_in_the_final_object_is_found():
    item = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}
    reading = decoded(stream(created(), delta("42"), completed(item, message("42"))))
    assert (reading.text, reading.reasoning) == ("42", "Hm.")


def test_a_refusal_is_carried_by_the_end():
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    reading = decoded(
        stream(
            created(),
            {"type": "response.refusal.delta", **place, "delta": "I will"},
            {"type": "response.refusal.delta", **place, "delta": " not."},
            {"type": "response.refusal.done", **place, "refusal": "I will not."},
            completed(),
        )
    )
    assert (reading.text, reading.end.refusal) == ("", "I will not.")


def test_a_call_of_a_tool_is_noted():
    call = {"type": "function_call", "name": "weather", "arguments": "{", "call_id": "c"}
    end = decoded(stream(created(), completed(call))).end
    assert (end.status, end.tool_note) == ("completed", True)


def test_the_first_id_and_the_latest_model_count():
    event = completed(message("Hi"), id="resp_2", model="m-2026")
    reading = decoded(stream(created(), delta("Hi"), event))
    assert (reading.upstream_id, reading.model) == ("resp_1", "m-2026")


def test_chunks_are_read_up_to_their_end_and_usage_after_it():
    reading = decoded(
        stream(
            chunk(""),
            chunk("\n\nHel"),
            chunk("lo"),
            chunk(None, "stop"),
            {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}},
            "[DONE]",
        )
    )
    assert reading.text == "Hello"
    assert reading.end == Finished("completed", usage=Usage(5, None, 2, None, 7))
    assert (reading.upstream_id, reading.model) == ("c1", "m")


@pytest.mark.parametrize(
    ("finish_reason", "status", "reason", "tool_note"),
    [
        ("stop", "completed", "", False),
        ("length", "incomplete", "max_output_tokens", False),
        ("content_filter", "incomplete", "content_filter", False),
        ("tool_calls", "completed", "", True),
        ("function_call", "completed", "", True),
        ("eos_token", "completed", "eos_token", False),
    ],
)
def test_a_finish_reason_says_how_it_ended(finish_reason, status, reason, tool_note):
    end = decoded(stream(chunk("Hi"), chunk(None, finish_reason))).end
    assert (end.status, end.reason, end.tool_note) == (status, reason, tool_note)


@pytest.mark.parametrize("end", ["", "data: [DONE]\n\n"])
def test_chunks_without_a_finish_reason_are_cut(end):
    assert decoded(stream(chunk("Hi")) + end).end == Finished("interrupted", "cut")


@pytest.mark.parametrize(
    "chunks",
    [
        pytest.param(
            [chunk("Hello"), {"choices": [{"delta": None}]}, chunk(None, "stop")], id="null"
        ),
        pytest.param(
            [chunk("Hello"), {"choices": [None, 3, {}]}, chunk(None, "stop")], id="nonsense"
        ),
        pytest.param([chunk("Hello", "stop"), chunk("never")], id="text after the end"),
        pytest.param(
            [
                chunk("Hello"),
                {"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]},
            ],
            id="the whole message once more",
        ),
        pytest.param(
            [{"object": "chat.completion", "choices": [{"message": {"content": "Hello"}}]}],
            id="a whole completion as the only frame",
        ),
        pytest.param(
            [chunk([{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}], "stop")],
            id="content as a list",
        ),
        pytest.param(
            [
                chunk("Hello"),
                {**chunk("x"), "choices": [{"index": 1, "delta": {"content": "x"}}]},
                chunk(None, "stop"),
            ],
            id="a second choice",
        ),
    ],
)
def test_odd_chunks_give_the_text_once(chunks):
    reading = decoded(stream(*chunks))
    assert (reading.text, reading.end.status) == ("Hello", "completed")


def test_new_api_prints_an_empty_event_name_before_each_chunk():
    events = "".join(
        f"event: \ndata: {json.dumps(each)}\n\n" for each in [chunk("Hi"), chunk(None, "stop")]
    )
    assert decoded(events).end.status == "completed"


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
def test_reasoning_of_chunks_is_kept_apart(key):
    thought = {"choices": [{"index": 0, "delta": {key: "Hm."}}]}
    reading = decoded(stream(thought, chunk("42"), chunk(None, "stop")))
    assert (reading.text, reading.reasoning) == ("42", "Hm.")


def test_a_reply_that_is_too_long_is_cut_at_the_limit():
    reading = decoded(stream(created(), *[delta("12345")] * 3, completed()), longest_reply=12)
    assert reading.text == "123451234512"
    assert reading.end == Finished("incomplete", "too_long")


def test_a_reply_of_just_the_longest_length_is_whole():
    reading = decoded(stream(created(), *[delta("12345")] * 3, completed()), longest_reply=15)
    assert (len(reading.text), reading.end.status) == (15, "completed")


def test_a_line_that_is_too_long_ends_the_answer_and_keeps_its_text():
    events = stream(created(), delta("Hi")) + "data: " + "x" * 3000
    reading = decoded(events, cuts=range(0, len(events), 100), longest_line=2000)
    assert reading.text == "Hi"
    assert (reading.end.status, reading.end.error_code) == ("interrupted", "line_too_long")


def test_many_lines_of_one_event_are_limited_as_one():
    events = stream(created()) + "data: xxxxxxxx\n" * 500
    assert decoded(events, longest_line=2000).end.error_code == "line_too_long"


def test_nul_is_taken_out():
    reading = decoded(stream(created(), delta("a\0b"), completed()))
    assert reading.text == "ab"
