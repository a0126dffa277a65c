"""The item `file_search_call`: a search in the gateway's files."""

from conversations.items import kind_of, sources
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


def test_the_files_that_were_found_are_sources_consulted_or_cited():
    note = {"type": "file_citation", "file_id": "file_1", "filename": "contract.pdf", "index": 3}
    part = {"type": "output_text", "text": "Three months.", "annotations": [note]}
    other = {"file_id": "file_2", "filename": "other.pdf", "text": "Else."}
    search = {**SEARCH, "results": [*SEARCH["results"], other, {"score": 1}]}
    found = sources([search, {"type": "message", "role": "assistant", "content": [part]}])
    assert [(each.title, each.url, each.is_cited) for each in found] == [
        ("contract.pdf", "", True),
        ("other.pdf", "", False),
    ]


def test_openrouters_is_one_too():
    assert shown({**SEARCH, "type": "openrouter:file_search"}) == shown(SEARCH)
