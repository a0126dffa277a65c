"""The keyboard and the screen reader: where the focus goes, what keys do, and what is said."""

import pytest
from playwright.sync_api import expect

from conversations.models import Conversation, Message, Response
from tests.support.browser import composer, finished, grown, send
from tests.support.review_stage import converse
from tests.test_page_turns import long_conversation

pytestmark = pytest.mark.browser


def focused(page):
    """The name of what has the focus."""
    return page.evaluate(
        "(({activeElement: e}) => e.id || e.name || e.title || e.getAttribute('aria-label') "
        "|| e.localName)(document)"
    )


def announced(page):
    return page.locator("#announcer").text_content().strip()


def test_the_focus_never_falls_and_the_end_of_a_reply_is_said(server, surf, alice, gateway):
    page = surf(server, alice)
    assert focused(page) == "message"
    send(page, "First")
    reply = finished(page)
    assert announced(page) == "Reply finished"
    assert focused(page) == "message"
    for name in ("Good reply", "Bad reply"):
        reply.get_by_role("button", name=name).focus()
        page.keyboard.press("Enter")
        pressed = reply.get_by_role("button", name=name, pressed=True)
        expect(pressed).to_be_focused()
    comment = reply.get_by_label("Say why")
    comment.fill("Too short")
    comment.press("Enter")
    expect(reply.get_by_role("button", name="Bad reply", pressed=True)).to_be_focused()
    reply.get_by_role("link", name="Copy").press("Enter")
    gateway.will(pieces=400, pace=0.05)
    reply.get_by_role("button", name="Retry", exact=True).press("Enter")
    grown(page, 5)
    expect(composer(page)).to_be_focused()
    page.get_by_role("button", name="Stop").press("Enter")
    stopped = finished(page)
    expect(composer(page)).to_be_focused()
    assert announced(page) == "Reply stopped"
    # A stopped reply can go on, and only the last one.
    stopped.get_by_role("button", name="Continue").press("Enter")
    finished(page, 2)
    expect(composer(page)).to_be_focused()
    assert not stopped.get_by_role("button", name="Continue").is_visible()
    gateway.will(status=400, body={"error": {"message": "No.", "code": "no"}})
    send(page, "Fail")
    finished(page, 3)
    assert announced(page) == "Reply failed"


def test_escape_ends_only_the_innermost_thing(server, surf, alice, gateway):
    gateway.will(pieces=400, pace=0.05)
    page = surf(server, alice)
    send(page, "Long")
    grown(page, 5)
    page.get_by_role("link", name="Edit", exact=True).press("Enter")
    editor = page.get_by_label("Edit message")
    compose = """(field, detail) => field.dispatchEvent(new KeyboardEvent("keydown",
        {key: "Escape", bubbles: true, cancelable: true, ...detail}))"""
    for detail in ({"isComposing": True}, {"keyCode": 229}):
        editor.evaluate(compose, detail)
        assert editor.is_visible()
    editor.press("Escape")
    expect(editor).to_have_count(0)
    search = page.get_by_role("searchbox")
    search.fill("words")
    search.press("Escape")
    for detail in ({"isComposing": True}, {"keyCode": 229}):
        composer(page).evaluate(compose, detail)
    page.keyboard.press("?")
    page.get_by_role("button", name="Alice Lindqvist").click()
    page.keyboard.press("Escape")
    page.wait_for_timeout(500)
    assert Response.objects.get().status == "in_progress"
    assert not Response.objects.get().stop_requested
    composer(page).press("Escape")
    assert finished(page).get_attribute("data-status") == "cancelled"
    # The editor sends by the same key as the composer.
    page.get_by_role("link", name="Edit", exact=True).press("Enter")
    page.get_by_label("Edit message").fill("Better")
    page.get_by_label("Edit message").press("Control+Enter")
    page.locator(".siblings", has_text="2/2").first.wait_for()
    assert Message.objects.filter(role="user", text="Better").exists()


def test_shortcuts_find_search_and_lead_on(server, surf, alice):
    from conversations.search import index

    first, second = converse(alice, title="Tides"), converse(alice, title="Moons")
    for conversation in (first, second):
        index.add_conversation(conversation.pk)
    page = surf(server, alice, second.get_absolute_url())
    expect(composer(page)).to_be_focused()
    page.get_by_role("link", name="New", exact=True).focus()
    page.keyboard.type("so it begins")
    assert composer(page).input_value() == "so it begins"
    composer(page).fill("")
    page.get_by_role("link", name="New", exact=True).focus()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    dialog.get_by_text("Copy the last reply").wait_for()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("tid")
    hit = page.locator("#found .hit a")
    expect(hit).to_have_count(1)
    assert hit.locator("mark").first.inner_text() == "Tides"
    page.keyboard.press("ArrowDown")
    expect(hit).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Escape")
    expect(page.locator("#found")).to_be_hidden()
    page.keyboard.press("Alt+Shift+ArrowDown")
    page.wait_for_url(f"**{first.get_absolute_url()}")
    page.keyboard.press("Alt+Shift+S")
    expect(page.locator("#sidebar")).to_be_hidden()
    page.keyboard.press("Alt+Shift+N")
    page.wait_for_url(f"{server.url}/")
    expect(page.locator("#sidebar")).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.get_by_role("link", name="Keep the sidebar open").click()
    expect(page.get_by_role("link", name="Hide the sidebar")).to_be_focused()
    page.reload()
    expect(page.locator("#sidebar")).to_be_visible()


def test_the_sidebar_is_hidden_without_the_script_too(server, surf, alice):
    conversation = converse(alice, title="Shown")
    page = surf(server, alice, conversation.get_absolute_url(), java_script_enabled=False)
    page.get_by_role("link", name="Hide the sidebar").click()
    expect(page.get_by_role("searchbox")).to_be_hidden()
    assert page.url == f"{server.url}{conversation.get_absolute_url()}"
    page.get_by_role("button", name="Conversations").click()
    page.get_by_role("link", name="Keep the sidebar open").click()
    expect(page.get_by_role("searchbox")).to_be_visible()
    page.goto("/shortcuts/")
    assert page.get_by_text("Ctrl + K").is_visible()


def test_earlier_messages_and_dismissed_notes_leave_the_focus_where_they_were(server, surf, alice):
    conversation = long_conversation(alice, 60)
    page = surf(server, alice, conversation.get_absolute_url())
    page.get_by_role("link", name="Show earlier messages").press("Enter")
    page.locator("article").nth(59).wait_for()
    assert page.evaluate("document.activeElement.textContent").strip().startswith("message 0")
    page.locator(".list__manage").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Archive", exact=True).click()
    page.wait_for_url(f"{server.url}/")
    page.get_by_role("button", name="Dismiss").press("Enter")
    expect(composer(page)).to_be_focused()
    assert Conversation.objects.get().archived_at
