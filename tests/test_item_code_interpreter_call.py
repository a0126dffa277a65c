"""The item `code_interpreter_call`: code that was run, and what it printed."""

from conversations.items import kind_of
from tests.support.item_samples import SAMPLES, shown, shown_html

CODE = SAMPLES["code_interpreter_call"]


def test_code_and_output_are_folded():
    html, words = shown_html(CODE), shown(CODE)
    assert "<details" in html and " open" not in html
    assert words.startswith("Ran code")
    assert "print(sum([3, 4, 5]))" in words and "What it printed 12" in words
    assert "It made 1 picture" in words


def test_while_it_comes_its_code_is_shown():
    going = {"type": CODE["type"], "status": "in_progress", "code": ""}
    assert shown(going, live=True) == "Running code…"
    assert shown({**going, "code": "print(1)"}, live=True) == "Writing code… print(1)"
    running = {**CODE, "status": "interpreting", "outputs": [{"type": "logs", "logs": "12\n"}]}
    html = shown_html(running, live=True)
    assert html.count('data-item="') == 1 and "<details" not in html
    assert shown(running, live=True) == "Running code… print(sum([3, 4, 5])) 12"


def test_where_it_stopped_or_nothing_is_known_it_says_so():
    assert "It was not finished." in shown({**CODE, "status": "incomplete"})
    assert "neither the code" in shown({"type": CODE["type"], "code": None, "outputs": None})


def test_what_is_very_long_is_cut_on_the_page():
    html = shown_html({**CODE, "code": "x = 1\n" * 20_000})
    assert len(html) < 25_000 and "…" in html


def test_an_export_has_both_as_code():
    kind = kind_of(CODE)
    assert kind.exported({**CODE, "code": "print('```')"}) == (
        "Ran code:\n\n````python\nprint('```')\n````\n\nIt printed:\n\n```\n12\n```"
    )
    assert kind.next_input(CODE) == []


def test_openrouters_says_what_was_printed_in_its_own_words():
    item = {"type": "openrouter:code_interpreter", "code": "print(1)", "stdout": "1\n"}
    assert shown({**item, "stderr": "late"}) == "Ran code Code print(1) What it printed 1 late"
