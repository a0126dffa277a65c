"""States that nobody looks at: wide and long texts, 400 %, forced colours, copies as rich text."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from conversations.models import Conversation, LanguageModel, QueuedMessage
from conversations.rendering import render
from tests.support.accessibility import check
from tests.support.browser import composer, finished, grown, send
from tests.support.review_stage import converse

pytestmark = pytest.mark.browser


def table(columns, rows):
    cells = [[f"Column {n}" for n in range(columns)], ["---"] * columns]
    cells += [["1,234,567"] * columns] * rows
    return "\n".join("|".join(("", *row, "")) for row in cells)


def show(conversation, text):
    """Have `text` stand as the last reply."""
    reply = conversation.active
    reply.text, reply.html = text, render(text)
    reply.save()
    return conversation.get_absolute_url()


def test_wide_tables_use_the_width_go_on_and_keep_their_headings(server, surf, alice):
    path = show(converse(alice), f"Before\n\n{table(14, 60)}\n\nAfter")
    page = surf(server, alice, path)
    places = page.locator(".table-scroll").evaluate(
        """(scroll) => {
            const column = document.querySelector(".prose p").getBoundingClientRect();
            const main = document.querySelector("main").getBoundingClientRect();
            const table = scroll.querySelector("table").getBoundingClientRect();
            scroll.scrollTop = 300;
            return {
                begins: Math.abs(table.left - column.left),
                beyond: scroll.getBoundingClientRect().right - column.right,
                within: main.right - scroll.getBoundingClientRect().right,
                heading: scroll.querySelector("th").getBoundingClientRect().top
                    - scroll.getBoundingClientRect().top,
                shadows: getComputedStyle(scroll).backgroundImage.split("linear-gradient").length,
            };
        }"""
    )
    assert places["begins"] <= 1, "it begins where the text does"
    assert places["beyond"] > 50, places
    assert 0 <= places["within"] <= 40, places
    assert abs(places["heading"]) <= 1, "its headings stay"
    assert places["shadows"] == 5
    page.emulate_media(media="print")
    assert page.locator(".table-scroll").evaluate("(e) => e.scrollHeight <= e.clientHeight")


def test_nothing_is_too_long_or_too_wide_for_a_phone(server, surf, alice):
    conversation = converse(alice)
    word, url = "Rindfleischetikettierungsüberwachung", "https://example.org/" + "a" * 5_000
    path = show(conversation, f"{word}\n\n{url}\n\n{table(60, 3)}")
    question = conversation.active.parent
    question.html = question.text = f"{word} {url}\n" + "a line\n" * 500
    question.save()
    phone = {"width": 390, "height": 844}
    page = surf(server, alice, path, viewport=phone, bypass_csp=True)
    check(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # The composer is there, however long the messages are.
    expect(composer(page)).to_be_in_viewport()


def test_at_400_per_cent_the_reply_is_in_sight_after_sending(server, surf, alice, gateway):
    gateway.will(text="The answer.")
    path = converse(alice).get_absolute_url()
    page = surf(server, alice, path, viewport={"width": 320, "height": 256})
    send(page, "Zoomed in")
    reply = finished(page, page.locator("article[data-role=assistant]").count())
    expect(reply.get_by_text("The answer.")).to_be_in_viewport()


def test_forced_colours_lose_nothing(server, surf, alice):
    conversation = converse(alice, title="Here")
    page = surf(server, alice, conversation.get_absolute_url(), forced_colors="active")
    outline = "(e) => getComputedStyle(e).outlineStyle"
    assert page.locator("#conversations [aria-current]").evaluate(outline) == "solid"
    expect(composer(page)).to_be_focused()
    assert page.locator("#composer").evaluate(outline) == "solid"
    border = "(e) => getComputedStyle(e).borderTopStyle"
    assert page.locator(".message__text").first.evaluate(border) == "solid"


def test_a_reply_is_copied_as_rich_text_and_code_saved_to_a_file(server, surf, alice):
    path = show(converse(alice), f"**Bold**\n\n{table(2, 1)}\n\n```python\nprint(1)\n```\n\n$x^2$")
    page = surf(server, alice, path, permissions=["clipboard-read", "clipboard-write"])
    page.locator("article").last.get_by_role("link", name="Copy", exact=True).click()
    page.locator("use[href='#icon-done']").wait_for(state="attached")
    assert page.locator("#announcer").text_content() == "Copied"
    kinds = page.evaluate(
        """async () => {
            const [item] = await navigator.clipboard.read();
            const text = async (kind) => (await item.getType(kind)).text();
            return [await text("text/plain"), await text("text/html")];
        }"""
    )
    assert kinds[0].startswith("**Bold**")
    assert "<strong" in kinds[1] and "<table" in kinds[1] and "<math" in kinds[1]
    assert "code__bar" not in kinds[1]
    with page.expect_download() as download:
        page.get_by_role("button", name="Save code to a file").click()
    assert re.fullmatch(r"code-\d+\.py", download.value.suggested_filename)
    assert Path(download.value.path()).read_text() == "print(1)\n"


def test_stop_keeps_what_is_queued_and_offers_to_send_it(server, surf, alice, gateway):
    gateway.will(pieces=400, pace=0.05)
    page = surf(server, alice)
    send(page, "First")
    grown(page, 5)
    composer(page).fill("Second")
    expect(page.locator("#send")).to_have_text("Queue")
    page.get_by_role("button", name="Queue").click()
    page.locator("#queued").get_by_text("Second").wait_for()
    assert page.locator("#announcer").text_content() == "Queued"
    page.get_by_role("button", name="Stop").click()
    assert finished(page).get_attribute("data-status") == "cancelled"
    page.locator("#queued").get_by_role("button", name="Send now").wait_for()
    expect(page.locator("#send")).to_have_text("Send")
    page.wait_for_timeout(3_000)
    assert len(gateway.responses) == 1, "nothing is sent by itself, also not by the sweep"
    page.locator("#queued").get_by_role("button", name="Send now").click()
    finished(page, 2)
    assert gateway.responses[1].said == "Second"
    assert not QueuedMessage.objects.exists()


def test_a_conversation_just_begun_has_its_menu_and_the_model_is_offered_again(server, surf, alice):
    LanguageModel.objects.create(name="another-model")
    page = surf(server, alice)
    expect(page.locator(".bar [data-manage]")).to_be_hidden()
    page.get_by_label("Model", exact=True).select_option("another-model")
    send(page, "Hello")
    reply = finished(page)
    assert reply.locator(".message__model").inner_text() == "another-model"
    page.locator(".bar [data-manage]").click()
    page.locator("#manage").get_by_label("Title").wait_for()
    page.keyboard.press("Escape")
    reply.hover()
    expect(reply.locator(".message__time time")).to_have_attribute(
        "datetime", re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d")
    )
    levels = page.locator("main :is(h1, h2, h3)").evaluate_all(
        "(all) => all.filter((e) => e.checkVisibility()).map((e) => e.localName)"
    )
    assert levels[:2] == ["h1", "h2"]
    page.get_by_role("link", name="New", exact=True).click()
    page.wait_for_url(f"{server.url}/")
    assert page.get_by_label("Model", exact=True).input_value() == "another-model"


def test_the_list_keeps_its_place_and_the_current_row_in_sight(server, surf, alice):
    for number in range(80):
        Conversation.objects.create(owner=alice, title=f"c{number}")
    page = surf(server, alice)
    page.locator("[data-older]").scroll_into_view_if_needed()
    expect(page.locator("#conversations li")).to_have_count(80)
    page.get_by_role("link", name="c2", exact=True).click()
    page.locator("#conversations [aria-current]").wait_for()
    expect(page.locator("#conversations [aria-current]")).to_be_in_viewport()
    assert page.locator("#conversations").evaluate("(list) => list.scrollTop") > 200


def test_deleting_for_good_asks_first_and_archiving_can_be_undone(server, surf, alice):
    conversation = converse(alice, title="Kept")
    page = surf(server, alice, conversation.get_absolute_url())
    page.locator(".bar [data-manage]").click()
    page.locator("#manage").get_by_role("button", name="Archive").click()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator("#title")).to_have_text("Kept")
    assert Conversation.objects.get().archived_at is None
    page.locator(".bar [data-manage]").click()
    page.locator("#manage").get_by_role("button", name="Delete").click()
    page.locator(".toast").wait_for()
    page.goto("/trash/")
    page.get_by_role("link", name="Delete for good").click()
    page.get_by_text("“Kept” will be deleted for good").wait_for()
    assert Conversation.objects.exists()
    page.get_by_role("button", name="Delete for good").click()
    page.get_by_text("The trash is empty").wait_for()
    assert not Conversation.objects.exists()
