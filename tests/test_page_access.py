"""Everybody can use every page: axe-core finds nothing, the keyboard reaches everything."""

import pytest
from django.utils import timezone

from conversations.models import Conversation, Message, Response
from tests.support.accessibility import check
from tests.support.browser import composer, finished, send
from tests.support.item_samples import SAMPLES, put_items

pytestmark = pytest.mark.browser

MARKDOWN = """## A heading

A paragraph with `code`, a [link](https://example.org/) and $e^{i\\pi}$.

| a | b |
|---|---|
| 1 | 2 |

```python
def answer(n: int) -> str:
    # the comment
    return "forty" + str(n)
```

> quoted

- [x] done
"""


@pytest.fixture
def talk(alice):
    """A conversation of alice's that has every kind of turn in it."""
    from conversations.rendering import render

    conversation = Conversation.objects.create(owner=alice, title="Every kind of turn")
    parent = None
    endings = [
        {"status": "completed"},
        {"status": "incomplete", "reason": "max_output_tokens"},
        {"status": "failed", "error_code": "server", "error_message": "Boom", "http_status": 500},
        {"status": "cancelled"},
        {"status": "interrupted"},
        {"status": "completed", "refusal": "I cannot help with that."},
    ]
    for number, ending in enumerate(endings):
        parent = Message.objects.create(
            conversation=conversation, parent=parent, role="user", text="Ask", html="Ask"
        )
        # The checker looks at each word of it.
        text = MARKDOWN if number == 0 else "" if ending.get("refusal") else "An answer."
        parent = Message.objects.create(
            conversation=conversation,
            parent=parent,
            role="assistant",
            text=text,
            html=render(text),
            reasoning="First this, then that.",
        )
        Response.objects.create(
            conversation=conversation,
            message=parent,
            person_id=alice.pk,
            username=alice.username,
            model="test-model",
            input_tokens=12,
            output_tokens=1234,
            reasoning_seconds=4.2,
            request={"left_out": 2},
            **ending,
        )
        if number == 1:
            put_items(parent, [each for kind, each in SAMPLES.items() if "input_" not in kind])
        if number == len(endings) - 1:
            asked = SAMPLES["mcp_approval_request"]
            put_items(parent, [asked, {**asked, "id": "mcpr_2", "name": "drop_event"}])
    Message.objects.create(
        conversation=conversation, parent=parent.parent, role="assistant", text="Two", html="Two"
    )
    conversation.active = parent
    conversation.save()
    return conversation


def test_axe_finds_nothing_on_any_page(server, surf, alice, talk):
    message = talk.messages.filter(role="user").first()
    trashed = Conversation.objects.create(owner=alice, title="Gone", trashed_at=timezone.now())
    page = surf(server, alice, bypass_csp=True)
    addresses = [
        "/",
        talk.get_absolute_url(),
        trashed.get_absolute_url(),
        f"/conversations/{trashed.pk}/erase/",
        "/shortcuts/",
        f"/messages/{message.pk}/edit/",
        "/account/",
        "/account/sessions/",
        "/accounts/2fa/",
        "/accounts/2fa/webauthn/",
        "/accounts/email/",
        "/accounts/password/change/",
        "/accounts/logout/",
        "/nowhere/",
    ]
    for address in addresses:
        page.goto(address)
        check(page)
    stranger = surf(server, path="/accounts/login/", bypass_csp=True)
    check(stranger)
    stranger.goto("/accounts/password/reset/")
    check(stranger)
    stranger.goto("/accounts/signup/")
    check(stranger)


def test_axe_finds_nothing_with_all_that_opens(server, surf, alice, talk):
    small = {"width": 390, "height": 844}
    page = surf(server, alice, talk.get_absolute_url(), viewport=small, bypass_csp=True)
    for thinking in page.locator(".thinking summary").all()[:1]:
        thinking.click()
    page.get_by_role("button", name="Information").last.click()
    check(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Conversations").click()
    check(page)
    page.get_by_role("button", name="Alice Lindqvist").click()
    check(page)
    page.keyboard.press("Escape")
    page.get_by_role("searchbox").fill("every")
    page.locator("#found [role=status]").wait_for()
    check(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/")
    page.locator(".list__manage").first.press("Enter")
    page.get_by_role("button", name="Archive", exact=True).click()
    page.locator(".toast").wait_for()
    check(page)
    page.keyboard.press("Control+/")
    page.get_by_role("dialog").wait_for()
    check(page)


def test_nothing_is_wider_than_a_small_screen(server, surf, alice, talk):
    page = surf(server, alice, viewport={"width": 320, "height": 256})
    for address in ("/", talk.get_absolute_url(), "/account/", "/accounts/password/change/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, address
    page.goto(talk.get_absolute_url())
    for part in (".bar", ".dock"):
        position = page.locator(part).evaluate("(part) => getComputedStyle(part).position")
        assert position == "static", "zoomed to 400 %, it would hide the text"


def test_the_keyboard_reaches_everything_and_focus_is_seen(server, surf, alice):
    page = surf(server, alice)
    page.goto("/account/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "first_name"
    page.goto("/")
    send(page, "By keyboard")
    reply = finished(page)
    copy = reply.get_by_role("link", name="Copy")
    copy.focus()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert composer(page).is_visible()
