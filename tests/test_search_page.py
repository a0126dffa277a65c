"""The search page: my conversations by their words, with the places marked."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from conversations.models import Conversation, Message, SearchEntry
from conversations.search import index, parse
from conversations.search.mark_html import mark_html
from tests.support.review_stage import converse


@pytest.fixture
def me(client, alice):
    client.force_login(alice)
    return client


def keep(owner, title, *texts, **fields):
    """A conversation with messages by turns, in the index."""
    conversation = Conversation.objects.create(owner=owner, title=title, **fields)
    parent = None
    for number, text in enumerate(texts):
        parent = Message.objects.create(
            conversation=conversation,
            parent=parent,
            role="assistant" if number % 2 else "user",
            text=text,
            html=text,
        )
    index.add_conversation(conversation.pk)
    return conversation


def found(page):
    """What the page shows: `[(title, [places])]`, marks in brackets."""
    html = re.sub(r"</?mark>", lambda mark: "]" if "/" in mark[0] else "[", page.content.decode())
    results = re.findall(r"<li>\s*<h2>(.*?)</li>", html, re.DOTALL)
    plain = lambda part: re.sub(r"<[^>]+>", "", part).strip()  # noqa: E731
    return [
        (
            plain(result.split("</h2>")[0]),
            [
                plain(place)
                for place in re.findall(r'<a class="found__place".*?</a>', result, re.DOTALL)
            ],
        )
        for result in results
    ]


def test_conversations_are_found_with_the_words_marked(me, alice, bob):
    keep(alice, "About animals", "What is an okapi?", "A relative of the giraffe.")
    keep(alice, "Okapis again", "Tell me more.")
    keep(bob, "Okapi", "okapi")
    assert found(me.get("/search/?q=okapi")) == [
        ("[Okapis] again", []),
        ("About animals", ["You What is an [okapi]?"]),
    ]
    assert found(me.get('/search/?q="the giraffe"')) == [
        ("About animals", ["Reply A relative of [the giraffe]."])
    ]


def test_a_place_opens_at_its_message(me, alice):
    conversation = converse(alice)
    index.add_conversation(conversation.pk)
    page = me.get("/search/?q=another").content.decode()
    message = conversation.messages.get(text="another answer")
    link = f"/conversations/{conversation.pk}/?at={message.pk}&q=another#m-{message.pk}"
    assert f'href="{link.replace("&", "&amp;")}"' in page
    opened = me.get(link).content.decode()
    assert f'id="m-{message.pk}"' in opened
    assert opened.count("<mark>another</mark>") == 1


def test_a_place_says_when_it_was_said(me, alice):
    conversation = keep(alice, "About animals", "What is an okapi?")
    Message.objects.filter(conversation=conversation).update(created_at="2024-02-03T12:00Z")
    page = me.get("/search/?q=okapi").content.decode()
    assert re.search(r'<time datetime="2024-02-03T[^"]+">3 Feb 2024</time>', page)


@pytest.mark.parametrize(
    ("source", "query", "marked"),
    [
        ("<p>The <em>quick</em> okapi</p>", '"quick okapi"',
         "<p>The <em><mark>quick</mark></em><mark> okapi</mark></p>"),
        ("<p>a &lt;b&gt; &amp; C++</p>", "c++", "<p>a &lt;b&gt; &amp; <mark>C++</mark></p>"),
        ("<p>one</p><p>two</p>", "onetwo", "<p>one</p><p>two</p>"),
        ("<p>one</p><p>two</p>", "one two", "<p><mark>one</mark></p><p><mark>two</mark></p>"),
        ("<p>one</p>", "one two", "<p>one</p>"),
        ('<a href="/one" title="a > one">two</a>', "one", '<a href="/one" title="a > one">two</a>'),
        ("<math><mi>x</mi></math> x", "x", "<math><mi>x</mi></math> <mark>x</mark>"),
        ("<p>שָׁלוֹם</p>", "שלום", "<p><mark>שָׁלוֹם</mark></p>"),
        ("<p>cafe\u0301 here</p>", "café", "<p><mark>café</mark> here</p>"),
        ("<code>a -&gt; b</code>", "->", "<code>a <mark>-&gt;</mark> b</code>"),
    ],
)  # fmt: skip
def test_what_was_looked_for_is_marked_in_a_message(source, query, marked):
    assert mark_html(source, parse(query)) == marked


@given(st.lists(st.sampled_from(["one", " ", "<p>", "</p>", "&lt;", "<b>", "</b>", "two", "é"])))
def test_marks_change_no_text_and_no_tag(pieces):
    source = "".join(pieces)
    marked = mark_html(source, parse("one two"))
    assert re.sub("</?mark>", "", marked) == source
    assert "one two" not in source or "<mark>" in marked


def test_a_conversation_without_title_is_found_in_any_language(me, alice):
    keep(alice, "", "What is an okapi?")
    page = me.get("/search/?q=okapi", headers={"accept-language": "zh-hans"})
    assert [title for title, _places in found(page)] == ["新对话"]


def test_narrowed_and_ordered(me, alice):
    old = keep(alice, "Old", "zebra zebra zebra", model="a")
    SearchEntry.objects.filter(conversation=old).update(
        created_at=timezone.now() - timedelta(days=3)
    )
    keep(alice, "New", "other " * 30 + "zebra", model="b")
    today = timezone.localdate()

    def titles(query):
        return [title for title, _places in found(me.get(f"/search/?q=zebra&{query}"))]

    assert titles("") == ["New", "Old"]
    assert titles("order=best") == ["Old", "New"]
    assert titles("model=a") == ["Old"]
    assert titles(f"since={today}") == ["New"]
    assert titles(f"until={today - timedelta(days=1)}") == ["Old"]
    assert titles(f"since={today - timedelta(days=3)}&until={today}") == ["New", "Old"]
    assert titles("model=unknown&since=x&until=y&order=z") == ["New", "Old"]


@pytest.mark.parametrize("order", ["newest", "best"])
def test_more_results_follow(me, alice, order):
    for number in range(45):
        keep(alice, f"t{number}", "zebra", "zebra")
    address, titles, pages = f"/search/?q=zebra&order={order}", [], 0
    while address:
        page = me.get(address)
        titles += [title for title, _places in found(page)]
        pages += 1
        more = re.search(r'href="(\?[^"]+)" rel="next"', page.content.decode())
        address = more and "/search/" + more[1].replace("&amp;", "&")
    assert pages >= 3
    assert set(titles) == {f"t{number}" for number in range(45)}


def test_a_conversation_full_of_it_shows_some_and_leads_to_all(me, alice):
    conversation = keep(alice, "Zoo", *[f"zebra {number}" for number in range(9)])
    page = me.get("/search/?q=zebra")
    [(_title, places)] = found(page)
    assert len(places) == 3
    assert "6 more places in this conversation" in page.content.decode()
    [(_title, places)] = found(me.get(f"/search/?q=zebra&in={conversation.pk}"))
    assert len(places) == 9


def test_what_was_typed_and_found_is_shown_as_text(me, alice):
    keep(alice, "<b>x</b>", "<script>alert(1)</script> x")
    page = me.get("/search/", {"q": '"><script>x'}).content.decode()
    assert "<script>alert" not in page and '"><script>x' not in page
    assert "&lt;<mark>script</mark>&gt;alert" in me.get("/search/?q=script").content.decode()


@pytest.mark.parametrize(
    "query",
    ["", "q=", "q=%00", "q=" + "x" * 3_000, "q=%ED%A0%80", "q=x&in=y", "q=x&before=-1&start=z",
     "q=x&before=" + "9" * 30, "q=x&start=99999", "q=x&since=0001-01-01&until=9999-12-31"],
)  # fmt: skip
def test_any_address_is_answered(me, alice, query):
    keep(alice, "x", "x")
    assert me.get(f"/search/?{query}").status_code == 200


def test_a_real_server_takes_ten_thousand_characters(server, visit, alice):
    visitor = visit(server, alice)
    for query in ("x" * 10_000, "字" * 7_000, '"x(' * 3_000):
        answer = visitor.get("/search/", params={"q": query})
        assert answer.status_code == 200
        assert "Nothing was found." in answer.text


def test_the_page_costs_the_same_however_much_is_found(me, alice, django_assert_max_num_queries):
    def queries():
        with django_assert_max_num_queries(20) as counted:
            me.get("/search/?q=zebra")
        return len(counted)

    keep(alice, "one", "zebra")
    queries()
    few = queries()
    for number in range(30):
        keep(alice, f"zebra {number}", "zebra", "zebra", "zebra")
    assert queries() == few


def test_who_is_not_logged_in_is_sent_to_the_login(client, alice):
    assert client.get("/search/?q=x").url == "/accounts/login/?next=/search/%3Fq%3Dx"
