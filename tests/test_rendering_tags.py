"""The few tags that Markdown of replies may hold; every other one is text."""

import re

import pytest

from conversations.rendering import render

INLINE = {
    "CO<sub>2</sub>, m<sup>3</sup>": "CO<sub>2</sub>, m<sup>3</sup>",
    "<KBD>Ctrl</KBD>+<kbd >C</kbd >": "<kbd>Ctrl</kbd>+<kbd>C</kbd>",
    "a<br>b<br/>c<br />d<BR>e</br>f": "a<br>b<br>c<br>d<br>e<br>f",
    "a<br>\nb": "a<br>\nb",
    "<sub>**a** `b`</sub>": "<sub><strong>a</strong> <code>b</code></sub>",
    "<sup>a<sub>b</sub></sup>": "<sup>a<sub>b</sub></sup>",
    "<sub>a": "&lt;sub&gt;a",
    "a</sub>": "a&lt;/sub&gt;",
    "*a <sub>b* c</sub>": "<em>a &lt;sub&gt;b</em> c&lt;/sub&gt;",
    "x<sub>a<sup>b</sub>c</sup>": "x<sub>a&lt;sup&gt;b</sub>c&lt;/sup&gt;",
    "`<br>` \\<br> &lt;br&gt;": "<code>&lt;br&gt;</code> &lt;br&gt; &lt;br&gt;",
    "a<sub class='x'>a</sub>": "a&lt;sub class='x'&gt;a&lt;/sub&gt;",
    "a<br onclick=x> <b>b</b> <u>c</u>": (
        "a&lt;br onclick=x&gt; &lt;b&gt;b&lt;/b&gt; &lt;u&gt;c&lt;/u&gt;"
    ),
    "</details>": "&lt;/details&gt;",
    "<summary>x</summary>": "&lt;summary&gt;x&lt;/summary&gt;",
    "*a <details> b*": "<em>a &lt;details&gt; b</em>",
}


@pytest.mark.parametrize("source", INLINE)
def test_tags_in_a_line(source):
    assert inner(render(source)) == f"<p>{INLINE[source]}</p>"


def test_tags_in_cells_items_headings_and_links():
    assert "<td>x<br>y<br>z</td>" in render("|a|\n|-|\n|x<br>y<br/>z|")
    assert "<li>H<sub>2</sub>O</li>" in render("- H<sub>2</sub>O")
    assert "<h3>H<sub>2</sub>O</h3>" in render("# H<sub>2</sub>O")
    assert ">H<sub>2</sub>O</a>" in render("[H<sub>2</sub>O](https://b.org)")


def test_a_tag_does_not_hide_the_host_of_a_link():
    assert "(evil.org)" in render("[ba<sub></sub>nk.com](https://evil.org)")


def test_tags_in_code_and_attributes_are_as_written():
    html = render("![a<sub>b</sub>](https://c.org/<br>)\n\n```html\n<details>\n<br>\n```")

    assert "a&lt;sub&gt;b&lt;/sub&gt;</a>" in html
    assert "<details>" not in html
    assert "<br>" not in html


FOLDED = {
    "markdown in it": (
        "<details>\n<summary>A **b**</summary>\n\nBody\n\n- a\n- b\n</details>\n\nAfter",
        [
            "<details><summary>A <strong>b</strong></summary><p>Body</p>\n"
            "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n</details>",
            "<p>After</p>",
        ],
    ),
    "in one line": (
        "<details><summary>S</summary>text</details>",
        ["<details><summary>S</summary><p>text</p></details>"],
    ),
    "without a summary": ("<details>text</details>", ["<details><p>text</p></details>"]),
    "upper case": (
        "<DETAILS>\n<Summary>S</Summary>\nx\n</DETAILS>",
        ["<details><summary>S</summary><p>x</p>\n</details>"],
    ),
    "one in another": (
        "<details>\n<summary>a</summary>\n<details>\n<summary>b</summary>\n\nx\n</details>\n"
        "</details>\ny",
        [
            "<details><summary>a</summary><details><summary>b</summary><p>x</p>\n"
            "</details></details>",
            "<p>y</p>",
        ],
    ),
    "a tag in its code": (
        "<details>\n\n```html\n</details>\n```\n\nx\n</details>\ny",
        [
            '<details><div class="code"><div class="code__bar"><span>html</span></div>'
            '<pre tabindex="0"><code>&lt;/<span class="nt">details</span>&gt;\n'
            "</code></pre></div>\n<p>x</p>\n</details>",
            "<p>y</p>",
        ],
    ),
    "in a list": (
        "1. Q\n   <details><summary>A</summary>text</details>\n2. R",
        [
            "<ol>\n<li>\n<p>Q</p>\n<details><summary>A</summary><p>text</p></details></li>\n"
            "<li>\n<p>R</p>\n</li>\n</ol>"
        ],
    ),
    "in a quote": (
        "> <details>\n> <summary>S</summary>\n> text\n> </details>",
        [
            "<blockquote>\n<details><summary>S</summary><p>text</p>\n</details></blockquote>",
        ],
    ),
    "left open": (
        "<details>\n<summary>S</summary>\n\ntext\n\nafter",
        ["<details open><summary>S</summary></details>", "<p>text</p>", "<p>after</p>"],
    ),
    "left open with text in its paragraph": (
        "<details><summary>S</summary>x\n\nafter",
        ["<details open><summary>S</summary><p>x</p></details>", "<p>after</p>"],
    ),
    "left open in a list": (
        "- <details>a\n- b",
        ["<ul>\n<li><details open>a</details></li>\n<li>b</li>\n</ul>"],
    ),
    "a summary left open": (
        "<details>\n<summary>S\n\nbody\n\n</details>",
        ["<details><summary>S</summary>\n<p>body</p>\n</details>"],
    ),
    "with attributes it is text": (
        "a <details open>b</details>",
        ["<p>a &lt;details open&gt;b&lt;/details&gt;</p>"],
    ),
}


@pytest.mark.parametrize("name", FOLDED)
def test_what_can_be_folded(name):
    source, blocks = FOLDED[name]

    assert inner(render(source)) == "".join(blocks)


def test_much_that_is_left_open_hides_nothing():
    html = render("<details>\n<summary>S</summary>\n\ntext\n\n" * 50 + "end")

    assert html.count("<details open") == html.count("</details>") == 50
    assert html.count("<p>text</p>") == 50


def inner(html):
    """What stands in the blocks, without the space between their elements."""
    html = re.sub(
        r'<div class="block" data-block="\d+">(.*?)</div>(?=<div class="bl|$)',
        r"\1\0",
        html,
        flags=re.S,
    )
    return re.sub(r"\n*\0", "", html).replace(' open=""', " open")
