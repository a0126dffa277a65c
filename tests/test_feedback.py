"""Thumbs up and down, with an optional sentence."""

import pytest

from conversations.models import Conversation, Feedback, Message
from tests.support.browser import finished, send

pytestmark = pytest.mark.once


@pytest.fixture
def reply(alice):
    conversation = Conversation.objects.create(owner=alice, title="A talk")
    question = Message.objects.create(conversation=conversation, role="user", text="?", html="?")
    return Message.objects.create(
        conversation=conversation, parent=question, role="assistant", text="!", html="<p>!</p>"
    )


def address(reply):
    return f"/messages/{reply.pk}/feedback/"


def test_a_thumb_and_then_a_sentence(client, alice, reply):
    client.force_login(alice)
    answer = client.post(address(reply), {"value": "bad"})
    assert answer.status_code == 303
    assert "Say why" in client.get(answer["Location"]).content.decode()
    answer = client.post(address(reply), {"comment": "Wrong year."})
    assert answer["Location"].startswith(reply.conversation.get_absolute_url())
    given = Feedback.objects.get(message=reply)
    assert (given.value, given.comment) == ("bad", "Wrong year.")


def test_a_thumb_can_be_turned_and_taken_back(client, alice, reply):
    client.force_login(alice)
    client.post(address(reply), {"value": "bad"})
    client.post(address(reply), {"value": "good"})
    assert Feedback.objects.get().value == "good"
    client.post(address(reply), {"value": "none"})
    assert not Feedback.objects.exists()


def test_others_cannot_judge(client, bob, reply):
    client.force_login(bob)
    assert client.post(address(reply), {"value": "good"}).status_code == 404
    assert client.get(address(reply)).status_code == 404
    assert not Feedback.objects.exists()


def test_only_replies_are_judged(client, alice, reply):
    client.force_login(alice)
    assert client.post(address(reply.parent), {"value": "good"}).status_code == 404


def test_other_values_are_refused(client, alice, reply):
    client.force_login(alice)
    assert client.post(address(reply), {"value": "great"}).status_code == 422
    long = {"value": "good", "comment": "x" * 2001}
    assert client.post(address(reply), long).status_code == 422
    assert not Feedback.objects.exists()


@pytest.mark.browser
def test_the_page_takes_it_in_place(server, surf, alice):
    page = surf(server, alice)
    send(page, "Hello")
    shown = finished(page)
    shown.get_by_role("button", name="Good reply").click()
    comment = shown.get_by_label("Say why, if you like")
    comment.fill("Just right")
    comment.press("Enter")
    comment.wait_for(state="detached")
    assert Feedback.objects.get().comment == "Just right"
    page.reload()
    pressed = page.get_by_role("button", name="Good reply")
    assert pressed.get_attribute("aria-pressed") == "true"
