"""Where a text has what was looked for."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.search.highlight import find, snippet
from conversations.search.query import parse
from conversations.search.symbols import MOST
from conversations.search.terms import LONGEST, find_symbols, prepare, symbol_words, terms

pytestmark = pytest.mark.measures


def marked(text, query):
    """The snippet as text, its matches in brackets."""
    return "".join(f"[{piece}]" if match else piece for piece, match in snippet(text, parse(query)))


@pytest.mark.parametrize(
    ("text", "query", "shown"),
    [
        ("The elephant sleeps", "elephant", "The [elephant] sleeps"),
        ("The elephant sleeps", "the ele", "[The] [elephant] sleeps"),
        ("The party of art", "art", "The party of [art]"),
        ("The party of art", '"of art" the', "[The] party [of art]"),
        ("In der Straße, STRASSE", "strasse", "In der [Straße], [STRASSE]"),
        ("Crème brûlée", "creme", "[Crème] brûlée"),
        ("Cre\u0300me", "creme", "[Crème]"),
        ("one\n\n\ttwo", "two", "one [two]"),
        ("今天天气很好，天气预报", "天气", "今天[天气]很好，[天气]预报"),
        ("今天天气很好", "气", "今天天[气]很好"),
        ("我用Python语言写", "python语言", "我用[Python语言]写"),
        ("co\u00adop and ½ cup", "coop", "[co\u00adop] and ½ cup"),
        ("x.y and x y", "x.y", "[x.y] and [x y]"),
        ("<b>bold</b>", "bold", "<b>[bold]</b>"),
        ("## Why\n\n- The **moon** `pulls`\n> it", "moon pulls", "Why The [moon] [pulls] it"),
        ("the **quick** fox", '"quick fox"', "the [quick fox]"),
        ("see [the docs](https://example.com/okapi)", "docs", "see the [docs]"),
        (
            "see [the docs](https://example.com/okapi)",
            "okapi",
            "see [the docs](https://example.com/[okapi])",
        ),
        ("```python\nprint(1)\n```", "python", "```[python] print(1) ```"),
        ("nothing here", "elsewhere", "nothing here"),
        ("", "elsewhere", ""),
    ],
)
def test_matches_are_marked(text, query, shown):
    assert marked(text, query) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("*one*, **two**, ***three***, _four_, __five__ and ~~six~~",
         "one, two, three, four, five and six"),
        ("**`code`**: un**believ**able, 这是**重要**的, **a *b* c**",
         "code: unbelievable, 这是重要的, a b c"),
        ("a_b_c, 2 * 3 * 4, a > b - c # d, x[0] and [1]", None),
        ("one **open and *two", None),
        ("\\*not\\* C:\\dir", "*not* C:\\dir"),
        ("`__init__` and ``a`b``", "__init__ and a`b"),
        ("![a moon](m.png) [![badge](b.svg)](c) [name][1] <https://a.org/x_y_z>",
         "a moon badge name https://a.org/x_y_z"),
        ('[Rust](https://en.org/Rust_(game) "Title")!', "Rust!"),
        ("| a | b |\n|---|:-:|\n| 1 | 2 |", "a | b 1 | 2"),
        ("a | b\n--- | ---\n1 | 2", "a | b 1 | 2"),
        ("# One\n\nTwo\n===\n\n---\n***\n> three\n* four\n  + [x] five\n- - six",
         "One Two three four five - six"),
        ("Run:\n```c\n# *p\n- y_\n```\n# end", "Run: # *p - y_ end"),
        ("~~~\nnever **closed**", "never **closed**"),
    ],
)  # fmt: skip
def test_marks_of_markdown_are_not_shown(text, shown):
    assert marked(text, "").strip() == (shown or text)


@pytest.mark.parametrize(
    "mark", ["*", "_", "`", "[", "](", "~", "|", "\\", "* ", "[a](", "**a", "> -"]
)
def test_marks_without_end_take_no_time(mark):
    began = time.process_time()
    snippet(mark * 100_000, [])
    assert time.process_time() - began < 0.2


@settings(deadline=None)
@given(st.text("*_`[]()~|\\#>- \nab1", max_size=200))
def test_what_was_looked_for_is_shown_among_any_marks(text):
    for word in set(terms(text)):
        pieces = snippet(text, parse(f'"{word}"'))
        found = [terms(piece) for piece, match in pieces if match]
        # A word with symbols may hold another: `>` of `->`.
        assert [word] in found or (
            symbol_words(prepare(word)) and any(word in each for each in found)
        )


def test_a_long_text_is_shown_around_its_first_match():
    text = "before " * 100 + "the needle " + "after " * 100
    shown = marked(text, "needle")
    assert shown.startswith("…before ")
    assert "the [needle] after" in shown
    assert shown.endswith("…")
    assert len(shown) < 240


@settings(deadline=None)
@given(st.text(), st.text(max_size=30))
def test_spans_lie_in_the_text_in_order(text, query):
    prepared = prepare(text)
    at = 0
    for start, end in find(prepared, parse(query)):
        assert at <= start < end <= len(prepared)
        at = end


@settings(deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_what_a_text_says_is_found_in_it(text):
    assert bool(terms(text)) == bool(find(prepare(text), parse(f"“{text.replace(chr(34), ' ')}”")))


@settings(deadline=None)
@given(st.text("ab c.+#-*=>$\n\u200d\u00ad\ufe0fé’好ก👩💻🏻❶ⅎ²①", max_size=60) | st.text())
def test_words_with_symbols_are_indexed_as_they_are_found(text):
    prepared = prepare(text)
    found = dict.fromkeys(symbol.word[:LONGEST] for symbol in find_symbols(prepared))
    assert symbol_words(prepared) == list(found)[:MOST]
