"""The content part `input_text`: what a person wrote."""

from conversations.items import kind_of
from tests.support.item_samples import SAMPLES


def test_it_is_the_text_as_it_is():
    part = SAMPLES["input_text"]
    assert kind_of(part).text(part) == part["text"]
