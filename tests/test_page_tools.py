"""The switches of tools in a browser: they follow the model, come back, and go without a script."""

import pytest

from conversations.models import Conversation, LanguageModel
from tests.support.accessibility import check
from tests.support.browser import composer, finished, send

pytestmark = pytest.mark.browser

SEARCH = {"name": "search", "tool": {"type": "web_search"}}
CODE = {
    "name": "code",
    "label": "<b>Run</b> it",
    "tool": {"type": "code_interpreter", "container": {"type": "auto"}},
    "default": True,
}
DRAW = {"name": "draw", "tool": {"type": "image_generation"}, "default": True}


@pytest.fixture
def models(stage):
    LanguageModel.objects.filter(name="test-model").update(tools=[SEARCH, CODE])
    LanguageModel.objects.create(name="painter", tools=[SEARCH, DRAW])
    LanguageModel.objects.create(name="plain")


def state(page):
    """Label -> whether it is on, of the switches in sight."""
    boxes = page.locator("#tools label").filter(visible=True)
    return {box.inner_text(): box.locator("[name=tools]").is_checked() for box in boxes.all()}


def choose(page, model):
    page.get_by_label("Model", exact=True).select_option(model)


def sent(gateway):
    return [tool["type"] for tool in gateway.responses[-1].body.get("tools", [])]


def test_switches_follow_the_model_and_come_back(server, surf, alice, gateway, models):
    page = surf(server, alice, bypass_csp=True)
    assert state(page) == {"Search the web": False, "<b>Run</b> it": True}
    check(page)
    page.get_by_label("Search the web").check()
    choose(page, "painter")
    assert state(page) == {"Search the web": True, "Make pictures": True}
    page.get_by_label("Make pictures").uncheck()
    choose(page, "plain")
    assert state(page) == {}
    choose(page, "painter")
    composer(page).fill("A draft")
    page.wait_for_timeout(400)  # until the draft is kept
    page.reload()
    choose(page, "painter")
    assert state(page) == {"Search the web": True, "Make pictures": False}
    assert composer(page).input_value() == "A draft"
    send(page, "Look it up")
    finished(page)
    assert sent(gateway) == ["web_search"]
    page.reload()
    assert state(page) == {"Search the web": True, "Make pictures": False}
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('tools'))") == []
    # What is switched now is meant for a retry, too.
    page.get_by_label("Search the web").uncheck()
    page.get_by_label("Make pictures").check()
    page.get_by_role("button", name="Retry", exact=True).click()
    finished(page)
    page.locator("article[data-role=assistant]").get_by_text("2/2").wait_for()
    assert sent(gateway) == ["image_generation"]
    assert Conversation.objects.get().tools == ["code", "draw"]


def test_on_a_phone_and_without_the_script(server, surf, alice, gateway, models):
    size = {"width": 390, "height": 844}
    page = surf(server, alice, java_script_enabled=False, viewport=size)
    assert state(page) == {"Search the web": False, "<b>Run</b> it": True}
    page.get_by_label("Search the web").check()
    page.get_by_label("<b>Run</b> it").uncheck()
    box = page.locator("#tools").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("Write a message first.").wait_for()
    assert state(page) == {"Search the web": True, "<b>Run</b> it": False}
    composer(page).fill("Look it up")
    page.get_by_role("button", name="Send", exact=True).click()
    page.locator("article[data-status=completed][data-role=assistant]").wait_for()
    assert sent(gateway) == ["web_search"]
    assert state(page) == {"Search the web": True, "<b>Run</b> it": False}
