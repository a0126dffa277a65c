"""The review in a browser: a reviewer's way through it, without the script too, for everybody."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from conversations.models import Response, ReviewMark
from tests.reviewing import converse

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("script", [True, False])
def test_a_reviewer_reads_flags_and_goes_on(server, surf, alice, reviewer, script):
    first, second = converse(alice), converse(alice)
    page = surf(server, reviewer, "/review/", java_script_enabled=script)
    page.get_by_role("row").nth(1).get_by_role("link").click()
    page.get_by_label("Reason", exact=True).select_option("Quality check")
    page.get_by_label("Explanation").fill("Once a month.")
    page.get_by_label("Use this reason").check()
    page.get_by_role("button", name="Open").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Secret title"
    page.get_by_role("button", name="Flag", exact=True).click()
    page.get_by_label("Note").fill("Looks well.")
    page.get_by_role("button", name="Add the note").click()
    assert page.get_by_text("Looks well.").is_visible()
    page.locator("details.review__call summary").first.click()
    page.get_by_role("link", name="Exact input").first.click()
    assert page.get_by_text('"input"').is_visible()
    page.get_by_role("link", name="Back to the conversation").click()
    page.get_by_role("button", name="Reviewed, next").click()
    page.wait_for_url(f"**/review/{first.pk}/")
    assert page.get_by_text("my secret").is_visible()
    mark = ReviewMark.objects.get(conversation=second)
    assert mark.flagged_at and mark.reviewed_at


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing(server, surf, alice, reviewer, administrator, theme, width):
    conversation = converse(alice)
    Response.objects.filter(conversation=conversation).update(
        status="failed", error_code="connect", refusal="No."
    )
    window = {
        "color_scheme": theme,
        "viewport": {"width": width, "height": 800},
        "bypass_csp": True,
    }
    page = surf(server, reviewer, "/review/", **window)
    check(page, width)
    page.goto("/review/?person=nobody")
    check(page, width)
    page.goto(f"/review/{conversation.pk}/")
    check(page, width)
    page.get_by_label("Reason", exact=True).select_option("Other")
    page.get_by_label("Explanation").fill("Once a month.")
    page.get_by_role("button", name="Open").click()
    page.get_by_label("Note").fill("Looks well.")
    page.get_by_role("button", name="Add the note").click()
    for call in page.locator("details.review__call summary").all():
        call.click()
    check(page, width)
    page.get_by_role("link", name="Exact input").first.click()
    check(page, width)
    page = surf(server, administrator, "/review/log/", **window)
    check(page, width)
    page = surf(server, alice, "/account/", **window)
    check(page, width)


def check(page, width):
    """Nothing is wrong with the page, and it is no wider than the window."""
    found = Axe().run(page)
    assert found.violations_count == 0, (page.url, found.generate_report())
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
