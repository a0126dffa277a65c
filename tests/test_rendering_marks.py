"""Marks of a provider's citations never reach a page."""

import re

import pytest

from conversations.rendering import Stream, render, render_typed

MARKED = {
    "It rained.\ue200cite\ue202turn0search2\ue201 Then sun.": "It rained. Then sun.",
    "a\ue200cite\ue202turn0search2\ue202turn1news0\ue201b": "ab",
    "a\ue202turn1news0 b": "a b",
    "a\ue202turn1news0\ue202turn0search3 b": "a b",
    "a\ue200filecite\ue202turn0file1\ue202L1-L3\ue201.": "a.",
    "\ue203words\ue204 stay\ue206": "words stay",
    "\ue200words\ue201 stay": "words stay",
    'See \ue200entity\ue202["city","Graz","Austria"]\ue201.': "See Graz.",
    "See \ue200url\ue202the map\ue202turn0search1\ue201.": "See the map.",
    "never ended \ue200cite\ue202turn0search2": "never ended",
    "never ended \ue200cite\ue202turn0search2\nmore": "never ended<br>\nmore",
    "`code\ue200cite\ue202turn0search2\ue201`": "<code>code</code>",
    "**a**\ue201 \ue200": "<strong>a</strong>",
}


@pytest.mark.parametrize("text", MARKED)
@pytest.mark.parametrize("size", [1, 2, 5])
def test_marks_go_with_what_they_enclose(text, size):
    assert f"<p>{MARKED[text]}</p>" in render(text)
    stream = Stream()
    for at in range(0, len(text), size):
        stream.append(text[at : at + size])
        stream.refresh()
        assert not re.search("[\ue200-\ue206]", stream.open)
    assert stream.finish() == render(text)


def test_no_mark_holds_text_back_for_long():
    stream = Stream()
    stream.append("a \ue200cite\ue202" + "b " * 1_000)
    stream.refresh()

    assert "b b b" in stream.open


def test_what_a_person_typed_has_none():
    assert render_typed("a\ue200cite\ue202turn0search2\ue201 b\ue206") == "a b"
