"""However bytes are cut, the events are the same; whatever they are, nothing else is raised."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.upstream import Failed, Finished
from conversations.upstream.gateway_errors import refusal
from conversations.upstream.gateway_text import Redactor
from tests.support.event_folding import decoded
from tests.support.hypothesis_scale import examples
from tests.support.sse_frames import chunk, completed, created, delta, message, stream, text_done
from tests.support.transcripts import transcripts

BODIES = [each.body for each in transcripts() if each.status == 200]

texts = st.text(st.characters(codec=None), max_size=8)
places = st.fixed_dictionaries(
    {},
    optional={
        "item_id": st.sampled_from(["a", "b", None, 3]),
        "output_index": st.sampled_from([0, 1, None, "x"]),
        "content_index": st.sampled_from([0, 1, None]),
        "summary_index": st.sampled_from([0, 1]),
    },
)
kinds = st.sampled_from(
    [
        "response.output_text.delta",
        "response.reasoning_text.delta",
        "response.reasoning_summary_text.delta",
        "response.refusal.delta",
    ]
)
dones = st.sampled_from(["response.output_text.done", "response.reasoning_text.done"])
events = st.one_of(
    st.builds(lambda kind, place, new: {"type": kind, **place, "delta": new}, kinds, places, texts),
    st.builds(lambda kind, place, all: {"type": kind, **place, "text": all}, dones, places, texts),
    st.builds(delta, texts),
    st.builds(text_done, texts),
    st.builds(created),
    st.builds(chunk, texts),
    st.builds(chunk, st.none(), st.sampled_from(["stop", "length"])),
    st.builds(lambda text: completed(message(text)), texts),
    st.just({"type": "error", "message": "Boom."}),
    st.just({"choices": [], "usage": {"prompt_tokens": 4}}),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | texts,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "type",
                        "response",
                        "output",
                        "choices",
                        "delta",
                        "error",
                        "usage",
                        "item",
                        "data",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
    ),
)


@st.composite
def streams(draw):
    """Event streams of plausible and of odd events, framed in every legal way."""
    newline = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    lines = []
    for event in draw(st.lists(events, max_size=12)):
        ascii_only = draw(st.booleans())
        try:
            data = json.dumps(event, ensure_ascii=ascii_only)
            data.encode()
        except UnicodeEncodeError:
            data = json.dumps(event)
        if draw(st.booleans()):
            lines.append(draw(st.sampled_from(["event: x", ": ping", "event:", "id: 1", "junk"])))
        lines += [draw(st.sampled_from(["data: ", "data:"])) + data, ""]
        if draw(st.integers(0, 9)) == 0:
            lines += [draw(st.sampled_from(["data: {broken", "data: [DONE]", ": c", "data:"])), ""]
    return newline.join(lines + [""] * draw(st.integers(0, 2))).encode()


def cuts_of(body):
    return st.lists(st.integers(0, len(body)), max_size=20)


@given(st.data())
@settings(max_examples=examples(300), deadline=None)
def test_a_stream_cut_anywhere_gives_the_same(data):
    body = data.draw(streams())
    limits = data.draw(st.sampled_from([{}, {"longest_reply": 5}, {"longest_line": 90}]))
    assert decoded(body, cuts=data.draw(cuts_of(body)), **limits) == decoded(body, **limits)


def test_an_empty_delta_leaves_the_text_to_the_final_object_however_it_is_cut():
    body = stream(delta(""), completed(message("Whole.")))
    for cut in range(len(body)):
        assert decoded(body, cuts=[cut]).text == "Whole."


@given(st.data())
@settings(max_examples=examples(100), deadline=None)
def test_a_real_answer_cut_anywhere_gives_the_same(data):
    body = data.draw(st.sampled_from(BODIES))
    assert decoded(body, cuts=data.draw(cuts_of(body))) == decoded(body)


def test_an_answer_fed_byte_by_byte_gives_the_same():
    for body in BODIES[::7]:
        assert decoded(body, cuts=range(len(body))) == decoded(body)


@given(st.data())
@settings(max_examples=examples(200), deadline=None)
def test_an_answer_that_breaks_off_anywhere_ends_once(data):
    body = data.draw(st.sampled_from(BODIES))
    whole = decoded(body)
    part = decoded(body[: data.draw(st.integers(0, len(body)))])
    assert whole.text.startswith(part.text)
    assert whole.reasoning.startswith(part.reasoning)


@given(st.data())
@settings(max_examples=examples(200), deadline=None)
def test_damage_to_an_answer_raises_nothing(data):
    body = bytearray(data.draw(st.sampled_from(BODIES)))
    for place in data.draw(st.lists(st.integers(0, len(body) - 1), max_size=10)):
        body[place] = data.draw(st.integers(0, 255))
    reading = decoded(bytes(body))
    reading.text.encode()


@given(st.one_of(st.binary(max_size=300), streams()))
@settings(max_examples=examples(300), deadline=None)
def test_garbage_raises_nothing_and_is_fit_to_be_stored(body):
    reading = decoded(body)
    for text in (reading.text, reading.reasoning, reading.model, reading.upstream_id):
        text.encode()
        assert "\0" not in text
    assert isinstance(reading.end, Finished | Failed)


@given(
    st.integers(300, 599),
    st.dictionaries(
        st.sampled_from(["content-type", "retry-after", "retry-after-ms", "x-request-id"]),
        st.text(max_size=20),
    ),
    st.one_of(st.binary(max_size=200), st.builds(lambda event: json.dumps(event).encode(), events)),
)
@settings(max_examples=examples(300), deadline=None)
def test_a_garbled_refusal_raises_nothing(status, headers, body):
    failed = refusal(status, headers, body, Redactor("secret-key", "gateway.example"))
    assert failed.message
    assert len(failed.message) <= 300
    failed.message.encode()
