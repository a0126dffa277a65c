"""The content part `output_text`: the model's text and its sources."""

from conversations.items import kind_of
from tests.support.item_samples import SAMPLES


def test_it_is_the_text_and_names_sources():
    part = SAMPLES["message"]["content"][0]
    assert kind_of(part).text(part) == "It **rained** all day."
    [source] = kind_of(part).sources(part)
    assert (source.host, source.title) == ("weather.example", "The weather today")


def test_relays_call_it_text():
    part = {"type": "text", "text": "It rained."}
    assert kind_of(part).text(part) == "It rained."
