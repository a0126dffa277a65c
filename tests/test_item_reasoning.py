"""The item `reasoning`: the model's thoughts."""

from conversations.items import kind_of, reasoning_of
from conversations.thread import item_html
from tests.support.item_samples import SAMPLES, shown, shown_html

THOUGHTS = SAMPLES["reasoning"]


def test_it_is_folded_and_shows_the_html_that_is_stored():
    assert shown(THOUGHTS) == "Thoughts Its text"
    assert "data-thoughts" in shown_html(THOUGHTS)
    assert "Thought for 3 s" in item_html.draw(0, [THOUGHTS], html="<p>x</p>", seconds=3.2)
    assert item_html.draw(0, [THOUGHTS]) == ""


def test_a_summary_goes_before_raw_thoughts():
    raw = {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "Raw."}]}
    assert reasoning_of([THOUGHTS, raw]) == "The question is about *rain*.\n\nRaw."
    assert reasoning_of([{**THOUGHTS, **{"content": raw["content"]}}]).startswith("The question")


def test_it_is_not_sent_and_not_exported():
    assert kind_of(THOUGHTS).next_input(THOUGHTS) == []
    assert kind_of(THOUGHTS).exported(THOUGHTS) == ""
