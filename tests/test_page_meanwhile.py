"""Two tabs, one conversation: what happened elsewhere is shown, and nothing branches unasked."""

import re

import pytest
from playwright.sync_api import expect

from conversations.models import Message
from tests.support.browser import composer, finished, grown, replies, send

pytestmark = pytest.mark.browser

AWAY = (
    "(away) => { Object.defineProperty(document, 'hidden', { value: away, configurable: true });"
    "document.dispatchEvent(new Event('visibilitychange')) }"
)


def test_a_stale_end_says_so_before_it_branches_and_a_tab_that_comes_back_is_true(
    server, surf, alice
):
    page = surf(server, alice)
    send(page, "First")
    finished(page)
    path = page.url.removeprefix(server.url)
    other = surf(server, alice, path)
    send(other, "From the other tab")
    finished(other, 2)
    # This tab has not heard of it.
    assert page.locator("article").count() == 2
    send(page, "From the first tab")
    page.get_by_role("alert").get_by_text("went on elsewhere").wait_for()
    assert composer(page).input_value() == "From the first tab"
    expect(page.locator("article")).to_have_count(4)
    composer(page).press("Enter")
    finished(page, 3)
    path_of_turns = [message.text for message in Message.objects.filter(role="user")]
    assert path_of_turns == ["First", "From the other tab", "From the first tab"]
    # The other tab was in the background meanwhile, and its half-written text stays.
    composer(other).fill("half a thought")
    assert other.locator("article").count() == 4
    other.evaluate(AWAY, True)
    other.evaluate(AWAY, False)
    expect(other.locator("article")).to_have_count(6)
    assert composer(other).input_value() == "half a thought"
    # Versions made elsewhere are told, and in sight although nobody points at them.
    page.get_by_role("button", name="Retry", exact=True).last.click()
    page.locator(".siblings", has_text="2/2").wait_for()
    finished(page, 3)
    other.evaluate(AWAY, True)
    other.evaluate(AWAY, False)
    versions = other.locator(".siblings", has_text="2/2")
    versions.wait_for()
    send(other, "After the retry")
    finished(other, 4)
    other.mouse.move(0, 0)
    assert versions.evaluate("(e) => getComputedStyle(e).opacity") == "1"


def test_without_the_script_a_stale_form_comes_back_under_what_is_new(server, surf, alice):
    page = surf(server, alice, java_script_enabled=False)
    composer(page).fill("First")
    page.get_by_role("button", name="Send").click()
    finished(page)
    other = surf(server, alice, page.url.removeprefix(server.url))
    send(other, "From the other tab")
    finished(other, 2)
    composer(page).fill("From the stale page")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("alert").get_by_text("went on elsewhere").wait_for()
    assert page.locator("article").count() == 4
    assert composer(page).input_value() == "From the stale page"
    page.get_by_role("button", name="Send").click()
    finished(page, 3)
    asked = Message.objects.filter(role="user").order_by("created_at")
    assert [each.text for each in asked][-1] == "From the stale page"
    assert asked.last().parent == Message.objects.filter(role="assistant")[1]


def test_a_reply_that_ends_in_a_hidden_tab_marks_its_title_and_gives_a_notice(
    server, surf, alice, gateway
):
    gateway.will(pieces=60, pace=0.05)
    page = surf(server, alice)
    page.add_init_script(
        """window.told = [];
        window.Notification = class {
            static permission = "granted";
            constructor(title, options) { window.told.push([title, options.body]); }
            addEventListener() {}
        };"""
    )
    page.goto("/")
    send(page, "A long one")
    grown(page, 5)
    page.evaluate(AWAY, True)
    expect(page).to_have_title(re.compile("^● A long one"), timeout=30_000)
    assert page.evaluate("told") == [["A long one", "Reply finished"]]
    page.evaluate(AWAY, False)
    assert finished(page).get_attribute("data-status") == "completed"
    assert page.title().startswith("A long one")
    assert replies(page).count() == 1
