"""The item `web_search_call`: searches and pages that were read."""

from conversations.items import kind_of
from tests.support.item_samples import SAMPLES, shown, shown_html

SEARCH = SAMPLES["web_search_call"]


def read(url, kind="open_page"):
    return {"type": "web_search_call", "status": "completed", "action": {"type": kind, "url": url}}


def test_one_search_says_what_was_searched_for():
    assert shown(SEARCH) == (
        "Searched: rain in Brest today What was searched for rain in Brest today"
    )


def test_adjacent_searches_share_one_line_that_opens():
    pages = [read("https://a.example/"), read("https://b.example/x", "find_in_page")]
    html = shown_html(SEARCH, SEARCH, *pages, read("https://a.example/"))
    assert html.count("data-item") == 1 and "<details" in html
    words = shown(SEARCH, SEARCH, *pages)
    assert words.startswith("Searched 2 times, read 2 pages")
    assert "b.example" in words
    assert shown(pages[0]).startswith("Read 1 page")


def test_while_it_comes_it_is_one_line():
    going = {**SEARCH, "status": "searching"}
    assert shown(going, live=True) == "Searching: rain in Brest today"
    assert shown({**going, "action": None}, live=True) == "Searching the web…"
    assert shown({**read("https://a.example/x"), "status": "in_progress"}, live=True) == (
        "Reading a.example"
    )
    assert "<details" not in shown_html(going, live=True)


def test_what_failed_or_was_not_finished_says_so():
    assert "It failed." in shown({**SEARCH, "status": "failed"})
    assert "It was not finished." in shown({**SEARCH, "status": "in_progress"})
    words = shown({**SEARCH, "status": "failed"}, SEARCH, SEARCH)
    assert words.startswith("Searched 3 times") and "1 of these failed." in words
    assert "It failed." not in words


def test_gateways_that_say_nothing_of_it():
    assert shown({"type": "web_search_call"}) == (
        "Searched 1 time The gateway does not say what was searched for."
    )


def test_it_is_not_sent_again_and_is_exported_in_words():
    kind = kind_of(SEARCH)
    assert kind.next_input(SEARCH) == [] and kind.text(SEARCH) == ""
    assert kind.exported(SEARCH) == "Searched the web: rain in Brest today"
    assert kind.exported(read("https://a.example/")) == "Read a page: https://a.example/"
    assert next(each.url for each in kind.sources(SEARCH)) == "https://weather.example/today"


def test_the_search_and_the_page_of_another_gateway_look_the_same():
    search = {**SEARCH, "type": "openrouter:web_search"}
    url = "https://a.example/x"
    fetch = {"type": "openrouter:web_fetch", "status": "completed", "url": url, "title": "A"}
    assert shown(search).startswith("Searched: rain in Brest today")
    assert shown(search, fetch).startswith("Searched 1 time, read 1 page")
    [source] = kind_of(fetch).sources(fetch)
    assert (source.url, source.title, source.is_cited) == (url, "A", False)
    assert shown({**fetch, "status": "in_progress"}, live=True) == "Reading a.example"
