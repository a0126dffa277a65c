"""The content part `refusal`: the model declines to answer."""

from conversations.items import kind_of
from tests.support.item_samples import SAMPLES, shown

REFUSAL = SAMPLES["refusal"]


def test_it_is_shown_as_a_refusal_and_is_no_answer():
    assert shown(REFUSAL) == "The model refused: I cannot help with that."
    assert kind_of(REFUSAL).text(REFUSAL) == ""


def test_it_says_what_came_and_is_exported():
    assert kind_of(REFUSAL).came(REFUSAL) == "The model refused: I cannot help with that."
    assert kind_of(REFUSAL).exported(REFUSAL) == "I cannot help with that."
