"""A reply rendered while it is written."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.rendering import Stream, render
from conversations.rendering.markdown import markdown
from tests.support.hypothesis_scale import examples
from tests.support.markdown_samples import CUT_SHORT, REPLY, readmes

DOCUMENTS = [REPLY, *CUT_SHORT, *readmes()]
TOKEN = re.compile(r"\s?\w{1,5}|\s+|.", re.S)

# Pieces of Markdown that mean something beside each other.
MARKS = [
    *["\n", "\n\n", "\n  ", "\n    ", "\t", " ", "a", "b c", "1. ", "2) ", "- ", "* ", "> ", "#"],
    *["# ", "---", "***", "===", "```", "~~~", "`", "*", "**", "_", "~~", "|", "|-|-|", "$", "$$"],
    *["\\(", "\\)", "\\[", "\\]", "[a]", "[a]: ", "](", ")", "https://b.org", "<", "<b>", "<!--"],
    *[
        "-->",
        "<div>",
        "&amp;",
        "\\",
        "\r",
        "\r\n",
        "你好。",
        "[ ] ",
        "\ue200cite",
        "\ue202",
        "turn0search",
        "1\ue201",
        "שלום",
        "[^1]",
        "[^1]: ",
        "\n[a]: https://b.org\n",
        "~",
        "$x",
        "<br>",
        "<sub>",
        "</sub>",
        "<details>\n",
        "</details>\n",
        "<summary>",
        "</summary>",
        "\\begin{align}",
        "\\end{align}",
        "```md\n",
        "```sh\n",
        "\ufdd1",
        "0\ufdd2",
        "![",
        "@c.org",
        "\x00",
        "\ufeff",
    ],
]


def test_there_are_documents_of_other_people():
    assert len(DOCUMENTS) > 20, "few packages here describe themselves in Markdown"


@pytest.mark.parametrize("size", [1, 2, 7, 40, 1000])
def test_the_final_html_is_the_same_however_the_text_is_cut(size):
    for text in DOCUMENTS if size > 5 else [REPLY, *CUT_SHORT]:
        stream = streamed(text[at : at + size] for at in range(0, len(text), size))

        assert stream.finish() == render(text)


@settings(max_examples=examples(60), deadline=None)
@given(st.data())
def test_any_cutting_gives_the_same(data):
    text = data.draw(st.sampled_from(DOCUMENTS))[:6_000]
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=60).map(sorted))

    stream = streamed(text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True))

    assert stream.finish() == render(text)


COLOUR = re.compile(r"</?span[^>]*>")


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.sampled_from(MARKS), max_size=40))
def test_any_marks_give_the_same(marks):
    stream = streamed(marks)

    assert stream.finish() == render("".join(marks))


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.sampled_from(MARKS), max_size=40))
def test_what_is_shown_is_balanced_html_at_any_time(marks):
    stream = Stream()
    for mark in marks:
        stream.append(mark)
        stream.refresh()
        assert_balanced(stream.open)


def test_blocks_end_where_the_parser_ends_them():
    """Documents whose blocks do not refer to each other are the same as if parsed in one go, but
    for the colours of code, which come after parsing."""
    alone = [t for t in DOCUMENTS if not re.search(r"[<\r]|\]:|\$\$|\\\[|^~~~|\t", t, re.M)]
    assert len(alone) > 8
    for text in alone:
        blocks = re.sub(r'<div class="block" data-block="\d+">|</div>', "", render(text))
        whole = markdown(text + "\n").replace("</div>", "")

        assert squeezed(COLOUR.sub("", blocks)) == squeezed(COLOUR.sub("", whole))


def test_the_version_grows_with_each_change_and_only_then():
    stream = Stream()
    last = stream.version, (len(stream.frozen), stream.open)
    for token in TOKEN.findall(REPLY):
        stream.append(token)
        stream.refresh()
        now = stream.version, (len(stream.frozen), stream.open)
        assert (now[0] > last[0]) == (now[1] != last[1])
        last = now
    stream.refresh()
    assert stream.version == last[0]


def test_appending_alone_shows_nothing():
    stream = Stream()
    stream.append("Hello")

    assert (stream.frozen, stream.open, stream.version) == ([], "", 0)


def test_complete_blocks_are_frozen_and_the_open_one_follows():
    stream = streamed(["# Title\n", "Some **bold"])

    assert stream.frozen == ['<div class="block" data-block="0"><h3>Title</h3>\n</div>']
    assert stream.open == (
        '<div class="block" data-block="1"><p>Some <strong>bold</strong></p>\n</div>'
    )


SHOWN = {
    "plain text grows in place": (["One", " two", " & three"], "<p>One two &amp; three</p>"),
    "a mark is held back until it means something": (["One **"], "<p>One</p>"),
    "open emphasis is shown as such": (["One **two"], "<p>One <strong>two</strong></p>"),
    "text goes on inside open emphasis": (
        ["One **two", " three"],
        "<p>One <strong>two three</strong></p>",
    ),
    "text goes on after closed emphasis": (
        ["One **two**", " three"],
        "<p>One <strong>two</strong> three</p>",
    ),
    "half a link is held back": (["See [the docs](https://exam"], "<p>See</p>"),
    "half a formula is held back": (["So $x^2 +"], "<p>So</p>"),
    "money is not": (["It costs $5 or"], "<p>It costs $5 or</p>"),
    "a bullet is held back": (["- one\n- "], "<ul>\n<li>one</li>\n</ul>"),
    "an item is added": (["- one\n", "- tw", "o"], "<ul>\n<li>one</li>\n<li>two</li>\n</ul>"),
    "a number goes on": (
        ["3. one\n", "4. two"],
        '<ol start="3">\n<li>one</li>\n<li>two</li>\n</ol>',
    ),
    "a head of a table is held back": (["| a | b"], ""),
    "a row is added": (
        ["|a|\n|-|\n|b|\n", "|c"],
        '<div class="table-scroll" tabindex="0"><table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n'
        "</thead>\n<tbody>\n<tr>\n<td>b</td>\n</tr>\n<tr>\n<td>c</td>\n</tr>\n</tbody>\n"
        "</table></div>",
    ),
    "code grows without colour": (
        ["```py", "thon\nif <x", ":\n  y"],
        '<div class="code"><div class="code__bar"><span>python</span></div>'
        '<pre tabindex="0"><code>if &lt;x:\n  y</code></pre></div>',
    ),
    "the end of code is held back": (
        ["```\na\n``"],
        '<div class="code"><div class="code__bar"><span></span></div>'
        '<pre tabindex="0"><code>a\n</code></pre></div>',
    ),
    "code in an item grows": (
        ["- a\n  ```\n  if x:\n", "      y", "\n    z"],
        '<ul>\n<li>a\n<div class="code"><div class="code__bar"><span></span></div>'
        '<pre tabindex="0"><code>if x:\n    y\n  z</code></pre></div>\n</li>\n</ul>',
    ),
    "a formula is its source until it is complete": (
        ["$$\nx"],
        '<pre class="plain" tabindex="0">$$\nx</pre>',
    ),
}


@pytest.mark.parametrize("name", SHOWN)
def test_while_it_is_written(name):
    parts, expected = SHOWN[name]

    shown = streamed(parts).open

    inner = re.sub(r'^<div class="block" data-block="\d+">(.*)</div>$', r"\1", shown, flags=re.S)
    assert inner.rstrip("\n") == expected


def test_every_refresh_with_readable_text_shows_a_change():
    text = "The quick brown fox jumps over the lazy dog, " * 40
    stream = Stream()
    for at in range(0, len(text), 8):
        before = stream.version
        stream.append(text[at : at + 8])
        stream.refresh()
        assert stream.version > before


def squeezed(html):
    return re.sub(r"\s+", "", html)


def streamed(parts):
    """A Stream that was refreshed after each part, with nothing frozen ever changing."""
    stream, frozen = Stream(), []
    for part in parts:
        stream.append(part)
        stream.refresh()
        assert stream.frozen[: len(frozen)] == frozen
        frozen = list(stream.frozen)
    return stream


REFERRING = [
    "Built.[1] See [the map][m] and more.[^n]\n\n- item [1]\n  ```py\n  x = 1\n  ```\n\nEnd.\n\n"
    "[1]: https://a.org/built\n[m]: <https://b.org/map> 'The map'\n\n"
    "[^n]: A note.\n\n  More [m].\n",
    "# [a]\n\n## [b]\n\ntext\n\n[a]: https://a.org\n[unused]: https://c.org\n\n### [^1]\n\n[^1]: x",
]


@pytest.mark.parametrize("text", REFERRING)
@pytest.mark.parametrize("size", [1, 3, 10, 60])
def test_what_refers_to_something_later_changes_once_at_the_end(text, size):
    stream = streamed(text[at : at + size] for at in range(0, len(text), size))
    before = list(stream.frozen)

    assert stream.finish() == render(text)
    assert before != stream.frozen[: len(before)]
    assert "".join(stream.frozen) == render(text)


class Balance(HTMLParser):
    """Knows which elements are open."""

    def __init__(self):
        super().__init__()
        self.stack = []

    def handle_starttag(self, tag, attrs):
        if tag not in ("br", "hr", "mspace", "mprescripts"):
            self.stack.append(tag)

    def handle_endtag(self, tag):
        assert self.stack and self.stack.pop() == tag


def assert_balanced(html):
    """Fails unless every element of html is closed where it should be."""
    balance = Balance()
    balance.feed(html)
    balance.close()
    assert not balance.stack
