"""Turns: copy, edit, retry, versions, continue, information, earlier messages."""

import signal

import pytest

from conversations.models import Conversation, LanguageModel, Message, Response
from tests.support.browser import composer, finished, grown, send
from tests.support.polling import until

pytestmark = pytest.mark.browser


def test_copy_gives_the_markdown(server, surf, alice, gateway):
    gateway.will(text="**Bold** and\n\n```sh\nls -la\n```\n")
    page = surf(server, alice, permissions=["clipboard-read", "clipboard-write"])
    send(page, "Show")
    reply = finished(page)
    reply.get_by_role("link", name="Copy", exact=True).click()
    page.locator("use[href='#icon-done']").wait_for(state="attached")
    assert clipboard(page) == "**Bold** and\n\n```sh\nls -la\n```\n"
    reply.get_by_role("button", name="Copy code").click()
    page.wait_for_timeout(200)
    assert clipboard(page) == "ls -la\n"


def test_without_a_clipboard_copy_goes_by_selection(server, surf, alice, gateway):
    gateway.will(text="Plain words")
    page = surf(server, alice, permissions=["clipboard-read"])
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.goto("/")
    send(page, "Show")
    finished(page).get_by_role("link", name="Copy", exact=True).click()
    page.locator("use[href='#icon-done']").wait_for(state="attached")
    composer(page).focus()
    page.keyboard.press("Control+V")
    assert composer(page).input_value() == "Plain words"


def test_an_edited_message_is_a_version_of_its_own(server, surf, alice):
    page = surf(server, alice)
    send(page, "Wrong wording")
    finished(page)
    page.get_by_role("link", name="Edit").click()
    editor = page.get_by_label("Edit message")
    editor.fill("Right wording")
    page.get_by_role("button", name="Save and send").click()
    finished(page)
    page.locator(".siblings", has_text="2/2").first.wait_for()
    assert page.locator("article").count() == 2
    assert "Right wording" in page.locator("article[data-role=user]").inner_text()
    page.get_by_role("link", name="Previous version").click()
    page.locator(".siblings", has_text="1/2").first.wait_for()
    assert "Wrong wording" in page.locator("article").first.inner_text()
    assert "Wrong wording" in page.locator("article").last.inner_text(), "the echo followed"
    assert "?at=" in page.url
    send(page, "Go on from here")
    finished(page, 2)
    latest = Message.objects.filter(role="user").latest("created_at")
    assert "Wrong wording" in latest.parent.parent.text


def test_editing_can_be_given_up(server, surf, alice):
    page = surf(server, alice)
    send(page, "As it was")
    finished(page)
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Edit message").fill("No, wait")
    page.get_by_role("link", name="Cancel").click()
    assert "As it was" in page.locator("article").first.inner_text()
    assert Message.objects.count() == 2


def test_a_retry_may_go_to_another_model(server, surf, alice, gateway):
    LanguageModel.objects.create(name="other-model")
    page = surf(server, alice)
    send(page, "Which one are you?")
    finished(page).get_by_role("button", name="Retry with another model").click()
    page.get_by_role("button", name="other-model").click()
    page.locator(".siblings", has_text="2/2").first.wait_for()
    finished(page)
    assert [request.body["model"] for request in gateway.responses][-1] == "other-model"
    page.get_by_role("button", name="Information").click()
    assert "other-model" in page.locator(".card:popover-open").inner_text()
    assert page.locator("article").count() == 2


def test_another_model_can_be_chosen_by_keyboard_and_given_up(server, surf, alice):
    LanguageModel.objects.create(name="other-model")
    page = surf(server, alice)
    send(page, "Which one are you?")
    more = finished(page).get_by_role("button", name="Retry with another model")
    for _twice in range(2):
        more.press("Enter")
        menu = page.locator(".menu:popover-open")
        menu.wait_for()
        assert menu.locator("button").first.evaluate("it => it === document.activeElement")
        page.keyboard.press("Escape")
        menu.wait_for(state="hidden")
    assert page.locator("article").count() == 2


def test_a_reply_cut_off_for_length_can_be_continued(server, surf, alice, gateway):
    gateway.will(
        body={
            "object": "response",
            "status": "incomplete",
            "incomplete_details": {"reason": "max_output_tokens"},
            "output": [{"type": "message", "content": [{"type": "output_text", "text": "Half a"}]}],
        }
    )
    page = surf(server, alice)
    send(page, "Tell me")
    reply = finished(page)
    assert reply.get_attribute("data-status") == "incomplete"
    reply.get_by_role("button", name="Continue").click()
    finished(page, 2)
    assert page.locator("article").count() == 4
    assert len(gateway.responses[1].body["input"]) == 3


def test_reasoning_is_folded_and_says_how_long_it_took(server, surf, alice, gateway):
    gateway.will(text="Answer", reasoning="Let me see first.", first=1.5)
    page = surf(server, alice)
    send(page, "Think")
    page.get_by_text("Thinking…").wait_for()
    reply = finished(page)
    summary = reply.locator(".thinking summary")
    assert "Thought for" in summary.inner_text()
    assert not reply.get_by_text("Let me see first.").is_visible()
    summary.click()
    assert reply.get_by_text("Let me see first.").is_visible()


