"""Sending from the page, with the script and without it."""

import re

import pytest

from conversations.models import Conversation, Message
from tests.support.browser import composer, finished, grown, send

pytestmark = pytest.mark.browser


def test_the_message_appears_at_once_and_the_reply_grows_in_place(server, surf, alice, gateway):
    gateway.will(pieces=60, pace=0.03, first=0.3)
    page = surf(server, alice)
    send(page, "How do tides work?")
    question = page.locator("article[data-role=user]")
    assert question.text_content().strip().startswith("How do tides work?")
    assert composer(page).input_value() == ""
    length = grown(page, 20)
    grown(page, length + 1)
    reply = finished(page)
    assert reply.get_attribute("data-status") == "completed"
    assert page.locator("article").count() == 2
    assert page.locator("#announcer").text_content() == "Reply finished"
    assert reply.locator(".prose").inner_text() == " ".join(f"word{n}" for n in range(60))


def test_the_placeholder_stands_before_the_next_frame(server, surf, alice):
    page = surf(server, alice)
    composer(page).fill("At once")
    shown = page.evaluate(
        """() => {
            document.getElementById("send").click();
            return [...document.querySelectorAll("article")].map((each) => each.dataset.status);
        }"""
    )
    assert shown == ["completed", "queued"]
    finished(page)


def test_sending_from_the_start_page_makes_the_address_the_conversations(server, surf, alice):
    page = surf(server, alice)
    send(page, "A title of its own")
    finished(page)
    conversation = Conversation.objects.get()
    assert page.url == f"{server.url}/conversations/{conversation.pk}/"
    assert page.title().startswith("A title of its own")
    current = page.locator("#conversations [aria-current=page]")
    assert current.text_content() == "A title of its own"
    send(page, "And a second message")
    finished(page, 2)
    assert Conversation.objects.count() == 1
    page.reload()
    assert page.locator("article").count() == 4


def test_everything_works_without_the_script(server, surf, alice, gateway):
    gateway.will(pieces=40, pace=0.1)
    page = surf(server, alice, java_script_enabled=False)
    composer(page).fill("No script\nhere")
    page.get_by_role("button", name="Send").click()
    assert re.search(r"/conversations/[0-9a-f-]{36}/$", page.url)
    assert page.locator("article[data-role=user]").inner_text().startswith("No script\nhere")
    # The page loads itself anew until the reply is there.
    grown(page)
    page.get_by_role("button", name="Stop").click()
    stopped = page.locator("article[data-status=cancelled]")
    stopped.wait_for()
    stopped.get_by_role("button", name="Retry").click()
    assert "2/2" in finished(page).inner_text()


def test_stop_and_escape_keep_what_had_arrived(server, surf, alice, gateway):
    gateway.will(pieces=400, pace=0.05)
    page = surf(server, alice)
    send(page, "Write for long")
    grown(page, 30)
    page.get_by_role("button", name="Stop").click()
    first = finished(page)
    assert first.get_attribute("data-status") == "cancelled"
    assert len(first.locator(".prose").text_content()) > 30
    gateway.will(pieces=400, pace=0.05)
    send(page, "And again")
    grown(page, 30, number=1)
    page.keyboard.press("Escape")
    assert finished(page, 2).get_attribute("data-status") == "cancelled"


def test_an_unreachable_server_keeps_the_text(server, surf, alice):
    page = surf(server, alice)
    page.context.set_offline(True)
    send(page, "Worth keeping")
    page.get_by_role("alert").get_by_text("could not be reached").wait_for()
    assert composer(page).input_value() == "Worth keeping"
    assert page.locator("article").count() == 0
    page.context.set_offline(False)
    composer(page).press("Enter")
    finished(page)
    assert Message.objects.filter(role="user").count() == 1


def test_an_expired_login_keeps_the_text_and_goes_on_after_a_new_one(server, surf, alice, settings):
    # Such as the server itself can check.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    alice.set_password("correct horse")
    alice.save()
    page = surf(server, alice)
    page.context.clear_cookies(name="session")
    send(page, "Typed for an hour")
    link = page.get_by_role("alert").get_by_role("link")
    link.wait_for()
    assert composer(page).input_value() == "Typed for an hour"
    with page.context.expect_page() as opened:
        link.click()
    login = opened.value
    login.locator("[name=login]").fill("alice")
    login.locator("[name=password]").fill("correct horse")
    login.get_by_role("button", name="Sign in", exact=True).click()
    login.wait_for_url(f"{server.url}/")
    composer(page).press("Enter")
    finished(page)
    assert Message.objects.get(role="user").text == "Typed for an hour"


def test_an_error_of_the_gateway_stands_in_the_turn_with_retry(server, surf, alice, gateway):
    gateway.will(status=400, body={"error": {"message": "No such tea.", "code": "bad_tea"}})
    page = surf(server, alice)
    send(page, "Tea?")
    failed = finished(page)
    assert failed.get_attribute("data-status") == "failed"
    assert "No such tea." in failed.inner_text()
    failed.get_by_role("button", name="Retry").click()
    page.locator("article[data-role=assistant][data-status=completed]").wait_for()
    assert page.locator("article").count() == 2
