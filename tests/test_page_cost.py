"""A page costs the same whatever the length of the conversation, and fetches ahead only our own."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench.page import load
from conversations.models import Conversation
from tests.support.visitor import session_of
from tests.test_page_turns import long_conversation

pytestmark = pytest.mark.once


def queries_of(client, address):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        page = client.get(address)
    assert page.status_code == 200
    return len(captured), page.content.decode()


def test_the_queries_do_not_grow_with_the_conversation(client, alice):
    client.force_login(alice)
    short = long_conversation(alice, 2)
    # The first page of a process also fills what Django keeps.
    client.get(short.get_absolute_url())
    few, _ = queries_of(client, short.get_absolute_url())
    long = long_conversation(alice, 300)
    for _ in range(30):
        Conversation.objects.create(owner=alice, title="Another")
    many, page = queries_of(client, long.get_absolute_url())
    assert many == few
    assert page.count("<article") == 50


def test_no_markdown_is_parsed_for_a_page(client, alice):
    client.force_login(alice)
    conversation = long_conversation(alice, 2)
    # Text that was never rendered: what the page shows is what was stored when it was written.
    conversation.messages.filter(role="assistant").update(
        text="# A **heading**", html="<p>kept</p>"
    )
    _, page = queries_of(client, conversation.get_absolute_url())
    assert "<p>kept</p>" in page
    assert "heading" not in page


def test_pages_are_compressed_and_streams_are_not(server, visit, alice):
    visitor = visit(server, alice)
    assert visitor.get("/").headers["Content-Encoding"] == "gzip"
    with visitor.events(visitor.ask("Hello").pk) as stream:
        assert list(stream)[-1].name == "done"
        assert "Content-Encoding" not in stream.answer.headers


def test_only_links_of_the_sidebar_are_fetched_ahead(server, visit, alice):
    visitor = visit(server, alice)
    answer = visitor.get(json.loads(visitor.get("/").headers["Speculation-Rules"]))
    assert answer.headers["Content-Type"] == "application/speculationrules+json"
    assert "immutable" in answer.headers["Cache-Control"]
    rules = answer.json()
    assert list(rules) == ["prefetch"]
    (rule,) = rules["prefetch"]
    assert rule["where"] == {"selector_matches": "#conversations a"}
    assert rule["eagerness"] == "moderate"


@pytest.mark.browser
def test_a_cold_load_is_small_and_asks_nobody_else(server, surf, browser, alice):
    conversation = long_conversation(alice, 100)
    address = server.url + conversation.get_absolute_url()
    sizes = load(browser, address, session_of(alice))["sizes"]
    assert len(sizes) <= 8, sizes
    assert sum(sizes.values()) <= 60_000, sizes
    assert sum(size for path, size in sizes.items() if path.endswith(".js")) <= 12_300, sizes
    page = surf(server, alice)
    asked = []
    page.context.on("request", lambda request: asked.append(request.url))
    page.goto(conversation.get_absolute_url())
    assert asked
    assert all(url.startswith(server.url) for url in asked)


@pytest.mark.browser
def test_pointing_at_a_conversation_fetches_it_ahead(server, surf, alice):
    conversation = long_conversation(alice, 4)
    page = surf(server, alice)
    with page.expect_request(f"**{conversation.get_absolute_url()}") as asked:
        page.locator("#conversations a").first.hover()
    assert asked.value.headers.get("sec-purpose", "").startswith("prefetch")
    page.locator("#conversations a").first.click()
    page.locator("article").first.wait_for()