def test_earlier_messages_come_without_a_jump(server, surf, alice):
    conversation = long_conversation(alice, 120)
    page = surf(server, alice, conversation.get_absolute_url())
    assert page.locator("article").count() == 50
    page.evaluate("scrollTo(0, 0)")
    first = page.locator("article").first
    before = first.bounding_box()["y"]
    mark = first.get_attribute("data-message")
    page.get_by_role("link", name="Show earlier messages").click()
    page.locator("article").nth(99).wait_for()
    after = page.locator(f"article[data-message='{mark}']").bounding_box()["y"]
    assert abs(after - before) <= 40, "only the button itself may go"
    page.get_by_role("link", name="Show earlier messages").click()
    page.locator("article").nth(119).wait_for()
    assert page.get_by_role("link", name="Show earlier messages").count() == 0


def test_a_conversation_opens_at_its_end_and_follows_only_there(server, surf, alice, gateway):
    conversation = long_conversation(alice, 30)
    page = surf(server, alice, conversation.get_absolute_url())
    assert distance_to_end(page) < 5
    gateway.will(text="line\n\n" * 200, pace=0.02)
    send(page, "Long please")
    grown(page, 60, number=15)
    # A busy machine draws several lines before it scrolls.
    until(lambda: distance_to_end(page) < 60)
    page.mouse.move(600, 300)
    page.mouse.wheel(0, -900)
    page.wait_for_timeout(150)
    top = page.evaluate("scrollY")
    length = grown(page, 1, number=15)
    grown(page, length + 60, number=15)
    assert abs(page.evaluate("scrollY") - top) < 3, "the reader stays where they scrolled to"
    page.get_by_role("button", name="To the newest").click()
    until(lambda: distance_to_end(page) < 60)


def test_a_selection_survives_while_text_comes(server, surf, alice, gateway):
    gateway.will(text="A first paragraph.\n\n" + "and more " * 200, pace=0.02)
    page = surf(server, alice)
    send(page, "Go")
    grown(page, 60)
    page.evaluate("getSelection().selectAllChildren(document.querySelector('.block p'))")
    grown(page, 200)
    assert page.evaluate("String(getSelection())").strip() == "A first paragraph."
    finished(page)
    assert page.evaluate("String(getSelection())").strip() == "A first paragraph."


def test_a_reload_and_a_second_tab_show_the_same_reply(server, surf, alice, gateway):
    gateway.will(pieces=150, pace=0.04)
    page = surf(server, alice)
    send(page, "Long")
    grown(page, 40)
    path = page.url.removeprefix(server.url)
    second = surf(server, alice, path)
    page.reload()
    grown(page, 40)
    texts = {finished(each).locator(".prose").inner_text() for each in (page, second)}
    assert len(texts) == 1
    assert Conversation.objects.count() == 1


def test_a_lost_connection_says_so_and_heals(server, surf, alice, gateway):
    gateway.will(pieces=400, pace=0.03)
    page = surf(server, alice)
    send(page, "Long")
    grown(page, 20)
    # The first words are on disk within a second of being shown.
    until(lambda: Response.objects.get().partial)
    server.stop(signal.SIGKILL)
    page.get_by_text("Reconnecting…").wait_for()
    server.start()
    # A reply counts as given up when nobody has written at it for a while (REPLY_DEAD).
    page.context.set_default_timeout(60_000)
    reply = finished(page)
    assert reply.get_attribute("data-status") == "interrupted"
    assert "word0" in reply.inner_text()
    assert not page.get_by_text("Reconnecting…").is_visible()


def test_a_stream_that_was_refused_is_asked_for_again(make_server, surf, alice, gateway):
    """After a 503 the browser itself would never ask again."""
    server = make_server(MAX_STREAMS=1)
    gateway.will(pieces=400, pace=0.03)
    page = surf(server, alice)
    send(page, "Long")
    grown(page, 20)
    second = surf(server, alice, page.url.removeprefix(server.url))
    second.get_by_text("Reconnecting…").wait_for()
    page.close()
    reply = finished(second)
    assert reply.get_attribute("data-status") == "completed"
    assert not second.get_by_text("Reconnecting…").is_visible()


def clipboard(page):
    return page.evaluate("navigator.clipboard.readText()")


def distance_to_end(page):
    return page.evaluate("document.documentElement.scrollHeight - innerHeight - scrollY")


def long_conversation(person, count):
    """`count` messages, turn by turn."""
    conversation = Conversation.objects.create(owner=person, title="Long")
    parent = None
    for number in range(count):
        role = "assistant" if number % 2 else "user"
        parent = Message.objects.create(
            conversation=conversation,
            parent=parent,
            role=role,
            text=f"message {number}",
            html=f"<p>message {number}</p>" if number % 2 else f"message {number}",
        )
    conversation.active = parent
    conversation.save()
    return conversation


def test_one_may_write_where_later_messages_are_not_shown(server, surf, alice):
    conversation = long_conversation(alice, 260)
    first = conversation.messages.earliest("created_at")
    page = surf(server, alice)
    page.goto(f"{conversation.get_absolute_url()}?at={first.pk}")
    page.get_by_role("link", name="Show later messages").wait_for()
    page.locator("#message").fill("Hello from far up")
    page.locator("#send").click()
    page.wait_for_url(f"**{conversation.get_absolute_url()}")
    page.get_by_text("You said: Hello from far up").wait_for()
    assert page.get_by_text("message 259").count() == 1
