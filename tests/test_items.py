"""Items of every kind: each can be asked all questions, whatever a gateway or a file has put in."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.items import (
    all_kinds,
    clean_all,
    is_plain,
    kind_of,
    projections,
    sources,
    text_of,
)
from conversations.thread import item_html
from tests.support.hypothesis_scale import examples
from tests.support.item_samples import SAMPLES, shown_html, with_all_texts

TESTS = Path(__file__).parent
TEMPLATES = TESTS.parent / "templates" / "conversations" / "items"
KINDS = sorted(all_kinds())


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_has_a_template_a_test_and_a_sample(name):
    assert (TEMPLATES / f"{name}.html").is_file()
    assert (TESTS / f"test_item_{name}.py").is_file()
    assert kind_of(SAMPLES[name]).type == name


def test_each_template_is_of_a_kind():
    names = {path.stem for path in TEMPLATES.glob("[!_]*.html")}
    assert names <= set(KINDS)


def ask(item):
    """Ask all that is ever asked about an item."""
    kind = kind_of(item)
    kind.text(item), kind.reasoning(item), kind.exported(item)
    kind.sources(item), kind.next_input(item), kind.came(item)
    for live in (False, True):
        item_html.item(0, [item], live=live, html="<p>x</p>")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
FIELDS = sorted({name for item in SAMPLES.values() for name in item} - {"type"})


@settings(max_examples=examples(90), deadline=None)
@given(
    kind=st.sampled_from(KINDS),
    fields=st.dictionaries(
        st.sampled_from([*FIELDS, "query", "queries", "error", "omitted"]), VALUES, max_size=6
    ),
)
def test_no_field_of_any_type_is_an_error(kind, fields):
    [item] = clean_all([{**SAMPLES[kind], **fields}])
    ask(item)
    sources([item]), text_of([item]), is_plain([item]), projections([item], "name")


HOSTILE = "<script>alert(1)</script>\" onload='x' \u202eevil\u2066 {{ 7|add:7 }} <!--item 0-->"


@pytest.mark.parametrize("live", [False, True], ids=["final", "live"])
@pytest.mark.parametrize("name", KINDS)
def test_text_of_strangers_is_only_text(name, live):
    filled = with_all_texts(SAMPLES[name], f"https://a.example/{HOSTILE}")
    for item in (filled, {"type": HOSTILE}):
        html = shown_html(item, live=live)
        for bad in ("<script", "\u202e", "\u2066", "<!--", "onload='", "14"):
            assert bad not in html
