"""References to sources and footnotes, wherever these are defined."""

import re

import pytest

from conversations.rendering import render


def links(html):
    """The addresses of links to the web and what is read as each."""
    return re.findall(r'<a href="(https?:[^"]*)"[^>]*>(.*?)</a>', html)


def words(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html)).strip()


A, B = "https://a.org/x", "https://b.org/y"

DEFINED = {
    "after its use": (f"See [1].\n\n[1]: {A}", [(A, "1")], "See 1 ."),
    "before its use": (f"[1]: {A}\n\nSee [1].", [(A, "1")], "See 1 ."),
    "with a text": (f"See [the map][m].\n\n[m]: {A}", [(A, "the map")], "See the map ."),
    "with a title": (f'See [m].\n\n[m]: {A} "The map"\n', [(A, "m")], "See m ."),
    "with a title on the next line": (f"See [m].\n\n[m]: {A}\n  'T'\n", [(A, "m")], "See m ."),
    "in angle brackets": (f"See [m].\n\n[m]: <{A}>", [(A, "m")], "See m ."),
    "on the next line": (f"See [m].\n\n[m]:\n{A}", [(A, "m")], "See m ."),
    "in another case": (f"See [The  Map].\n\n[the map]: {A}", [(A, "The  Map")], "See The Map ."),
    "several in one paragraph": (
        f"[1] and [2]\n\n[1]: {A}\n[2]: {B}",
        [(A, "1"), (B, "2")],
        "1 and 2",
    ),
    "used in a list, a quote, a heading and a table": (
        f"- [1]\n\n> [1]\n\n# [1]\n\n|a|\n|-|\n|[1]|\n\n[1]: {A}",
        [(A, "1")] * 4,
        "1 1 1 a 1",
    ),
    "two by number, side by side": (
        f"See [1][2].\n\n[1]: {A}\n[2]: {B}",
        [(A, "1"), (B, "2")],
        "See 1 2 .",
    ),
    "numbers side by side that are none": ("x[1][2] `a[1][2]`", [], "x[1][2] a[1][2]"),
    "under a heading for sources": (
        f"See [1].\n\n## Sources\n\n[1]: {A}",
        [(A, "1")],
        "See 1 . Sources",
    ),
    "right after a line": (
        f"See [1].\n\nSources:\n[1]: {A}",
        [(A, "1"), (A, A)],
        f"See 1 . Sources: [1]: {A}",
    ),
    "in a list": (f"See [1].\n\n- [1]: {A}", [(A, "1"), (A, A)], f"See 1 . [1]: {A}"),
    "in a quote": (f"See [1].\n\n> [1]: {A}", [(A, "1"), (A, A)], f"See 1 . [1]: {A}"),
    "in code it is none": (f"See [1].\n\n```\n[1]: {A}\n```", [], f"See [1]. [1]: {A}"),
    "followed by text": (f"[1] a\n\n[1]: {A}\nmore", [(A, "1")], "1 a more"),
    "nothing uses it": (f"Text.\n\n[1]: {A}", [(A, A)], f"Text. [1]: {A}"),
    "one of two is used": (
        f"See [2].\n\n[1]: {A}\n[2]: {B}",
        [(B, "2"), (A, A)],
        f"See 2 . [1]: {A}",
    ),
    "only code uses it": (f"`a[1]`\n\n[1]: {A}", [(A, A)], f"a[1] [1]: {A}"),
    "another address is used": (
        f"[1]({B})\n\n[1]: {A}",
        [(B, "1"), (A, A)],
        f"1 [1]: {A}",
    ),
    "it leads nowhere": ("[Note]: important\n\nSee [Note].", [], "[Note]: important See [Note]."),
    "a warning": ("[Warning]: don't", [], "[Warning]: don't"),
    "a script": ("[x]\n\n[x]: javascript:alert(1)", [], "[x] [x]: javascript:alert(1)"),
    "a relative one": ("[x]\n\n[x]: /logout", [], "[x] [x]: /logout"),
}


@pytest.mark.parametrize("name", DEFINED)
def test_definitions(name):
    source, found, read = DEFINED[name]

    html = render(source)

    assert links(html) == found
    assert words(html) == read


def test_a_footnote():
    html = render("Fact.[^1]\n\nMore.\n\n[^1]: Note with *stars*.", name="m")

    assert '<p>Fact.<sup class="footnote"><a id="fnref-m-1" href="#fn-m-1">1</a></sup></p>' in html
    assert html.endswith(
        '<section class="footnotes"><ol>\n<li id="fn-m-1"><p>Note with <em>stars</em>.'
        ' <a class="footnote-back" href="#fnref-m-1">↩</a></p></li>\n</ol></section></div>'
    )
    assert "[^" not in html


