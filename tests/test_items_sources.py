"""Sources of a reply: the pages and files that it names, and the marks in its text that do."""

import re

import pytest

from conversations.items import clean_all, needs_rerender, projections, sources, text_of
from conversations.thread import item_html


def cites(text, *annotations):
    part = {"type": "output_text", "text": text, "annotations": list(annotations)}
    return {"type": "message", "role": "assistant", "content": [part]}


def page(url, title="A page", **more):
    return {"type": "url_citation", "url": url, "title": title, **more}


def search(*urls):
    found = [{"type": "url", "url": url} for url in urls]
    return {"type": "web_search_call", "action": {"type": "search", "sources": found}}


def opened(url):
    return {"type": "web_search_call", "action": {"type": "open_page", "url": url}}


def named(*items):
    return [(each.number, each.url or each.title) for each in sources(clean_all(list(items)))]


def mark(*names, kind="cite"):
    return f"\ue200{kind}" + "".join(f"\ue202{name}" for name in names) + "\ue201"


def test_cited_pages_come_first_and_are_numbered_in_their_order():
    found = named(
        search("https://a.example/", "https://b.example/"),
        opened("https://c.example/"),
        cites("…", page("https://d.example/x"), page("https://b.example/")),
    )
    assert found == [
        (1, "https://d.example/x"),
        (2, "https://b.example/"),
        (None, "https://a.example/"),
        (None, "https://c.example/"),
    ]


@pytest.mark.parametrize(
    "same",
    [
        "https://A.example/x",
        "https://a.example:443/x",
        "https://a.example/x#part",
        "https://a.example/x#:~:text=words",
        "https://a.example/x?utm_source=openai",
        "HTTPS://a.example/x",
    ],
)
def test_an_address_is_listed_once(same):
    assert len(named(cites("…", page("https://a.example/x"), page(same)))) == 1
    assert named(search(same), cites("…", page("https://a.example/x")))[0][0] == 1


@pytest.mark.parametrize(
    "other",
    [
        "https://a.example/y",
        "https://a.example/x?n=2",
        "https://b.example/x",
        "https://a.example/X",
    ],
)
def test_another_page_is_another_source(other):
    assert len(named(cites("…", page("https://a.example/x"), page(other)))) == 2


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://a.example/",
        "//a.example/",
        "/files/1/",
        "mailto:a@a.example",
        "https://",
        "https:///x",
        "https://a b.example/",
        "https://a.example/\nx",
        "https://a.example\\@b.example/",
        " java\tscript:alert(1)",
        "https://" + "a" * 3000 + ".example/",
        "",
        None,
        7,
    ],
)
def test_what_is_no_web_address_is_no_source(url):
    assert named(cites("…", page(url)), search(url), opened(url)) == []


@pytest.mark.parametrize(
    ("annotation", "shown"),
    [
        ({"type": "url_citation", "url_citation": {"url": "https://a.example/"}}, "a.example"),
        ({"type": "file_citation", "file_id": "f1", "filename": "a.pdf"}, "a.pdf"),
        ({"type": "container_file_citation", "filename": "plot.png"}, "plot.png"),
        ({"type": "file_path", "file_id": "f2"}, "f2"),
    ],
)
def test_each_form_of_annotation_names_a_source(annotation, shown):
    [source] = sources(clean_all([cites("…", annotation)]))
    assert (source.title, source.number) == (shown, 1)


@pytest.mark.parametrize(
    "annotation",
    [None, "x", {}, {"type": "url_citation"}, {"type": ["url_citation"]}, {"type": "file_path"}],
)
def test_other_annotations_name_none(annotation):
    assert named(cites("…", annotation)) == []


def test_a_mark_becomes_the_number_of_the_source_that_its_annotation_names():
    items = clean_all(
        [
            cites(
                f"It rained.{mark('turn0search4')} Then sun.{mark('turn0search1', 'turn0news2')}",
                page("https://sun.example/", ref_id="turn0search1"),
                page("https://rain.example/(1)", url_id=["turn0search4"]),
                page("https://news.example/", ref="turn0news2"),
            )
        ]
    )
    assert text_of(items) == "It rained.[2] Then sun.[1][3]"
    html = projections(items, "x").html
    assert '<a href="https://rain.example/%281%29" class="reference"' in html
    assert needs_rerender(items)


def test_indices_count_only_where_a_mark_stands_exactly_there():
    text = f"Rain.{mark('turn0search4')} Sun."
    end = len(text) - len(" Sun.")
    right = page("https://a.example/", start_index=5, end_index=end)
    assert text_of(clean_all([cites(text, right)])) == "Rain.[1] Sun."
    for start, stop in [(4, end), (5, end + 3), (0, 5), (5, 9_999), (-5, end), (end, 5)]:
        shifted = page("https://a.example/", start_index=start, end_index=stop)
        items = clean_all([cites(text, shifted)])
        assert text_of(items) == "Rain. Sun."
        assert not needs_rerender(items)
        assert len(sources(items)) == 1


def test_annotations_of_one_place_are_those_of_its_references_in_order():
    text = mark("turn0search4", "turn0search7")
    place = {"start_index": 0, "end_index": len(text)}
    both = (page("https://a.example/", **place), page("https://b.example/", **place))
    assert text_of(clean_all([cites(text, *both)])) == "[1][2]"
    assert text_of(clean_all([cites(text, both[0])])) == "[1]"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"Rain.{mark('turn0search9')}", "Rain."),
        ("Rain.\ue202turn0search9", "Rain."),
        (f"See {mark('the office', 'turn0search1', kind='url')}.", "See the office[1]."),
        (f"{mark('turn0search1', 'turn0search9')}!", "[1]!"),
        ("Rain.\ue200cite\ue202turn0sea", "Rain.turn0sea"),
    ],
)
def test_other_marks_go_as_they_did(text, left):
    known = page("https://a.example/", id="turn0search1")
    [item] = clean_all([cites(text, known)])
    assert not any(0xE200 <= ord(each) <= 0xE206 for each in text_of([item]))
    assert text_of([item]) == left


def test_a_link_in_the_text_cannot_take_the_number_of_a_source():
    items = clean_all(
        [
            cites(
                f"Rain{mark('turn0search1')}\n\n[1]: /evil\n\n[1](/evil)",
                page("https://a.example/ )[x](https://evil.example", id="turn0search1"),
                page("https://a.example/)[x](https://evil.example", id="turn0search1"),
            )
        ]
    )
    links = re.findall('href="([^"]*)"', projections(items, "x").html)
    assert links == ["https://a.example/%29%5Bx%5D%28https://evil.example"]


def test_the_list_has_two_groups_and_shows_true_hosts():
    html = item_html.sources_of(
        clean_all(
            [
                search("https://consulted.example/1", "https://cited.example/"),
                cites("…", page("https://cited.example/", "bank.example \u202eelpmaxe\u2069 <b>")),
            ]
        )
    )
    assert "data-sources" in html and html.count("<li>") == 2
    assert html.index("data-cited") < html.index("data-consulted")
    assert "<bdi>cited.example</bdi>" in html
    assert html.count('rel="noopener noreferrer nofollow"') == 2
    assert "\u202e" not in html and "<b>" not in html and "<img" not in html


def test_a_reply_that_names_nothing_has_no_list():
    assert item_html.sources_of(clean_all([cites("No sources.")])) == ""
