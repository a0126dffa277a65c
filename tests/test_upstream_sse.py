"""Server-sent events, with the examples of the WHATWG specification."""

import json

import pytest

from conversations.upstream.sse import Frames

MEGABYTE = 1024 * 1024


def frames(data, step=None):
    reader = Frames(MEGABYTE)
    data = data.encode()
    step = step or len(data)
    found = []
    for start in range(0, len(data), step):
        found += reader.feed(data[start : start + step])
    return [(name.decode(), value.decode().removeprefix(" ")) for name, value in found]


EXAMPLES = {
    "three events": (
        "data: This is the first message.\n\n"
        "data: This is the second message, it\ndata: has two lines.\n\n"
        "data: This is the third message.\n\n",
        [
            ("", "This is the first message."),
            ("", "This is the second message, it\nhas two lines."),
            ("", "This is the third message."),
        ],
    ),
    "named events": (
        "event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\nevent: add\ndata: 113411\n\n",
        [("add", "73857293"), ("remove", "2153"), ("add", "113411")],
    ),
    "one event of three lines": (
        "data: YHOO\ndata: +2\ndata: 10\n\n",
        [("", "YHOO\n+2\n10")],
    ),
    "comments and ids": (
        ": test stream\n\ndata: first event\nid: 1\n\n"
        "data:second event\nid\n\ndata:  third event\n\n",
        [("", "first event"), ("", "second event"), ("", " third event")],
    ),
    "an unfinished event": ("data\n\ndata: one\n\ndata:", [("", "one")]),
    "the space is optional": ("data:test\n\ndata: test\n\n", [("", "test"), ("", "test")]),
    "an event without data is none": ("event: a\n\ndata: b\n\n", [("", "b")]),
    "separators of lines within JSON": (
        'data: {"a": "\u2028\u2029\x85\x0b\x0c"}\n\n',
        [("", '{"a": "\u2028\u2029\x85\x0b\x0c"}')],
    ),
}


@pytest.mark.parametrize(("stream", "expected"), EXAMPLES.values(), ids=EXAMPLES)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("step", [None, 1, 2, 3, 7])
def test_the_examples_give_their_events_however_they_arrive(stream, expected, newline, step):
    assert frames(stream.replace("\n", newline), step) == expected


def test_what_the_end_cut_short_is_given_when_flushed():
    reader = Frames(MEGABYTE)
    assert reader.feed(b"event: a\ndata: b") == []
    assert reader.flush() == [(b"a", b" b")]


@pytest.mark.parametrize("step", [1, 7, 1000])
@pytest.mark.parametrize("line", [b"data: " + b"x" * 100, b": " + b"x" * 100, b"x" * 100])
def test_a_line_that_is_too_long_is_the_last(line, step):
    reader = Frames(50)
    data = b"data: a\n\n" + line + b"\n\ndata: b\n\n"
    found = []
    for start in range(0, len(data), step):
        found += reader.feed(data[start : start + step])
    assert found == [(b"", b" a")]
    assert reader.too_long


def test_events_parted_by_one_line_end_are_several():
    lines = 'event: a\ndata: {"n": 1}\nevent: b\ndata:{"n": {}}\r\ndata: [DONE]\n\n'
    parted = [("a", '{"n": 1}'), ("b", '{"n": {}}'), ("b", "[DONE]")]
    assert frames(lines) == frames(lines, step=1) == parted


def test_an_object_over_several_lines_is_one_event():
    lines = 'data: {"a": {},\ndata: "b": {}\ndata: }\n\ndata: {\ndata: }\n\n'
    assert [json.loads(data) for _, data in frames(lines)] == [{"a": {}, "b": {}}, {}]


def test_an_event_of_more_lines_is_read_beside_events_of_two():
    data = b'event: a\ndata: {"n": 1}\n\nevent: b\ndata: {"n": 2}\nid: 5\n\n'
    events = [(name, value.strip()) for name, value in Frames(1_000).feed(data)]
    assert events == [(b"a", b'{"n": 1}'), (b"b", b'{"n": 2}')]
