"""A printed conversation is a document: all it says, and nothing to press."""

import pytest

from conversations.rendering import render
from tests.support.review_stage import converse

pytestmark = pytest.mark.browser


def test_printing_gives_the_texts_in_dark_ink_and_nothing_to_press(server, surf, alice):
    alice.theme = "dark"
    alice.save()
    conversation = converse(alice, title="A printed title")
    page = surf(server, alice, conversation.get_absolute_url())
    page.emulate_media(media="print")
    for text in ("A printed title", "my secret", "another answer"):
        assert page.get_by_text(text).last.is_visible()
    for role in ("button", "textbox", "link", "navigation", "combobox"):
        assert [each for each in page.get_by_role(role).all() if each.is_visible()] == []
    lightness = page.locator(".prose").evaluate(
        "(prose) => parseFloat(getComputedStyle(prose).color.match(/[0-9.]+/)[0])"
    )
    assert lightness < 0.4, "dark ink, whatever the theme"
    assert page.locator("main").bounding_box()["x"] < 20


def test_a_wide_table_is_printed_to_its_last_column(server, surf, alice):
    conversation = converse(alice)
    answer = conversation.active
    names = [f"column {number}" for number in range(12)]
    rows = (names, ["-"] * 12, ["1,000,000,000"] * 12)
    answer.html = render("\n".join("|".join(("", *row, "")) for row in rows))
    answer.save()
    page = surf(
        server, alice, conversation.get_absolute_url(), viewport={"width": 680, "height": 900}
    )
    page.emulate_media(media="print")
    last = page.get_by_role("columnheader", name="column 11").bounding_box()
    assert last["x"] + last["width"] <= 680, "paper does not scroll"
