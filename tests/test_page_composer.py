"""The composer: keys, drafts, limits, and what the chosen model offers."""

import pytest

from conversations.models import LanguageModel, Message, Response
from tests.support.browser import composer, finished, grown, send

pytestmark = pytest.mark.browser


def test_shift_and_enter_breaks_the_line(server, surf, alice):
    page = surf(server, alice)
    composer(page).fill("one")
    composer(page).press("Shift+Enter")
    page.keyboard.type("two")
    assert composer(page).input_value() == "one\ntwo"
    composer(page).press("Enter")
    finished(page)
    assert Message.objects.get(role="user").text == "one\ntwo"


def test_it_grows_to_two_fifths_of_the_screen_and_then_scrolls(server, surf, alice):
    page = surf(server, alice)
    heights = []
    for lines in (1, 5, 100):
        composer(page).fill("line\n" * lines)
        heights.append(composer(page).bounding_box()["height"])
    assert heights[0] < heights[1] < heights[2]
    assert abs(heights[2] - 0.4 * page.viewport_size["height"]) <= 1
    assert composer(page).evaluate("field => field.scrollHeight > 2 * field.clientHeight")


def test_enter_that_accepts_a_composed_word_sends_nothing(server, surf, alice):
    page = surf(server, alice)
    composer(page).fill("ni")
    for detail in ({"isComposing": True}, {"keyCode": 229}):
        stopped = composer(page).evaluate(
            """(field, detail) => {
                const press = {key: "Enter", bubbles: true, cancelable: true, ...detail};
                return !field.dispatchEvent(new KeyboardEvent("keydown", press));
            }""",
            detail,
        )
        assert not stopped
    assert page.locator("article").count() == 0
    assert composer(page).input_value() == "ni"


def test_on_touch_enter_breaks_the_line(server, surf, alice, playwright):
    phone = playwright.devices["Pixel 7"]
    page = surf(server, alice, **phone)
    composer(page).fill("one")
    composer(page).press("Enter")
    assert composer(page).input_value() == "one\n"
    page.get_by_role("button", name="Send").tap()
    finished(page)


def test_a_draft_survives_a_reload_in_its_own_conversation(server, surf, alice):
    page = surf(server, alice)
    send(page, "Begin")
    finished(page)
    composer(page).fill("half a thought")
    page.reload()
    assert composer(page).input_value() == "half a thought"
    page.get_by_role("link", name="New").click()
    assert composer(page).input_value() == ""
    composer(page).fill("another one")
    page.go_back()
    assert composer(page).input_value() == "half a thought"
    composer(page).press("Enter")
    finished(page, 2)
    page.reload()
    assert composer(page).input_value() == ""


def test_a_million_pasted_characters_do_not_freeze_the_page(server, surf, alice, gateway):
    page = surf(server, alice, permissions=["clipboard-read", "clipboard-write"])
    text = ("x" * 79 + "\n") * 12_500
    page.evaluate("(text) => navigator.clipboard.writeText(text)", text)
    composer(page).focus()
    page.evaluate(
        """() => {
            window.longest = 0;
            let last = performance.now();
            setInterval(() => {
                window.longest = Math.max(window.longest, performance.now() - last);
                last = performance.now();
            }, 10);
        }"""
    )
    page.keyboard.press("Control+V")
    alert = page.locator("#composer [role=alert]")
    alert.get_by_text("800,000 characters over the limit of 200,000").wait_for()
    page.wait_for_timeout(500)
    assert len(composer(page).input_value()) == 1_000_000
    # Left to itself Chromium takes minutes over it; the slack is for a busy machine.
    assert page.evaluate("longest") < 30_000
    composer(page).press("Enter")
    assert page.locator("article").count() == 0
    composer(page).fill("short")
    assert alert.text_content() == ""
    assert not gateway.responses


def test_the_script_refuses_what_the_server_would_not_read(make_server, surf, alice):
    server = make_server(MAX_BODY=100_000)
    page = surf(server, alice)
    requests = []
    page.on("request", lambda request: requests.append(request.method))
    send(page, "汉" * 20_000)
    assert "more than the server takes" in page.get_by_role("alert").inner_text()
    assert "POST" not in requests
    assert len(composer(page).input_value()) == 20_000


def test_what_is_too_large_without_the_script_comes_back_with_the_back_button(
    make_server, surf, alice
):
    server = make_server(MAX_BODY=50_000)
    page = surf(server, alice, java_script_enabled=False)
    composer(page).fill("汉" * 20_000)
    page.get_by_role("button", name="Send").click()
    assert page.get_by_role("heading", name="Too large").is_visible()
    page.go_back()
    assert len(composer(page).input_value()) == 20_000


def test_the_arrow_up_edits_the_last_message(server, surf, alice):
    page = surf(server, alice)
    send(page, "First wording")
    finished(page)
    composer(page).press("ArrowUp")
    editor = page.get_by_label("Edit message")
    assert editor.input_value() == "First wording"
    editor.press("Escape")
    assert page.locator("article[data-role=user]").inner_text().startswith("First wording")


def test_the_model_is_remembered_and_says_what_efforts_it_has(server, surf, alice, gateway):
    LanguageModel.objects.create(name="thinker", efforts="low, high")
    page = surf(server, alice)
    effort = page.get_by_label("Reasoning effort")
    assert not effort.is_visible()
    page.get_by_label("Model", exact=True).select_option("thinker")
    effort.select_option("high")
    send(page, "Think")
    finished(page)
    sent = gateway.responses[0].body
    assert sent["model"] == "thinker"
    assert sent["reasoning"]["effort"] == "high"
    page.reload()
    assert page.get_by_label("Model", exact=True).input_value() == "thinker"
    assert effort.input_value() == "high"


def test_without_the_script_what_is_typed_while_a_reply_is_written_is_not_lost(
    server, surf, alice, gateway
):
    gateway.will(pieces=400, pace=0.05)
    page = surf(server, alice, java_script_enabled=False)
    composer(page).fill("Long")
    page.get_by_role("button", name="Send", exact=True).click()
    grown(page, 5)
    # This one loads itself anew, so there is nothing to type in.
    assert not composer(page).is_visible()
    page.get_by_role("link", name="Write the next message").click()
    composer(page).fill("Me too")
    page.wait_for_timeout(2_500)
    assert composer(page).input_value() == "Me too"
    page.get_by_role("button", name="Send", exact=True).click()
    assert "still being written" in page.get_by_role("alert").inner_text()
    page.wait_for_timeout(2_500)
    assert composer(page).input_value() == "Me too"
    assert Response.objects.count() == 1
    page.get_by_role("link", name="Show the reply so far").click()
    page.get_by_role("button", name="Stop").click()
    finished(page)
    assert composer(page).is_visible()


def test_the_server_comes_to_know_the_zone_of_the_reader(server, surf, alice):
    page = surf(server, alice, timezone_id="Asia/Tokyo")
    page.wait_for_function("document.cookie.includes('timezone=Asia/Tokyo')")
