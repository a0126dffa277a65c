"""The item `function_call`: the model calls a function, which is not run."""

from conversations.items import kind_of
from tests.support.item_samples import SAMPLES, shown

CALL = SAMPLES["function_call"]


def test_name_and_arguments_are_shown():
    words = shown(CALL)
    assert words.startswith("Called the function get_weather, which this site does not run")
    assert '{"city": "Brest"}' in words
    assert "without arguments" in shown({"type": "function_call", "name": "now"})


def test_while_it_comes_it_is_one_line():
    going = {**CALL, "status": "in_progress"}
    assert shown(going, live=True) == "Calling the function get_weather…"


def test_it_is_not_sent_and_says_what_came():
    kind = kind_of(CALL)
    assert kind.next_input(CALL) == []
    assert kind.came(CALL) == "The reply is the call of a function, and this site has none to run."
    assert kind.exported(CALL) == (
        'Called the function get_weather:\n\n```json\n{"city": "Brest"}\n```'
    )


def test_one_with_any_text_as_input_looks_the_same():
    custom = {"type": "custom_tool_call", "name": "draw", "input": "a circle"}
    assert shown(custom).startswith("Called the function draw, which this site does not run")
    assert "a circle" in shown(custom) and "a circle" in kind_of(custom).exported(custom)