NOTES = {
    "defined before": ("[^1]: Note.\n\nFact.[^1]", "Fact. 1 Note. ↩"),
    "right after its line": ("Fact.[^1]\n[^1]: Note.", "Fact. 1 Note. ↩"),
    "two in a row": (
        "A[^a] B[^b]\n\n[^b]: Second.\n[^a]: First.",
        "A 1 B 2 First. ↩ Second. ↩",
    ),
    "numbered as they are read": (
        "A[^9] B[^x]\n\n[^x]: X.\n\n[^9]: Nine.\n\nEnd.",
        "A 1 B 2 End. Nine. ↩ X. ↩",
    ),
    "used twice": ("A[^1] B[^1]\n\n[^1]: N.", "A 1 B 1 N. ↩ ↩"),
    "in another case": ("A[^Note]\n\n[^note]: N.", "A 1 N. ↩"),
    "several paragraphs": (
        "A[^1]\n\n[^1]: One.\n\n    Two.\n\n    - three\n\nEnd.",
        "A 1 End. One. Two. three ↩",
    ),
    "set in by two": ("A[^1]\n\n[^1]: One.\n\n  Two.\n\nEnd.", "A 1 End. One. Two. ↩"),
    "lines that go on": ("A[^1]\n\n[^1]: One\ntwo.\n\nEnd.", "A 1 End. One two. ↩"),
    "one in another": (
        "A[^1] B[^3]\n\n[^1]: See[^2].\n\n[^2]: Deep.\n\n[^3]: C.",
        "A 1 B 2 See 3 . ↩ C. ↩ Deep. ↩",
    ),
    "one that names itself": ("A[^1]\n\n[^1]: See[^1].", "A 1 See 1 . ↩ ↩"),
    "in a list, a table, a heading and a quote": (
        "- a[^1]\n\n|a|\n|-|\n|b[^2]|\n\n# c[^1]\n\n> d[^2]\n\n[^1]: N.\n[^2]: M.",
        "a 1 a b 2 c 1 d 2 N. ↩ ↩ M. ↩ ↩",
    ),
    "without a note it is text": ("Fact.[^1]", "Fact.[^1]"),
    "without a reference it is text": ("[^1]: Note.\n\nFact.", "[^1]: Note. Fact."),
    "twice defined": ("A[^1]\n\n[^1]: N.\n\n[^1]: M.", "A 1 [^1]: M. N. ↩"),
    "in code it is text": ("`a[^1]` A[^1]\n\n[^1]: N.", "a[^1] A 1 N. ↩"),
    "escaped it is text": ("A\\[^1] B[^1]\n\n[^1]: N.", "A[^1] B 1 N. ↩"),
    "in a link it is text": (
        "[a[^1]](https://b.org) B[^1]\n\n[^1]: N.",
        "a[^1] B 1 N. ↩",
    ),
    "a class of characters": ("`[^a]` or [^abc] in a pattern", "[^a] or [^abc] in a pattern"),
}


@pytest.mark.parametrize("name", NOTES)
def test_footnotes(name):
    source, read = NOTES[name]

    html = render(source)

    assert words(html) == read
    assert_ids_fit(html)


def test_ids_are_unique_in_a_page_of_many_messages():
    text = "A[^1] B[^1] C[^2]\n\n[^1]: N.\n[^2]: M."
    other = text.replace("A", "D")

    assert_ids_fit(render(text) + render(other))
    assert_ids_fit(render(text, name="1") + render(text, name="2") + render(text, "reasoning-"))


def test_a_label_cannot_become_html():
    html = render('A[^<script>"] B[^"x]\n\n[^<script>"]: N.\n\n[^"x]: M.')

    assert "<script" not in html
    assert_ids_fit(html)


def test_many_references_are_bounded():
    html = render("[^1]" * 20_000 + "\n\n[^1]: N.")

    assert html.count("<sup") == 0, "a block over 32,000 characters is plain"
    html = render("a[^1]\n\n" * 9_000 + "[^1]: N.")
    assert html.count("<sup") == 1_000
    assert html.count("↩") == 10


def assert_ids_fit(html):
    """Fails unless each id is there once and each link within the page leads to one."""
    ids = re.findall(r' id="([^"]*)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]*)"', html)) <= set(ids)
