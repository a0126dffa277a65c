"""Headings of a reply keep their order and leave no level out."""

import re

import pytest

from conversations.rendering import Stream, render


@pytest.mark.parametrize(
    ("written", "levels"),
    [
        ("# a", "3"),
        ("### a", "3"),
        ("## a\n\n### b\n\n## c\n\n#### d\n\n# e", "34343"),
        ("# a\n\n## b\n\n### c\n\n#### d\n\n##### e", "34566"),
        ("> ## a\n\n# b\n\ntext\n\n### c", "334"),
    ],
)
def test_levels_have_no_gaps(written, levels):
    assert "".join(re.findall(r"<h(\d)>", render(written))) == levels
    assert "".join(re.findall(r"</h(\d)>", render(written))) == levels


def test_a_heading_keeps_its_level_while_more_is_written():
    stream = Stream()
    stream.append("### first\n\ntext\n\n#### second")
    stream.refresh()
    assert "<h4>" in stream.open
    stream.append("\n\n")
    stream.refresh()
    assert "<h3>" in stream.frozen[0]
    assert "<h4>" in stream.finish()
