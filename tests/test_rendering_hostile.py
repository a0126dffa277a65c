"""Text that wants to become more than text stays text."""

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.rendering import Stream, render, render_typed
from tests.support.hostile_texts import CASES, CLASSES
from tests.support.hypothesis_scale import examples

pytestmark = pytest.mark.measures

MATH = set(
    "math mrow mi mo mn ms mtext mspace msup msub msubsup munder mover munderover mmultiscripts"
    " mprescripts mfrac msqrt mroot mtable mtr mtd mstyle mpadded mphantom".split()
)
HTML = set(
    "p br hr h3 h4 h5 h6 strong em del code pre blockquote ul ol li table thead tbody tr th td a"
    " span div sub sup kbd details summary section".split()
)
MATH_ATTRIBUTES = set(
    "display displaystyle scriptlevel mathvariant stretchy symmetric largeop movablelimits form"
    " fence separator lspace rspace minsize maxsize accent accentunder linethickness columnspan"
    " rowspan width height depth voffset class".split()
)
ATTRIBUTES = {
    "a": {"href", "target", "rel", "class", "id"},
    "sup": {"class"},
    "section": {"class"},
    "li": {"id"},
    "ol": {"start"},
    "details": {"open"},
    "div": {"class", "data-block", "tabindex", "dir"},
    "pre": {"class", "tabindex"},
    "span": {"class"},
    "code": {"class", "dir"},
    "kbd": {"dir"},
    "th": {"class"},
    "td": {"class"},
    **dict.fromkeys(MATH, MATH_ATTRIBUTES),
    "math": MATH_ATTRIBUTES | {"dir"},
}
TYPED = {"a", "span"}


def test_there_is_something_of_every_class():
    assert len(CASES) >= 60
    assert all(len(texts) >= 2 for texts in CLASSES.values())


@pytest.mark.parametrize(("name", "text"), CASES)
def test_a_reply_holds_only_what_we_allow(name, text):
    assert_safe(render(text))


@pytest.mark.parametrize(("name", "text"), CASES)
def test_a_message_as_typed_holds_links_and_nothing_else(name, text):
    html = render_typed(text)

    assert assert_safe(html) <= TYPED


@pytest.mark.parametrize(("name", "text"), CASES)
def test_it_stays_so_while_it_streams_and_inside_other_blocks(name, text):
    quoted = "> " + text.replace("\n", "\n> ")
    item = "1. x\n\n   " + text.replace("\n", "\n   ")
    cell = f"| a |\n|---|\n| {text} |"
    for whole in (text, quoted, item, cell, f"**{text}**", f"[{text}](https://b.org)"):
        stream = Stream()
        for at in range(0, len(whole), 3):
            stream.append(whole[at : at + 3])
            stream.refresh()
            assert_safe(stream.open)
        assert_safe(stream.finish())


