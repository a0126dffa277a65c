"""A message written while a reply is being written waits on the server and is then sent."""

import pytest

from conversations.models import Message, QueuedMessage
from tests.support.browser import composer, finished, grown, send

pytestmark = pytest.mark.browser


def test_a_message_waits_above_the_composer_and_is_sent_when_the_reply_ends(
    server, surf, alice, gateway
):
    gateway.will(pieces=60, pace=0.05)
    page = surf(server, alice)
    send(page, "First")
    grown(page, 5)
    send(page, "Second")
    page.locator("#queued").get_by_text("Second").wait_for()
    assert composer(page).input_value() == ""
    assert page.locator("article").count() == 2
    finished(page, 2)
    assert page.locator("#queued").inner_text().strip() == ""
    assert [each.text for each in Message.objects.filter(role="user")] == ["First", "Second"]
    assert len(gateway.responses) == 2


def test_it_is_sent_also_when_nobody_looks(server, surf, alice, gateway):
    gateway.will(pieces=40, pace=0.05)
    page = surf(server, alice)
    send(page, "First")
    grown(page, 5)
    send(page, "Second")
    page.locator("#queued").get_by_text("Second").wait_for()
    page.close()
    gateway.wait_for(2, timeout=20)
    assert gateway.responses[1].said == "Second"


def test_it_can_be_taken_back_into_the_composer(server, surf, alice, gateway):
    gateway.will(pieces=400, pace=0.05)
    page = surf(server, alice)
    send(page, "First")
    grown(page, 5)
    send(page, "Second")
    page.get_by_role("link", name="Edit the queued message").click()
    page.locator("#queued .queued").wait_for(state="detached")
    assert composer(page).input_value() == "Second"
    assert not QueuedMessage.objects.exists()


def test_after_a_failure_it_waits_for_a_word(server, surf, alice, gateway):
    gateway.will(chunks=[1.5], status=500)
    page = surf(server, alice)
    send(page, "First")
    page.get_by_role("button", name="Stop").wait_for()
    send(page, "Second")
    page.locator("#queued").get_by_text("Second").wait_for()
    assert finished(page).get_attribute("data-status") == "failed"
    page.get_by_role("button", name="Send now").click()
    finished(page, 2)
    assert len(gateway.responses) >= 2
    assert not QueuedMessage.objects.exists()


def test_the_queue_works_without_the_script(server, surf, alice, gateway):
    gateway.will(pieces=400, pace=0.05)
    page = surf(server, alice, java_script_enabled=False)
    composer(page).fill("First")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("link", name="Write the next message").click()
    composer(page).fill("Second")
    page.get_by_role("button", name="Queue").click()
    page.locator("#queued").get_by_text("Second").wait_for()
    page.get_by_role("link", name="Edit the queued message").click()
    page.get_by_label("Queued message").fill("Second, better")
    page.get_by_role("button", name="Save").click()
    page.locator("#queued").get_by_text("Second, better").wait_for()
    page.get_by_role("button", name="Remove the queued message").click()
    page.locator("#queued .queued").wait_for(state="detached")
    assert not QueuedMessage.objects.exists()
