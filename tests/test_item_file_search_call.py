"""The item `file_search_call`: a search in the gateway's files."""

from conversations.items import kind_of
from tests.support.item_samples import SAMPLES, shown

SEARCH = SAMPLES["file_search_call"]


def test_what_was_found_is_folded():
    words = shown(SEARCH)
    assert words.startswith("Searched files: notice period")
    assert "contract.pdf : The notice period is three months." in words


def test_several_queries_are_listed_and_missing_results_are_said():
    words = shown({**SEARCH, "queries": ["one", "two"], "results": None})
    assert "one two" in words and "does not say what was found" in words


def test_while_it_comes_it_is_one_line():
    going = {**SEARCH, "status": "searching"}
    assert shown(going, live=True) == "Searching files: notice period"
    assert shown({**going, "queries": []}, live=True) == "Searching files…"


def test_it_is_exported_in_words_and_not_sent():
    assert kind_of(SEARCH).exported(SEARCH) == "Searched files: notice period"
    assert kind_of(SEARCH).next_input(SEARCH) == []
