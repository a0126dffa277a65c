"""Thoughts within the text, reference marks, and reasoning that comes raw and as a summary."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.upstream import ItemOpened, Reasoning, Replaced, Text
from conversations.upstream.decoder import Decoder
from conversations.upstream.leading_thoughts import split_thoughts
from conversations.upstream.reference_marks import strip_reference_marks
from tests.support.event_folding import decoded
from tests.support.hypothesis_scale import examples
from tests.support.sse_frames import chunk, completed, created, delta, message, stream

THOUGHTS = "They want a sum.\n\n- 2 + 2"


def answered(*pieces, **more):
    """The (answer, thoughts) of a reply that came in these deltas."""
    reading = decoded(stream(created(), *map(delta, pieces), completed(**more)))
    return reading.text, reading.reasoning.strip()


@pytest.mark.parametrize(
    ("text", "answer", "thoughts"),
    [
        (f"<think>\n{THOUGHTS}\n</think>\n\nIt is 4.", "It is 4.", THOUGHTS),
        (f"<think>{THOUGHTS}</think>It is 4.", "It is 4.", THOUGHTS),
        (f"\n <think>\n{THOUGHTS}\n</think>\n\nIt is 4.", "It is 4.", THOUGHTS),
        (f"<thinking>\n{THOUGHTS}\n</thinking>\nIt is 4.", "It is 4.", THOUGHTS),
        (f"[THINK]{THOUGHTS}[/THINK]It is 4.", "It is 4.", THOUGHTS),
        ("<think>\n\n</think>\n\nIt is 4.", "It is 4.", ""),
        ("<think>\na\n</think>\n<think>\nb\n</think>\nIt is 4.", "It is 4.", "a\n\n\nb"),
        (
            "<think>Do I write `</think>` here?</think>It is 4.",
            "It is 4.",
            "Do I write `</think>` here?",
        ),
        # The chat template has said the opening tag.
        (f"{THOUGHTS}\n</think>\n\nIt is 4.", "It is 4.", THOUGHTS),
        ("They want a sum.</think>\n\nIt is 4.", "It is 4.", "They want a sum."),
        ("They want a sum.</think>It is 4.", "It is 4.", "They want a sum."),
        ("他们要一个和。</think>是四。", "是四。", "他们要一个和。"),
        ("They want\r\n</think>\r\n\r\nIt is 4.", "It is 4.", "They want"),
        ("They want a sum.\n</think>\n", "", "They want a sum."),
        # What has no answer yet.
        (f"<think>\n{THOUGHTS}", "", THOUGHTS),
        # Only spoken of.
        ("Use `<think>` in code: <think> is a tag.", "", ""),
        ("The model writes <think>, then </think> ends it.", "", ""),
        ("Close it with `</think>`.\n\nThen answer.", "", ""),
        ("```xml\n<think>\na\n</think>\n\n```\nDone.", "", ""),
        ("Like this:\n\n```\nthoughts\n</think>\n\nanswer\n```\n", "", ""),
        ("Like this:\n\n    </think>\n\nis code.", "", ""),
        ("A tag </think> in the middle.", "", ""),
        ("<think> is a tag that models use.", "", ""),
        ("<thin", "", ""),
        ("<table>", "", ""),
        ("[THIN", "", ""),
        ("  \n", "", ""),
    ],
)
def test_thoughts_at_the_beginning_are_no_answer_however_they_are_cut(text, answer, thoughts):
    expected = (answer, thoughts) if answer or thoughts else (text, "")
    assert answered(text) == expected
    assert answered(*text) == expected
    body = stream(created(), *map(delta, text), completed()).encode()
    assert decoded(body, cuts=range(0, len(body), 50)) == decoded(body)


tags = st.sampled_from(
    [
        "<think>",
        "</think>",
        "</thi",
        "<",
        "nk>",
        "\n",
        "\n\n",
        "\r\n",
        " ",
        "`",
        "```",
        "a.",
        "b",
        "    ",
    ]
)
marks = st.sampled_from(
    [
        "\ue200",
        "cite",
        "\ue202",
        "turn0search1",
        "\ue201",
        " ",
        "a",
        "中",
        "\ue203",
        "\ue206",
        "entity",
        '["x","A"]',
        "x" * 1990,
    ]
)
kinds = st.sampled_from(["text", "text", "text", "raw", "summary"])


@given(st.data())
@settings(max_examples=examples(400), deadline=None)
def test_tags_and_marks_cut_anywhere_give_the_same(data):
    pieces = data.draw(st.lists(st.tuples(kinds, tags | marks), max_size=25))
    events = [created()]
    for kind, piece in pieces:
        if kind == "text":
            events.append(delta(piece))
        else:
            events.append(thought(kind, piece))
    body = stream(*events, completed()).encode()
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=20))
    whole = decoded(body)
    assert decoded(body, cuts=cuts) == whole
    assert not set(whole.text + whole.reasoning) & set("\ue200\ue201\ue202\ue203\ue206")


def test_text_before_a_lonely_tag_is_shown_at_once_and_taken_back():
    decoder = Decoder()
    first = decoder.feed(stream(created(), delta("They want a sum.\n")).encode())
    assert Text("They want a sum.\n") in first
    opened, thoughts, replaced = decoder.feed(stream(delta("</think>\n\nIt is")).encode())
    assert opened == ItemOpened(1, {"type": "reasoning"}, before=0)
    assert thoughts == Reasoning("They want a sum.\n", 1)
    assert replaced == Replaced("It is", 0)
    assert decoder.feed(stream(delta(" 4.")).encode()) == [Text(" 4.")]


def test_thoughts_of_a_chat_completion_are_found_too():
    body = stream(chunk("<think>Hm.</think>"), chunk("Four.", "stop"), "[DONE]")
    assert (decoded(body).text, decoded(body).reasoning) == ("Four.", "Hm.")


def test_thoughts_stand_behind_the_reasoning_that_the_api_gives():
    events = (delta("<think>Second.</think>Four."), thought("raw", "First."))
    for body in (stream(created(), *events, completed()), stream(*events[::-1], completed())):
        assert decoded(body).reasoning == "First.\n\nSecond."
        assert decoded(body).text == "Four."


def test_a_whole_text_is_split_alike():
    assert split_thoughts("<think>Hm.</think>\nFour.").answer == "Four."
    assert split_thoughts("No thoughts.").answer == "No thoughts."


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("It rained.\ue200cite\ue202turn0search2\ue201 Then sun.", "It rained. Then sun."),
        ("\ue203It rained.\ue204\ue200cite\ue202turn0search1\ue202turn0news4\ue201", "It rained."),
        ("Sun.\ue202turn1news0 Rain.", "Sun. Rain."),
        ('\ue200entity\ue202["city","Brest","a port"]\ue201 twice', "Brest twice"),
        (
            "See \ue200url\ue202the weather office\ue202turn0search2\ue201.",
            "See the weather office.",
        ),
        ("\ue200image_group\ue201Two.", "Two."),
        ("A \ue200word or two\ue201 in marks", "A word or two in marks"),
        ("\ue200entity\ue202[]\ue201\ue200entity\ue201.", "."),
        ("Cut.\ue200cite\ue202turn0sea", "Cut."),
        ("Cut.\ue200", "Cut."),
        ("Cut.\ue202turn0", "Cut."),
        ("\ue200Never closed, so no reference", "Never closed, so no reference"),
        ("\ue205\ue206", ""),
        ("An icon \ue0b0 stays.", "An icon \ue0b0 stays."),
        ("No marks.", "No marks."),
    ],
)
def test_reference_marks_go_with_what_they_enclose_however_they_are_cut(text, shown):
    assert strip_reference_marks(text) == shown
    assert answered(text)[0] == shown
    assert answered(*text)[0] == shown
    body = stream(created(), *map(delta, text), completed()).encode()
    assert decoded(body, cuts=range(0, len(body), 50)).text == shown


def test_marks_reach_neither_thoughts_nor_a_refusal():
    marked = "A\ue200cite\ue202turn0search1\ue201."
    refusal = {"type": "response.refusal.delta", "item_id": "msg_1", "delta": marked}
    reading = decoded(stream(created(), thought("raw", marked), refusal, completed()))
    assert (reading.reasoning, reading.end.refusal) == ("A.", "A.")


def thought(kind, text, item_id="rs_1", output_index=0):
    """A delta of reasoning, "raw" or "summary"."""
    name, index = {
        "raw": ("response.reasoning_text.delta", "content_index"),
        "summary": ("response.reasoning_summary_text.delta", "summary_index"),
    }[kind]
    place = {"item_id": item_id, "output_index": output_index, index: 0}
    return {"type": name, **place, "delta": text}


@pytest.mark.parametrize(
    "kinds", ["raw raw summary", "summary raw raw", "raw summary raw", "raw summary summary raw"]
)
def test_of_reasoning_that_comes_raw_and_as_a_summary_the_summary_is_shown(kinds):
    count = {"raw": 0, "summary": 0}
    events = []
    for kind in kinds.split():
        events.append(thought(kind, f"{kind}{count[kind]} "))
        count[kind] += 1
    body = stream(created(), *events, delta("Hi"), completed()).encode()
    expected = "".join(f"summary{number} " for number in range(count["summary"]))
    assert decoded(body).reasoning == expected
    assert decoded(body, cuts=range(0, len(body), 50)).reasoning == expected


def test_of_several_items_each_shows_the_better_of_its_own():
    events = [
        thought("raw", "One, raw."),
        thought("raw", "Two, raw.", "rs_2", 1),
        thought("summary", "Two.", "rs_2", 1),
        thought("raw", "Three, raw.", "rs_3", 2),
    ]
    assert decoded(stream(*events, completed())).reasoning == "One, raw.\n\nTwo.\n\nThree, raw."


def test_a_whole_item_with_both_shows_its_summary():
    item = {
        "type": "reasoning",
        "content": [{"type": "reasoning_text", "text": "A cat sat."}],
        "summary": [{"type": "summary_text", "text": "Cats."}],
    }
    assert decoded(stream(completed(item, message("Hi")))).reasoning == "Cats."