@settings(max_examples=examples(300), deadline=None)
@given(st.lists(st.sampled_from([text for _, text in CASES]), max_size=5), st.sampled_from(" \n|"))
def test_parts_of_it_put_together_are_no_better(texts, glue):
    assert_safe(render(glue.join(texts)))
    assert_safe(render(glue.join(text[: len(text) // 2] for text in texts)))


@pytest.mark.parametrize("name", ["script", "event handlers", "SVG", "form", "style", "base"])
def test_html_is_shown_as_it_was_written(name):
    # A backtick or a ">" that begins a line is Markdown, wherever it stands.
    texts = [text for text in CLASSES[name] if "`" not in text and "\n>" not in text]
    assert texts
    for text in texts:
        shown = Reader(render(text)).text
        assert re.sub(r"\s+", "", text) in re.sub(r"\s+", "", shown)


def test_nothing_but_absolute_links_to_the_web_and_to_mail():
    assert hrefs("[a](ftp://b.org) [a](tel:1) [a](b) [a](?c) [a](#d) [a](/e) [a](//f.org)") == []
    assert hrefs("ftp://b.org xmpp:a@b.org <irc://b.org>") == []
    assert hrefs("[a](HTTPS://b.org) <mailto:a@b.org>") == ["HTTPS://b.org", "mailto:a@b.org"]


TYPED_LINKS = {
    "see https://b.org/c?d=e&f#g.": ["https://b.org/c?d=e&f#g"],
    "(https://b.org/a_(b)) https://b.org/c)": ["https://b.org/a_(b)", "https://b.org/c"],
    "看https://b.org/路径，然后": ["https://b.org/路径"],
    "mailto:a@b.org, a@b.org": ["mailto:a@b.org"],
    "xhttps://b.org javascript:alert(1) //b.org www.b.org": [],
    "https:// https://? http://-": [],
    "<https://b.org>": ["https://b.org"],
}


@pytest.mark.parametrize("text", TYPED_LINKS)
def test_addresses_in_what_a_person_typed_are_links(text):
    html = render_typed(text)

    assert Reader(html).hrefs == TYPED_LINKS[text]
    assert Reader(html).text == text


def test_what_a_person_typed_keeps_its_lines_and_marks():
    assert render_typed("# a\n\n  *b* & <c>") == "# a\n\n  *b* &amp; &lt;c&gt;"


def test_a_typed_link_tells_the_host_it_hides():
    assert render_typed("https://bank.com@evil.org/").endswith(
        '</a> <span class="host">(evil.org)</span>'
    )


class Reader(HTMLParser):
    """Checks HTML against the lists above while it reads it; keeps the text and the links."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.hrefs, self.text = set(), [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        assert tag in HTML | MATH, f"<{tag}>"
        for name, value in attrs:
            assert name in ATTRIBUTES.get(tag, set()), f"<{tag} {name}>"
            if name == "href":
                self.check_href(value)
            if name == "class":
                assert value in OUR_CLASSES, f"class {value}"
            if name == "tabindex":
                assert value == "0"
            if name == "id":
                assert OUR_IDS.fullmatch(value), f"id {value}"
        given = dict(attrs)
        if tag == "a" and not given.get("href", "").startswith("#"):
            assert given["rel"] == "noopener noreferrer nofollow"
            assert given["target"] == "_blank"

    def check_href(self, url):
        if url.startswith("#"):
            assert OUR_IDS.fullmatch(url[1:])
            return
        parts = urlsplit(url)
        assert parts.scheme in ("http", "https", "mailto")
        assert parts.netloc or parts.scheme == "mailto"
        self.hrefs.append(url)

    def handle_comment(self, data):
        raise AssertionError(f"<!--{data}-->")

    def handle_decl(self, decl):
        raise AssertionError(f"<!{decl}>")

    def handle_pi(self, data):
        raise AssertionError(f"<?{data}>")

    def unknown_decl(self, data):
        raise AssertionError(f"<![{data}]>")

    def handle_data(self, data):
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\ud800-\udfff]", data)
        self.text += data


# Of footnotes: numbers, never a label that a text chose.
OUR_IDS = re.compile(r"fn(?:ref)?-[0-9a-f]{12}-\d+(?:-\d+)?")
# Those of the page (notice, message, button…) are not among them.
OUR_CLASSES = set(
    "block code code__bar formula host image plain table-scroll task left center right"
    " box strike strike-up strike-down footnote footnotes footnote-back reference"
    " c cp k kt m s se na nb nc nf nt nv gd gi gh".split()
) | {f"{kind}-{side}" for kind in ("line", "dash") for side in ("top", "right", "bottom", "left")}
OUR_CLASSES |= {
    f"tint-{colour}" for colour in "red orange brown green teal blue purple magenta gray".split()
}


def assert_safe(html):
    """Fails unless html holds only what the lists allow; returns its tags."""
    return Reader(html).tags


def hrefs(text):
    return Reader(render(text)).hrefs
